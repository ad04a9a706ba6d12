"""What can still be read of a rejected frame, so that it stays in its coil's ledger."""

from __future__ import annotations

import re
from collections import defaultdict

from pydantic import TypeAdapter, ValidationError

from contracts.cloudevents import Headers
from contracts.frame_codec import INTEGER_PATTERN, NAME_FIELDS, header_name, source_of
from contracts.identity import FrameIdentity, TimeNs

_FIELDS = (*NAME_FIELDS, "frame_index")
_INTEGER = re.compile(INTEGER_PATTERN)
_TIME: TypeAdapter[int] = TypeAdapter(TimeNs)


class ReadableFrame(FrameIdentity):
    """A rejected frame's identity, and its times where they can be read (else None)."""

    exposed_at_ns: TimeNs | None = None
    deadline_at_ns: TimeNs | None = None

    @property
    def identity(self) -> FrameIdentity:
        """Only the identity."""
        return FrameIdentity(
            line_id=self.line_id, coil_id=self.coil_id, camera_id=self.camera_id, frame_index=self.frame_index
        )


def readable_identity(key: bytes | None, headers: Headers | None) -> ReadableFrame | None:
    """Whose frame this is, when that can be trusted although the frame was rejected; never raises.

    It is said by four headers, by `ce_id`, and in part by `ce_source` and the key. One full statement is
    enough, but whatever can be read must agree: a frame must not enter the ledger of another coil.
    """
    texts = _texts(headers)
    stated = [identity for text in texts["ce_id"] if (identity := _from_id(text)) is not None]
    if all(len(texts[header_name(field)]) == 1 for field in _FIELDS):
        attributes = _identity([next(iter(texts[header_name(field)])) for field in _FIELDS])
        stated += [] if attributes is None else [attributes]
    if not stated or not _undisputed(stated[0], key, texts):
        return None
    times = {field: _time(texts[header_name(field)]) for field in ("exposed_at_ns", "deadline_at_ns")}
    return stated[0].model_copy(update=times)


def _texts(headers: Headers | None) -> dict[str, set[str]]:
    """Every readable text that a header is given."""
    texts: dict[str, set[str]] = defaultdict(set)
    for name, value in headers or ():
        try:
            if value is not None:
                texts[name].add(value.decode())
        except UnicodeDecodeError:
            continue
    return texts


def _identity(values: list[str]) -> ReadableFrame | None:
    *names, index = values
    if _INTEGER.fullmatch(index) is None:
        return None
    try:
        named = dict(zip(NAME_FIELDS, names, strict=True))
        return ReadableFrame.model_validate({**named, "frame_index": int(index)})
    except ValidationError:
        return None


def _from_id(ce_id: str) -> ReadableFrame | None:
    parts = ce_id.split("/")
    return _identity(parts) if len(parts) == len(_FIELDS) else None


def _undisputed(identity: FrameIdentity, key: bytes | None, texts: dict[str, set[str]]) -> bool:
    if key is not None and key != identity.key:
        return False
    expected = {header_name(field): str(getattr(identity, field)) for field in _FIELDS}
    expected |= {"ce_id": str(identity), "ce_source": source_of(identity)}
    return all(_agrees(name, text, expected[name]) for name in expected for text in texts[name])


def _agrees(name: str, text: str, expected: str) -> bool:
    """A text that cannot be what the header is for (an index of `abc`) says nothing and disputes nothing."""
    if text == expected:
        return True
    if name == "ce_id":
        return _from_id(text) is None
    if name == header_name("frame_index"):
        return _INTEGER.fullmatch(text) is None
    return not text


def _time(texts: set[str]) -> int | None:
    text = next(iter(texts)) if len(texts) == 1 else ""
    if _INTEGER.fullmatch(text) is None:
        return None
    try:
        return _TIME.validate_python(int(text))
    except ValidationError:
        return None
