"""Whatever the contract allows, the tracker's core takes: no record may stop it for ever."""

from __future__ import annotations

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from consumer.coils.closing import ClosingPolicy, closing
from consumer.coils.grading.grade import grade
from consumer.coils.grading.rules import load_rules
from consumer.coils.ledger.state import CoilRecord, CoilState
from consumer.coils.merging.regions import sightings_of
from consumer.coils.report import build_report, facts
from contracts.identity import MAX_TIME_NS
from contracts.message_codec import decode, encode
from contracts.reports import Closing
from contracts.results import Fate
from tests.support.coils import CoilScript
from tests.support.message_strategies import coils_ended, coils_started, defect_events, inspections

RULES = load_rules()
few_cameras = st.sampled_from(["a", "b"])
records = inspections | defect_events | coils_started | coils_ended
coils = st.lists(st.tuples(records, few_cameras, st.integers(0, 3) | st.none()), max_size=8)


def of_one_coil(record: CoilRecord, camera_id: str, frame_index: int | None) -> CoilRecord:
    """As drawn, but of the same coil, and some of the same frames."""
    changes: dict[str, object] = {"coil_id": "C1", "line_id": "line-1"}
    if "frame_index" in type(record).model_fields:
        changes |= {"camera_id": camera_id} | ({} if frame_index is None else {"frame_index": frame_index})
    return record.model_copy(update=changes)


def reported(state: CoilState, now_ns: int) -> None:
    because = closing(state, now_ns, ClosingPolicy()) or Closing.SETTLED
    known = facts(state, because, (), ())
    report = build_report(
        state, known, grade(known, RULES), now_ns=now_ns, version=1, rules_version=RULES.version
    )
    encoded = encode(report)
    assert decode(encoded.headers, encoded.value) == report


@given(coils, st.integers(0, MAX_TIME_NS))
@settings(max_examples=150, phases=[Phase.reuse, Phase.generate])  # shrinking eight messages takes minutes
def test_any_records_make_a_report(drawn: list[tuple[CoilRecord, str, int | None]], now_ns: int) -> None:
    state = CoilState("C1")
    for number, (record, camera_id, frame_index) in enumerate(drawn):
        state.add(of_one_coil(record, camera_id, frame_index), seen_at_ns=number)
    state.take_sightings()
    sightings_of(state.defects())
    if drawn:
        reported(state, now_ns)


def test_the_last_index_and_the_last_time_that_the_contract_has() -> None:
    coil, state = CoilScript(), CoilState("C1")
    state.add(coil.inspection(0).model_copy(update={"frame_index": 2**53 - 1}), seen_at_ns=MAX_TIME_NS)
    state.add(coil.started(started_at_ns=MAX_TIME_NS), seen_at_ns=MAX_TIME_NS)
    assert state.deadline_at_ns == MAX_TIME_NS
    reported(state, MAX_TIME_NS)
    state = CoilState("C1")
    state.add(
        coil.inspection(0, Fate.DEAD_LETTERED, exposed_at_ns=None, deadline_at_ns=None),
        seen_at_ns=MAX_TIME_NS,
    )
    assert state.deadline_at_ns == MAX_TIME_NS
    reported(state, MAX_TIME_NS)


def test_a_region_lies_within_its_frame_whatever_it_says() -> None:
    coil, state = CoilScript(), CoilState("C1")
    wild = {
        "along_min_mm": -1.7e308,
        "along_max_mm": 1.7e308,
        "across_min_mm": -1e308,
        "across_max_mm": 1.7e308,
    }
    drawn = coil.region_of(3, np.ones((100, 100), np.bool_), 1)
    drawn = drawn.model_copy(update={"area_mm2": 1.7e308, "box_mm": drawn.box_mm.model_copy(update=wild)})
    state.add(coil.event_of(1, (drawn, drawn)), seen_at_ns=1)
    (one, two) = state.defects()
    assert one == two
    assert (one.along_min_mm, one.along_max_mm, one.across_min_mm, one.across_max_mm) == (
        100.0,
        200.0,
        0.0,
        100.0,
    )
    assert one.area_mm2 == 1e4
