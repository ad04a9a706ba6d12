"""Coils as a line, its workers and its tracker leave them in the topics."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from confluent_kafka import Producer

from consumer.coils.grading.grade import grade
from consumer.coils.grading.rules import load_rules
from consumer.coils.ledger.state import CoilRecord, CoilState
from consumer.coils.report import build_report, facts
from contracts.codec import encode
from contracts.message_codec import CoilRecord as AnyRecord
from contracts.reports import Closing, CoilLane, CoilReport, RollMark
from contracts.topics import producer_properties, topic
from tests.support.coils import CoilScript, Spot


def scratched(coil_id: str, *spots: Spot, frames: int = 4) -> list[CoilRecord]:
    """A whole coil of 100 x 100 mm frames with these defects, the first frame's record first."""
    coil = CoilScript(coil_id=coil_id)
    records: list[CoilRecord] = [coil.started()]
    for index in range(frames):
        here = [spot for spot in spots if _reaches(spot, index, coil.pitch_mm)]
        records += coil.defective(index, *here) if here else [coil.clean(index)]
    return [*records, coil.ended(frames)]


def report_of(
    records: Iterable[CoilRecord],
    rules: Path | None = None,
    marks: tuple[RollMark, ...] = (),
    lanes: tuple[CoilLane, ...] = (),
) -> CoilReport:
    """What the tracker would report of these records by these rules, ten seconds after the coil's end."""
    listed = list(records)
    state = CoilState(listed[0].coil_id)
    for record in listed:
        state.add(record, seen_at_ns=0)
    known = facts(state, Closing.COMPLETE, marks, lanes)
    ended_at_ns = 0 if state.ended is None else state.ended.ended_at_ns
    by = load_rules(rules)
    return build_report(
        state,
        known,
        grade(known, by),
        now_ns=ended_at_ns + 10_000_000_000,
        version=1,
        rules_version=by.version,
    )


def write(bootstrap_servers: str, prefix: str, records: Iterable[AnyRecord]) -> None:
    """Write them all, each where it belongs."""
    producer = Producer({"bootstrap.servers": bootstrap_servers, **producer_properties(), "linger.ms": 5})
    for record in records:
        put(producer, prefix, record)
    assert producer.flush(20) == 0


def put(producer: Producer, prefix: str, record: AnyRecord) -> None:
    """Hand one to a producer."""
    encoded = encode(record)
    producer.produce(
        topic(encoded.topic, prefix), key=encoded.key, value=encoded.value, headers=encoded.headers
    )


def _reaches(spot: Spot, index: int, pitch_mm: float) -> bool:
    return spot.along_min_mm < (index + 1) * pitch_mm and spot.along_max_mm > index * pitch_mm
