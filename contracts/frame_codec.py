"""Frame header <-> Kafka headers, strictly: what cannot be trusted is rejected with its reason.

On the worker's hot path: the good case is straight-line code, and sentences are made only when one is needed.
"""

from __future__ import annotations

import re
from typing import NoReturn

from pydantic import ValidationError

from contracts.cloudevents import (
    CONTENT_TYPE,
    MAJOR,
    SPEC_VERSION,
    TRACEPARENT,
    Headers,
    clip,
    format_time,
    parse_time,
    split_type,
    type_name,
)
from contracts.frames import Encoding, FrameHeader
from contracts.identity import FrameIdentity
from contracts.rejections import FrameRejected, Reason

FRAME_KIND = "frame"
FRAME_TYPE = type_name(FRAME_KIND)
MAX_TIME_SKEW_NS = 1_000_000_000
"""How far an optional `ce_time` may lie from the exposure: SDKs write milliseconds, or when they sent it."""

NAME_FIELDS = ("line_id", "coil_id", "camera_id")
INTEGER_FIELDS = ("frame_index", "exposed_at_ns", "deadline_at_ns", "width_px", "height_px")
NUMBER_FIELDS = ("mm_per_px_across", "mm_per_px_along", "position_mm", "offset_mm")

INTEGER_PATTERN = r"0|[1-9][0-9]{0,18}"
NUMBER_PATTERN = r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?"
_INTEGER = re.compile(INTEGER_PATTERN)
_NUMBER = re.compile(NUMBER_PATTERN)
_SPEC = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}")
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"  # W3C trace context, 3.2
)


def header_name(field: str) -> str:
    """The header of a FrameHeader field: CloudEvents allows lower-case letters and digits only."""
    return CONTENT_TYPE if field == "encoding" else "ce_" + field.replace("_", "")


_NAMES = tuple((f, header_name(f)) for f in NAME_FIELDS)
_INTEGERS = tuple((f, header_name(f)) for f in INTEGER_FIELDS)
_NUMBERS = tuple((f, header_name(f)) for f in NUMBER_FIELDS if f != "offset_mm")
_ENVELOPE = ("ce_specversion", "ce_type", "ce_source", "ce_id")
REQUIRED_HEADERS = (
    *_ENVELOPE,
    CONTENT_TYPE,
    *(h for _, h in (*_NAMES, *_INTEGERS, *_NUMBERS)),
)
OPTIONAL_HEADERS = ("ce_time", "ce_offsetmm", "ce_datacontenttype")
_READ = frozenset((*REQUIRED_HEADERS, *OPTIONAL_HEADERS))
_ENCODINGS = {str(e): e for e in Encoding}
_SPEC_VERSION, _FRAME_TYPE = SPEC_VERSION.encode(), FRAME_TYPE.encode()


def source_of(identity: FrameIdentity) -> str:
    """`ce_source` of a frame: the camera."""
    return f"/lines/{identity.line_id}/cameras/{identity.camera_id}"


def frame_headers(header: FrameHeader) -> list[tuple[str, bytes]]:
    """The record's headers. Its key is `header.key`, its value the untouched image bytes."""
    headers = [
        ("ce_specversion", _SPEC_VERSION),
        ("ce_type", _FRAME_TYPE),
        ("ce_source", source_of(header).encode()),
        ("ce_id", str(header).encode()),
        ("ce_time", format_time(header.exposed_at_ns).encode()),
        (CONTENT_TYPE, header.encoding.value.encode()),
    ]
    headers += [(h, getattr(header, f).encode()) for f, h in _NAMES]
    headers += [(h, b"%d" % getattr(header, f)) for f, h in _INTEGERS]
    headers += [(h, repr(float(getattr(header, f))).encode()) for f, h in _NUMBERS]
    headers.append(("ce_offsetmm", repr(float(header.offset_mm)).encode()))
    if header.traceparent is not None:
        headers.append((TRACEPARENT, header.traceparent.encode()))
    return headers


def read_frame_header(key: bytes | None, headers: Headers | None) -> FrameHeader:
    """The header of a frame record. Headers that the contract does not name are ignored, whatever they hold.

    Raises FrameRejected. When several things are wrong, the reason is the first of:
    UNKNOWN_VERSION, or HEADER_INVALID for a `ce_type` of another kind: other headers would mean nothing;
    HEADER_NOT_UTF8; HEADER_CONTRADICTORY for a header given twice with two values;
    HEADER_MISSING: absent or null; HEADER_INVALID: not of its type or out of range;
    HEADER_CONTRADICTORY for headers that disagree with each other or with the key.
    A deadline before the exposure is no contradiction: the frame is late.
    """
    headers = headers or ()
    raw = dict(headers)
    repeated = len(raw) != len(headers)
    if repeated or raw.get("ce_type") != _FRAME_TYPE or raw.get("ce_specversion") != _SPEC_VERSION:
        _check_version(headers)
    texts = _texts(raw, headers, repeated)
    header = _parse(texts, raw.get(TRACEPARENT))
    _check_agreement(key, texts, header)
    return header


def _texts(raw: dict[str, bytes | None], headers: Headers, repeated: bool) -> dict[str, str]:
    """Header name -> text, of the headers that the contract names."""
    if repeated:
        _check_utf8(headers)
        _check_repeated(headers)
    try:
        texts = {name: value.decode() for name, value in raw.items() if name in _READ and value is not None}
    except UnicodeDecodeError:
        _check_utf8(headers)
        raise
    if any(name not in texts for name in REQUIRED_HEADERS) or any(
        raw.get(name, b"") is None for name in OPTIONAL_HEADERS
    ):
        _reject_missing(raw)
    return texts


def _parse(texts: dict[str, str], traceparent: bytes | None) -> FrameHeader:
    values: dict[str, object] = {field: texts[name] for field, name in _NAMES}
    for field, name in _INTEGERS:
        text = texts[name]
        if _INTEGER.fullmatch(text) is None:
            _reject_invalid(name, text, "must be a whole number in decimal digits")
        values[field] = int(text)
    for field, name in _NUMBERS:
        values[field] = _number(name, texts[name])
    if "ce_offsetmm" in texts:
        values["offset_mm"] = _number("ce_offsetmm", texts["ce_offsetmm"])
    values["encoding"] = _encoding(CONTENT_TYPE, texts[CONTENT_TYPE])
    values["traceparent"] = _trace(traceparent)
    try:
        return FrameHeader.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = header_name(str(first["loc"][0]))
        _reject_invalid(name, texts[name], first["msg"])


def _number(name: str, text: str) -> float:
    if _NUMBER.fullmatch(text) is None:
        _reject_invalid(name, text, "must be a decimal number")
    return float(text)


def _encoding(name: str, text: str) -> Encoding:
    encoding = _ENCODINGS.get(text) or _ENCODINGS.get(text.partition(";")[0].strip().lower())
    if encoding is None:
        _reject_invalid(name, text, f"must be one of {', '.join(_ENCODINGS)}")
    return encoding


def _trace(value: bytes | None) -> str | None:
    """W3C trace context says to ignore what cannot be parsed: no frame is lost for its trace."""
    text = value.decode("ascii", "replace") if value is not None else ""
    return text if _TRACEPARENT.fullmatch(text) else None


def _check_agreement(key: bytes | None, texts: dict[str, str], header: FrameHeader) -> None:
    if key != header.key:
        _reject_contradictory(f"key is {_shown(key)}, the headers make it {_shown(header.key)}")
    if texts["ce_id"] != str(header):
        _reject_contradictory(f"ce_id is {_shown(texts['ce_id'])}, the other headers make it '{header}'")
    if texts["ce_source"] != source_of(header):
        source = _shown(texts["ce_source"])
        _reject_contradictory(f"ce_source is {source}, the other headers make it '{source_of(header)}'")
    if "ce_datacontenttype" in texts:
        other = _encoding("ce_datacontenttype", texts["ce_datacontenttype"])
        if other is not header.encoding:
            _reject_contradictory(f"content-type is {header.encoding}, ce_datacontenttype is {other}")
    if "ce_time" in texts and texts["ce_time"] != format_time(header.exposed_at_ns):
        _check_time(texts["ce_time"], header.exposed_at_ns)


def _check_time(text: str, exposed_at_ns: int) -> None:
    try:
        at_ns = parse_time(text)
    except ValueError:
        _reject_invalid("ce_time", text, "must be an RFC 3339 time")
    if abs(at_ns - exposed_at_ns) > MAX_TIME_SKEW_NS:
        exposed = format_time(exposed_at_ns)
        _reject_contradictory(
            f"ce_time is {_shown(text)}, more than 1 s from ce_exposedatns, which is {exposed}"
        )


def _check_version(headers: Headers) -> None:
    """Refuse another kind or version; what is absent, null, not UTF-8 or given twice is for later checks."""
    spec_version = _only_text(headers, "ce_specversion")
    if spec_version is not None and spec_version != SPEC_VERSION:
        if _SPEC.fullmatch(spec_version):
            raise FrameRejected(
                Reason.UNKNOWN_VERSION, f"ce_specversion is {spec_version}, known is {SPEC_VERSION}"
            )
        _reject_invalid("ce_specversion", spec_version, f"must be {SPEC_VERSION}")
    ce_type = _only_text(headers, "ce_type")
    if ce_type is not None and ce_type != FRAME_TYPE:
        kind, major = split_type(ce_type) or ("", MAJOR)
        if kind == FRAME_KIND and major != MAJOR:
            raise FrameRejected(Reason.UNKNOWN_VERSION, f"ce_type is {ce_type}, known is {FRAME_TYPE}")
        _reject_invalid("ce_type", ce_type, f"must be {FRAME_TYPE}")


def _only_text(headers: Headers, name: str) -> str | None:
    values = {value for found, value in headers if found == name}
    value = values.pop() if len(values) == 1 else None
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def _check_repeated(headers: Headers) -> None:
    first: dict[str, bytes | None] = {}
    for name, value in headers:
        if name in _READ and first.setdefault(name, value) != value:
            _reject_contradictory(f"{name} is given twice: {_shown(first[name])} and {_shown(value)}")


def _check_utf8(headers: Headers) -> None:
    for name, value in headers:
        if name in _READ and value is not None:
            try:
                value.decode()
            except UnicodeDecodeError as error:
                detail = f"{name} is not UTF-8: {error.reason} at byte {error.start} of {len(value)}"
                raise FrameRejected(Reason.HEADER_NOT_UTF8, detail) from None


def _reject_missing(raw: dict[str, bytes | None]) -> NoReturn:
    absent = [name for name in REQUIRED_HEADERS if name not in raw]
    null = [name for name in (*REQUIRED_HEADERS, *OPTIONAL_HEADERS) if raw.get(name, b"") is None]
    parts = [f"{word}: {', '.join(names)}" for word, names in (("absent", absent), ("null", null)) if names]
    raise FrameRejected(Reason.HEADER_MISSING, "; ".join(parts))


def _reject_invalid(name: str, text: str, why: str) -> NoReturn:
    raise FrameRejected(Reason.HEADER_INVALID, f"{name} is {_shown(text)}: {why}")


def _reject_contradictory(detail: str) -> NoReturn:
    raise FrameRejected(Reason.HEADER_CONTRADICTORY, detail)


def _shown(value: bytes | str | None) -> str:
    if value is None:
        return "null"
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
    return repr(clip(text, 80))
