"""Every message but the frame: a JSON value, keyed by `coil_id`, with CloudEvents headers."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from contracts import topics
from contracts.alarms import Alarm
from contracts.cloudevents import (
    CONTENT_TYPE,
    JSON_CONTENT_TYPE,
    MAJOR,
    SPEC_VERSION,
    TRACEPARENT,
    Headers,
    clip,
    format_time,
    split_type,
    type_name,
)
from contracts.coils import CoilEnded, CoilStarted
from contracts.rejections import MessageFault, MessageRejected
from contracts.reports import CoilReport
from contracts.results import DefectEvent, Inspection, RecordId

CoilRecord = Inspection | DefectEvent | CoilStarted | CoilEnded | CoilReport | Alarm
"""Any message that travels as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A record ready to be produced."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How one message travels."""

    kind: str
    message: type[CoilRecord]
    topic: str
    source: str
    """`ce_source` is `/lines/LINE/SOURCE`: who says it. One for each kind, so that source + id is unique."""
    traced: bool = False
    """Whether it is about one frame, and passes on its trace."""


KINDS = (
    Kind(kind="inspection", message=Inspection, topic=topics.INSPECTIONS, source="inspections", traced=True),
    Kind(kind="defect-event", message=DefectEvent, topic=topics.DEFECTS, source="defects", traced=True),
    Kind(kind="coil-started", message=CoilStarted, topic=topics.COIL_EVENTS, source="control/started"),
    Kind(kind="coil-ended", message=CoilEnded, topic=topics.COIL_EVENTS, source="control/ended"),
    Kind(kind="coil-report", message=CoilReport, topic=topics.COIL_REPORTS, source="reports"),
    Kind(kind="alarm", message=Alarm, topic=topics.ALARMS, source="alarms"),
)
_BY_MESSAGE = {k.message: (k, type_name(k.kind).encode()) for k in KINDS}
_BY_NAME = {k.kind: k for k in KINDS}
_BY_TYPE = {type_name(k.kind).encode(): k for k in KINDS}
_SPEC_VERSION, _JSON = SPEC_VERSION.encode(), JSON_CONTENT_TYPE.encode()


def encode(message: CoilRecord, *, traceparent: str | None = None) -> Encoded:
    """The record of a message. The same message always gives the same bytes, id and headers.

    `traceparent` is that of the frame which the message is about: it travels beside it, in a header.
    """
    kind, ce_type = _BY_MESSAGE[type(message)]
    event_id, at_ns = _id_and_time(message)
    trace = [] if traceparent is None else [(TRACEPARENT, traceparent.encode())]
    return Encoded(
        topic=kind.topic,
        key=message.coil_id.encode(),
        value=message.model_dump_json().encode(),
        headers=[
            ("ce_specversion", _SPEC_VERSION),
            ("ce_type", ce_type),
            ("ce_source", f"/lines/{message.line_id}/{kind.source}".encode()),
            ("ce_id", event_id.encode()),
            ("ce_time", format_time(at_ns).encode()),
            (CONTENT_TYPE, _JSON),
            *trace,
        ],
    )


def decode(headers: Headers | None, value: bytes | None) -> CoilRecord:
    """The message of a record. Fields that the contract does not name are dropped.

    Raises MessageRejected: UNKNOWN_TYPE (not one of ours, or a frame), UNKNOWN_VERSION (another major),
    MALFORMED (headers absent, null, not UTF-8 or given twice with two values; no JSON; a value outside the
    contract; null, as a compacted topic's tombstone is).
    """
    kind = _kind(headers or ())
    if value is None:
        raise MessageRejected(MessageFault.MALFORMED, f"{kind.kind}: the value is null")
    try:
        return kind.message.model_validate_json(value, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "value"
        detail = clip(f"{kind.kind}: {where}: {first['msg']}")
        raise MessageRejected(MessageFault.MALFORMED, detail) from None


def _id_and_time(message: CoilRecord) -> tuple[str, int]:
    """`ce_id`, unique within its source, and `ce_time`, from the message alone: a replay gives the same."""
    match message:
        case Inspection():
            # The fate, because a frame that was unsegmented may be segmented later, and said again.
            return f"{message}@{_place(message.source)}/{message.fate}", message.inspected_at_ns
        case DefectEvent():
            return f"{message}@{_place(message.source)}", message.inspected_at_ns
        case CoilStarted():
            return f"{message.coil_id}", message.started_at_ns
        case CoilEnded():
            return f"{message.coil_id}", message.ended_at_ns
        case CoilReport():
            return f"{message.coil_id}/{message.report_version}", message.reported_at_ns
        case Alarm():
            return f"{message.coil_id}/{message.alarm_id}/{message.changed_at_ns}", message.changed_at_ns


def _place(record: RecordId) -> str:
    """Where the frame lies: a duplicate has the same identity, and lies elsewhere."""
    return f"{record.topic}/{record.partition}/{record.offset}"


def _kind(headers: Headers) -> Kind:
    found = {
        name: {value for n, value in headers if n == name}
        for name in ("ce_specversion", "ce_type", CONTENT_TYPE)
    }
    if found == {"ce_specversion": {_SPEC_VERSION}, "ce_type": found["ce_type"], CONTENT_TYPE: {_JSON}}:
        known = _BY_TYPE.get(next(iter(found["ce_type"])) or b"") if len(found["ce_type"]) == 1 else None
        if known is not None:
            return known
    return _judge({name: _only_text(name, values) for name, values in found.items()})


def _only_text(name: str, values: set[bytes | None]) -> str:
    if len(values) != 1:
        detail = f"{name} is given twice with two values" if values else f"{name} is absent"
        raise MessageRejected(MessageFault.MALFORMED, detail)
    value = next(iter(values))
    if value is None:
        raise MessageRejected(MessageFault.MALFORMED, f"{name} is null")
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise MessageRejected(MessageFault.MALFORMED, f"{name} is not UTF-8") from None


def _judge(texts: dict[str, str]) -> Kind:
    ce_type, spec_version, content_type = (
        clip(texts[n], 80) for n in ("ce_type", "ce_specversion", CONTENT_TYPE)
    )
    kind, major = split_type(ce_type) or ("", MAJOR)
    if kind not in _BY_NAME:
        raise MessageRejected(
            MessageFault.UNKNOWN_TYPE, f"ce_type is '{ce_type}', known are {', '.join(_BY_NAME)}"
        )
    if major != MAJOR:
        raise MessageRejected(
            MessageFault.UNKNOWN_VERSION, f"ce_type is {ce_type}, known is {type_name(kind)}"
        )
    if spec_version != SPEC_VERSION:
        raise MessageRejected(
            MessageFault.UNKNOWN_VERSION, f"ce_specversion is '{spec_version}', known is {SPEC_VERSION}"
        )
    if content_type.partition(";")[0].strip().lower() != JSON_CONTENT_TYPE:
        raise MessageRejected(
            MessageFault.MALFORMED, f"content-type is '{content_type}', must be {JSON_CONTENT_TYPE}"
        )
    return _BY_NAME[kind]
