"""Whatever the order of a coil's records, however often they come: the ledger sums, the report is one."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.coils.closing import ClosingPolicy, closing
from consumer.coils.grading.grade import Grade
from consumer.coils.ledger.state import CoilRecord, CoilState
from consumer.coils.report import build_report, facts
from contracts.reports import Closing, CoilReport, Verdict
from contracts.results import Fate
from tests.support.coils import STARTED_AT_NS, CoilScript, Spot, source_at

CAMERAS = {"a": 0.0, "b": 100.0, "c": 180.0}
"""a and b abut, b and c overlap."""

_sides, _lengths = st.integers(0, 9), st.integers(1, 10)
spots = st.tuples(st.integers(1, 2), _sides, _lengths, _sides, _lengths)
"""Class; first row and rows, first column and columns, in tens of pixels. What reaches beyond is cut off."""


@st.composite
def _frame_records(draw: st.DrawFn, coil: CoilScript, camera_id: str, index: int) -> list[CoilRecord]:
    """What came of one frame: of up to three sources, each with up to three inspections and two events."""
    records: list[CoilRecord] = []
    for offset in draw(st.lists(st.integers(0, 9), max_size=3, unique=True)):
        source = source_at(offset * 100 + index)
        for fate in draw(st.lists(st.sampled_from(Fate), max_size=3)):
            changes = {"inspected_at_ns": draw(st.integers(5, 8))}
            records.append(coil.inspection(index, fate, camera_id=camera_id, source=source, **changes))
        for place in draw(st.lists(st.lists(spots, max_size=3), max_size=2)):
            event = coil.event(
                index,
                *(_placed(spot, index, CAMERAS[camera_id]) for spot in place),
                camera_id=camera_id, source=source, inspected_at_ns=draw(st.integers(5, 6)),
            )  # fmt: skip
            records.append(event)
    return records


def _placed(spot: tuple[int, int, int, int, int], index: int, offset_mm: float) -> Spot:
    class_id, row, rows, col, cols = spot
    along_mm, across_mm = (index * 10 + row) * 10.0, offset_mm + col * 10
    return Spot(class_id, along_mm, along_mm + rows * 10, across_mm, across_mm + cols * 10)


@st.composite
def coils(draw: st.DrawFn) -> list[CoilRecord]:
    """All records of a coil, with whatever can be odd about it."""
    coil = CoilScript(cameras=CAMERAS)
    records: list[CoilRecord] = []
    for camera_id in draw(st.lists(st.sampled_from(sorted(CAMERAS)), max_size=3, unique=True)):
        for index in draw(st.lists(st.integers(0, 5), max_size=4, unique=True)):
            records += draw(_frame_records(coil, camera_id, index))
    ends = st.dictionaries(st.sampled_from(["a", "b", "c", "x"]), st.integers(0, 7), max_size=4)
    for frames in draw(st.lists(ends, max_size=3)):
        records.append(coil.ended(frames, ended_at_ns=STARTED_AT_NS + draw(st.integers(0, 2))))
    for budget_s in draw(st.lists(st.sampled_from([100.0, 300.0]), max_size=3)):
        line_id = draw(st.sampled_from(["line-1", "line-2"]))
        started_at_ns = STARTED_AT_NS + draw(st.integers(0, 2))
        records.append(coil.started(budget_s=budget_s, line_id=line_id, started_at_ns=started_at_ns))
    for line_id in draw(st.lists(st.sampled_from(["line-2", "line-3"]), max_size=3)):
        records.append(CoilScript(line_id=line_id, cameras=CAMERAS).clean(draw(st.integers(0, 3))))
    return records


def built(records: Sequence[tuple[int, CoilRecord]]) -> CoilState:
    state = CoilState("C1")
    for seen_at_ns, record in records:
        state.add(record, seen_at_ns=seen_at_ns)
    return state


def report(state: CoilState) -> CoilReport:
    now_ns = STARTED_AT_NS + 10**12
    known = facts(state, closing(state, now_ns, ClosingPolicy()) or Closing.SETTLED, (), ())
    release = Grade(verdict=Verdict.RELEASE, findings=())
    return build_report(state, known, release, now_ns=now_ns, version=1, rules_version="r1")


def told(state: CoilState) -> tuple[object, ...]:
    """All else that the tracker asks it."""
    return (
        state.outstanding, state.unsegmented, state.whole, state.received, state.first_seen_at_ns,
        state.last_seen_at_ns, state.class_names, state.defects(), sorted(map(repr, state.sightings())),
    )  # fmt: skip


@given(coils(), st.randoms(use_true_random=False))
@settings(max_examples=70)
def test_the_report_is_a_function_of_the_set_of_records(
    records: list[CoilRecord], rng: random.Random
) -> None:
    seen = [(STARTED_AT_NS + number, record) for number, record in enumerate(records)]
    if not seen:
        return
    once = built(seen)
    shuffled = built(rng.sample(seen, len(seen)))
    twice = built(rng.sample(seen * 2, 2 * len(seen)))
    assert report(once) == report(shuffled) == report(twice)
    assert told(once) == told(shuffled) == told(twice)


@given(coils())
@settings(max_examples=70)
def test_the_ledger_sums_after_every_record(records: list[CoilRecord]) -> None:
    """`CameraLedger` refuses one that does not, and a camera's book one that its frames do not make."""
    state = CoilState("C1")
    for number, record in enumerate(records):
        state.add(record, seen_at_ns=number)
        ledgers = state.ledger().values()
        if state.outstanding is not None:
            assert state.outstanding >= sum(sums.missing for sums in ledgers)
            assert state.complete == (sum(sums.missing for sums in ledgers) == 0)
        assert sum(sums.received + sums.surplus for sums in ledgers) == state.received


@given(coils())
@settings(max_examples=50)
def test_areas_and_regions_are_conserved(records: list[CoilRecord]) -> None:
    state = built([(1, record) for record in records])
    defects = state.defects()
    frames = [frame for book in state._its_book.cameras.values() for frame in book.counting_regions()]
    regions = [region for frame in frames for region in frame.regions]
    assert sum(defect.regions for defect in defects) == len(regions)
    total_mm2 = sum(region.area_mm2 for region in regions)
    assert sum(defect.area_mm2 for defect in defects) <= total_mm2 * (1 + 1e-9)
    assert all(defect.area_mm2 > 0 for defect in defects)
    largest_alone = dict.fromkeys(CAMERAS, 0.0)
    for frame in frames:
        largest_alone[frame.camera_id] += sum(region.area_mm2 for region in frame.regions)
    assert sum(defect.area_mm2 for defect in defects) >= max(largest_alone.values()) * (1 - 1e-9)
