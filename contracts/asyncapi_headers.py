"""JSON schemas of records' headers: every value is text, so numbers are patterns, their range in words."""

from __future__ import annotations

from typing import Any

from contracts.cloudevents import (
    CONTENT_TYPE,
    JSON_CONTENT_TYPE,
    SPEC_VERSION,
    TRACEPARENT,
    type_name,
)
from contracts.dead_letters import DEAD_LETTER_HEADERS
from contracts.frame_codec import FRAME_TYPE, INTEGER_PATTERN, NUMBER_PATTERN, REQUIRED_HEADERS, header_name
from contracts.frames import FrameHeader
from contracts.message_codec import Kind
from contracts.results import DeadLetter, RecordId

Object = dict[str, Any]

_RANGE = (("exclusiveMinimum", ">"), ("minimum", ">="), ("maximum", "<="))


def frame_headers_schema() -> Object:
    """Headers of a frame record: envelope, extension attributes, content type."""
    schema = FrameHeader.model_json_schema()
    fields = {header_name(name): _as_text(part, schema) for name, part in schema["properties"].items()}
    envelope = _envelope(
        FRAME_TYPE,
        source="/lines/LINE/cameras/CAMERA",
        event_id="LINE/COIL/CAMERA/FRAME_INDEX: the frame's identity",
        time="The exposure; within 1 s of ce_exposedatns when given",
    )
    return _object({**envelope, **fields}, required=list(REQUIRED_HEADERS))


def envelope_schema(kind: Kind) -> Object:
    """Headers of a message whose value is JSON."""
    envelope = _envelope(
        type_name(kind.kind),
        source=f"/lines/LINE/{kind.source}",
        event_id="Unique within its source; the same message always has the same",
        time="When it happened",
    )
    content_type = {"type": "string", "pattern": f"^{JSON_CONTENT_TYPE}(;|$)"}
    trace = {"type": "string", "maxLength": 55, "description": "W3C trace context, as the frame has it"}
    return _object(
        {**envelope, CONTENT_TYPE: content_type, **({TRACEPARENT: trace} if kind.traced else {})},
        required=["ce_specversion", "ce_type", CONTENT_TYPE],
    )


def dead_letter_headers_schema() -> Object:
    """Headers that a dead letter adds to the rejected record's own, which may be anything."""
    letter, record = DeadLetter.model_json_schema(), RecordId.model_json_schema()
    parts = {
        f"dl_{name}": _as_text(part, letter)
        for name, part in letter["properties"].items()
        if name != "source"
    }
    parts |= {f"dl_source_{name}": _as_text(part, record) for name, part in record["properties"].items()}
    return _object({name: parts[name] for name in DEAD_LETTER_HEADERS}, required=list(DEAD_LETTER_HEADERS))


def _envelope(ce_type: str, *, source: str, event_id: str, time: str) -> Object:
    return {
        "ce_specversion": {"type": "string", "const": SPEC_VERSION},
        "ce_type": {"type": "string", "const": ce_type},
        "ce_source": {"type": "string", "minLength": 1, "description": source},
        "ce_id": {"type": "string", "minLength": 1, "description": event_id},
        "ce_time": {"type": "string", "format": "date-time", "description": time},
    }


def _object(properties: Object, *, required: list[str]) -> Object:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": True}


def _as_text(part: Object, schema: Object) -> Object:
    part = _resolved(part, schema)
    text: Object = {"type": "string"}
    if part["type"] == "string":
        text |= {key: part[key] for key in ("pattern", "enum", "maxLength") if key in part}
    else:
        text["pattern"] = f"^(?:{INTEGER_PATTERN if part['type'] == 'integer' else NUMBER_PATTERN})$"
    described = _described(part)
    return text | ({"description": described} if described else {})


def _resolved(part: Object, schema: Object) -> Object:
    """Through `$ref` and `X | None`: an absent header is the null. What stands beside them is kept."""
    beside = {key: part[key] for key in ("description", "default") if part.get(key) is not None}
    if "anyOf" in part:
        part = next(option for option in part["anyOf"] if option.get("type") != "null")
    if "$ref" in part:
        part = schema["$defs"][part["$ref"].rpartition("/")[2]]
    return {**part, **beside}


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def _described(part: Object) -> str:
    ranges = (
        []
        if part["type"] == "string"
        else [f"{sign} {_plain(part[key])}" for key, sign in _RANGE if key in part]
    )
    words = [] if part["type"] == "string" else [f"A decimal {part['type']} {' and '.join(ranges)}".rstrip()]
    default = [f"Default {part['default']}"] if "default" in part else []
    return ". ".join([*([part["description"]] if "description" in part else []), *words, *default])
