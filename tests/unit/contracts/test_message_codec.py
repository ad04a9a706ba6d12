"""JSON messages: what is encoded is decoded, and what cannot be trusted is rejected with its reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import Encoded, Headers, MessageFault, MessageRejected, decode, encode, frame_headers
from contracts.message_codec import CoilRecord
from contracts.topics import ALARMS, COIL_EVENTS, COIL_REPORTS, DEFECTS, INSPECTIONS
from tests.support.message_strategies import json_messages
from tests.support.messages import FRAME_HEADER, MESSAGES

ENCODED = {name: encode(message) for name, message in MESSAGES.items()}
INSPECTION = ENCODED["inspection-clean"]


def bent(encoded: Encoded, **fields: Any) -> bytes:
    return json.dumps(json.loads(encoded.value) | fields).encode()


def with_headers(**values: bytes | None) -> list[tuple[str, bytes | None]]:
    named = {name.replace("content_type", "content-type"): value for name, value in values.items()}
    return [(name, named.get(name, value)) for name, value in INSPECTION.headers]


@pytest.mark.parametrize("name", MESSAGES)
def test_what_is_encoded_is_decoded(name: str) -> None:
    assert decode(ENCODED[name].headers, ENCODED[name].value) == MESSAGES[name]


@given(json_messages)
def test_any_message_that_is_encoded_is_decoded(message: CoilRecord) -> None:
    encoded = encode(message)
    assert decode(encoded.headers, encoded.value) == message


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("inspection-clean", INSPECTIONS),
        ("defect-event", DEFECTS),
        ("coil-started", COIL_EVENTS),
        ("coil-ended", COIL_EVENTS),
        ("coil-report", COIL_REPORTS),
        ("alarm", ALARMS),
    ],
)
def test_each_goes_to_its_topic_under_its_coil(name: str, topic: str) -> None:
    assert ENCODED[name].topic == topic
    assert ENCODED[name].key == MESSAGES[name].coil_id.encode()


def test_source_and_id_tell_every_event_from_every_other() -> None:
    duplicate = MESSAGES["inspection-clean"].model_copy(
        update={"source": MESSAGES["inspection-clean"].source.model_copy(update={"offset": 9})}  # type: ignore[union-attr]
    )
    segmented_later = MESSAGES["inspection-unsegmented"]
    later = MESSAGES["alarm"].model_copy(update={"changed_at_ns": MESSAGES["alarm"].changed_at_ns + 1})  # type: ignore[union-attr]
    distinct = [m for name, m in MESSAGES.items() if not name.startswith("inspection-")]
    distinct += [MESSAGES["inspection-clean"], segmented_later, duplicate, later]  # type: ignore[list-item]
    seen = {(h["ce_source"], h["ce_id"]) for h in (dict(encode(m).headers) for m in distinct)}
    assert len(seen) == len(distinct)


@pytest.mark.parametrize("name", ["inspection-clean", "defect-event"])
def test_a_frames_trace_travels_in_a_header_and_not_in_the_value(name: str) -> None:
    trace = FRAME_HEADER.traceparent
    assert trace is not None
    traced = encode(MESSAGES[name], traceparent=trace)
    assert traced.value == ENCODED[name].value
    assert traced.headers == [*ENCODED[name].headers, ("ce_traceparent", trace.encode())]
    assert decode(traced.headers, traced.value) == MESSAGES[name]


def test_fields_of_tomorrow_are_dropped() -> None:
    value = bent(INSPECTION, operator="Ada", source={"topic": "t", "partition": 0, "offset": 1, "epoch": 7})
    message = decode([*INSPECTION.headers, ("ce_tomorrow", b"\xff")], value)
    assert "operator" not in message.model_dump()


def test_a_charset_beside_the_content_type_is_accepted() -> None:
    headers = with_headers(content_type=b"application/json; charset=utf-8")
    assert decode(headers, INSPECTION.value) == MESSAGES["inspection-clean"]


@pytest.mark.parametrize(
    ("headers", "reason", "detail"),
    [
        (None, MessageFault.MALFORMED, "ce_specversion is absent"),
        ([], MessageFault.MALFORMED, "ce_specversion is absent"),
        (with_headers(ce_type=None), MessageFault.MALFORMED, "ce_type is null"),
        (with_headers(ce_type=b"\xff"), MessageFault.MALFORMED, "ce_type is not UTF-8"),
        (
            with_headers(ce_type=b"coilwatch.inspection.v2"),
            MessageFault.UNKNOWN_VERSION,
            "known is coilwatch",
        ),
        (with_headers(ce_type=b"coilwatch.verdict.v1"), MessageFault.UNKNOWN_TYPE, "coilwatch.verdict.v1"),
        (with_headers(ce_type=b"com.example.thing"), MessageFault.UNKNOWN_TYPE, "com.example.thing"),
        (with_headers(ce_type=b""), MessageFault.UNKNOWN_TYPE, "ce_type is ''"),
        (with_headers(ce_specversion=b"2.0"), MessageFault.UNKNOWN_VERSION, "ce_specversion is '2.0'"),
        (with_headers(content_type=b"application/avro"), MessageFault.MALFORMED, "application/avro"),
        (
            [*INSPECTION.headers, ("ce_type", b"coilwatch.alarm.v1")],
            MessageFault.MALFORMED,
            "ce_type is given twice",
        ),
        (list(frame_headers(FRAME_HEADER)), MessageFault.UNKNOWN_TYPE, "coilwatch.frame.v1"),
    ],
)
def test_headers_that_say_what_it_is_not(headers: Headers | None, reason: MessageFault, detail: str) -> None:
    with pytest.raises(MessageRejected) as caught:
        decode(headers, INSPECTION.value)
    assert caught.value.reason is reason
    assert detail in caught.value.detail


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        pytest.param(None, "the value is null", id="tombstone"),
        pytest.param(b"", "Invalid JSON", id="empty"),
        pytest.param(b"\xff\xd8\xff\xe0", "Invalid JSON", id="an image"),
        pytest.param(b"[]", "Input should be an object", id="no object"),
        pytest.param(b"{", "Invalid JSON", id="cut"),
        pytest.param(b"[" * 100_000, "Invalid JSON", id="deep"),
        pytest.param(b"{}", "Field required", id="nothing in it"),
        pytest.param(bent(INSPECTION, frame_index="7"), "frame_index", id="a number as text"),
        pytest.param(bent(INSPECTION, frame_index=-1), "frame_index", id="out of range"),
        pytest.param(bent(INSPECTION, frame_index=True), "frame_index", id="a truth value as number"),
        pytest.param(bent(INSPECTION, gate_score=float("nan")), "gate_score", id="NaN"),
        pytest.param(bent(INSPECTION, fate="lost"), "fate", id="an unknown fate"),
        pytest.param(bent(INSPECTION, reason="corrupt_image"), "has no reason", id="fields that do not fit"),
        pytest.param(bent(INSPECTION, coil_id="a/b"), "coil_id", id="a name with a slash"),
    ],
)
def test_values_outside_the_contract(value: bytes | None, detail: str) -> None:
    with pytest.raises(MessageRejected) as caught:
        decode(INSPECTION.headers, value)
    assert caught.value.reason is MessageFault.MALFORMED
    assert detail in caught.value.detail
    assert len(caught.value.detail) <= 500


@given(st.binary(max_size=200))
def test_no_value_does_worse_than_be_rejected(value: bytes) -> None:
    with pytest.raises(MessageRejected):
        decode(INSPECTION.headers, value)
