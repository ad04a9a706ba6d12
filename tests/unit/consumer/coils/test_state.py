"""What becomes of a coil's records: each odd case has its defined outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import pytest

from consumer.coils.ledger.frames import CameraBook, LedgerBroken
from consumer.coils.ledger.state import CoilRecord, CoilState, Outcome
from contracts.reports import CameraLedger
from contracts.results import Fate
from tests.support.coils import SECOND_NS, CoilScript, Spot, source_at

SCRATCH = Spot(3, 110, 120, 20, 30)


def built(*messages: CoilRecord) -> CoilState:
    state = CoilState("C1")
    for number, message in enumerate(messages):
        state.add(message, seen_at_ns=1000 + number)
    return state


def ledger(**counts: int) -> dict[str, int]:
    """What differs from nothing."""
    return counts


def shown(ledgers: Mapping[str, CameraLedger]) -> dict[str, dict[str, int]]:
    return {camera: {k: v for k, v in sums.model_dump().items() if v} for camera, sums in ledgers.items()}


def ordinary(coil: CoilScript, frames: int = 2) -> list[CoilRecord]:
    return [coil.started(), coil.clean(0), *coil.defective(1, SCRATCH), coil.ended(frames)]


def test_an_ordinary_coil_is_whole_at_its_last_record() -> None:
    *before, last = ordinary(CoilScript())
    state = built(*before)
    assert (state.whole, state.complete, state.outstanding) == (False, False, None)
    assert state.add(last, seen_at_ns=2000) is Outcome.NEW
    assert (state.whole, state.complete, state.outstanding, state.notes()) == (True, True, 0, ())
    assert shown(state.ledger()) == {"cam-0": ledger(announced=2, received=2, clean=1, defective=1)}
    assert (state.received, state.line_id, state.length_mm, state.width_mm) == (2, "line-1", 200.0, 100.0)
    assert (state.first_seen_at_ns, state.last_seen_at_ns) == (1000, 2000)
    assert [(d.class_name, d.along_min_mm) for d in state.defects()] == [("scratch", 110.0)]


Records = Callable[[CoilScript], Iterable[CoilRecord]]


def _twice_from_two_sources(coil: CoilScript) -> Iterable[CoilRecord]:
    yield from ordinary(coil)
    yield coil.clean(0)
    yield from coil.defective(1, Spot(3, 150, 190, 20, 30))


def _amended(coil: CoilScript) -> Iterable[CoilRecord]:
    waiting = coil.inspection(1, Fate.UNSEGMENTED, source=source_at(77))
    yield from [coil.started(), coil.clean(0), waiting, coil.ended(2)]
    yield from coil.defective(1, SCRATCH, source=source_at(77))


def _amended_before(coil: CoilScript) -> Iterable[CoilRecord]:
    return reversed(list(_amended(coil)))


def _amended_by_a_clock_behind(coil: CoilScript) -> Iterable[CoilRecord]:
    *others, inspection, event = _amended(coil)
    yield from [*others, inspection.model_copy(update={"inspected_at_ns": 5}), event]


def _amended_to_clean(coil: CoilScript) -> Iterable[CoilRecord]:
    yield from ordinary(coil, frames=3)
    yield coil.inspection(2, Fate.UNSEGMENTED, source=source_at(77))
    yield coil.inspection(2, Fate.CLEAN, source=source_at(77))


def _of_another_line(coil: CoilScript) -> Iterable[CoilRecord]:
    other = CoilScript(line_id="line-2")
    yield from [other.clean(5), *other.defective(6, Spot(1, 610, 620, 1, 2)), *ordinary(coil), other.ended(9)]


def _surplus(coil: CoilScript) -> Iterable[CoilRecord]:
    yield from [*ordinary(coil), coil.clean(2), *coil.defective(7, Spot(3, 710, 720, 1, 2))]


def _of_an_unknown_camera(coil: CoilScript) -> Iterable[CoilRecord]:
    yield from [*ordinary(coil), coil.inspection(0, camera_id="cam-7")]


def _dead_lettered_and_sent_again(coil: CoilScript) -> Iterable[CoilRecord]:
    dead = coil.inspection(2, Fate.DEAD_LETTERED, exposed_at_ns=None, deadline_at_ns=None)
    yield from [*ordinary(coil, frames=3), dead, coil.clean(2)]


def _ended_twice(coil: CoilScript) -> Iterable[CoilRecord]:
    yield from ordinary(coil)
    yield coil.ended(4, ended_at_ns=coil.ended(2).ended_at_ns + 1)


def _ended_twice_at_once(coil: CoilScript) -> Iterable[CoilRecord]:
    yield from ordinary(coil)
    yield coil.ended(1, ended_at_ns=coil.ended(2).ended_at_ns)


def _ended_twice_alike(coil: CoilScript) -> Iterable[CoilRecord]:
    yield from [coil.started(), coil.ended({"cam-0": 0, "cam-1": 1}), coil.ended({"cam-0": 1, "cam-1": 0})]


def _ended_by_another_camera_before(coil: CoilScript) -> Iterable[CoilRecord]:
    yield coil.ended({"cam-5": 3}, ended_at_ns=1)
    yield from ordinary(coil)


@pytest.mark.parametrize(
    ("records", "expected", "defects", "notes"),
    [
        pytest.param(
            lambda coil: reversed(ordinary(coil)),
            {"cam-0": ledger(announced=2, received=2, clean=1, defective=1)}, 1, (),
            id="backwards: end first, start last",
        ),
        pytest.param(
            lambda coil: ordinary(coil) * 3,
            {"cam-0": ledger(announced=2, received=2, clean=1, defective=1)}, 1, (),
            id="redelivered",
        ),
        pytest.param(
            _twice_from_two_sources,
            {"cam-0": ledger(announced=2, received=2, clean=1, defective=1, duplicates=2)}, 1, (),
            id="sent twice by the cameras",
        ),
        pytest.param(
            _amended,
            {"cam-0": ledger(announced=2, received=2, clean=1, defective=1)}, 1, (),
            id="unsegmented, then segmented",
        ),
        pytest.param(
            _amended_before,
            {"cam-0": ledger(announced=2, received=2, clean=1, defective=1)}, 1, (),
            id="segmented, and only then heard that it was not",
        ),
        pytest.param(
            _amended_by_a_clock_behind,
            {"cam-0": ledger(announced=2, received=2, clean=1, defective=1)}, 1, (),
            id="segmented by a worker whose clock is behind",
        ),
        pytest.param(
            _amended_to_clean,
            {"cam-0": ledger(announced=3, received=3, clean=2, defective=1)}, 1, (),
            id="unsegmented, then found clean",
        ),
        pytest.param(
            _dead_lettered_and_sent_again,
            {"cam-0": ledger(announced=3, received=3, clean=1, defective=1, dead_lettered=1, duplicates=1)},
            1, (), id="a dead letter sent again: the first counts",
        ),
        pytest.param(
            _of_another_line,
            {"cam-0": ledger(announced=2, received=2, clean=1, defective=1)}, 1,
            ("2 frames, and an end of line-2 under this coil's id: not counted",),
            id="another line under its id",
        ),
        pytest.param(
            _surplus,
            {"cam-0": ledger(announced=2, received=2, clean=1, defective=1, surplus=2)}, 2,
            ("2 frames beyond the announced number",),
            id="more frames than announced",
        ),
        pytest.param(
            _of_an_unknown_camera,
            {"cam-0": ledger(announced=2, received=2, clean=1, defective=1), "cam-7": ledger(surplus=1)}, 1,
            ("1 frame of cam-7, which line control does not name", "1 frame beyond the announced number"),
            id="a camera that nobody named",
        ),
        pytest.param(
            _ended_twice,
            {"cam-0": ledger(announced=4, received=2, missing=2, clean=1, defective=1)}, 1,
            ("line control ended it 2 times: with 2 of cam-0; then 4 of cam-0; the last counts",),
            id="ended twice: the later counts",
        ),
        pytest.param(
            _ended_twice_at_once,
            {"cam-0": ledger(announced=2, received=2, clean=1, defective=1)}, 1,
            ("line control ended it 2 times: with 1 of cam-0; then 2 of cam-0; the last counts",),
            id="ended twice at one time: more frames count",
        ),
        pytest.param(
            _ended_twice_alike,
            {"cam-0": ledger(announced=1, missing=1), "cam-1": ledger()}, 0,
            (
                "line control ended it 2 times: with 0 of cam-0, 1 of cam-1; then 1 of cam-0, 0 of cam-1; "
                "the last counts",
                "the end names cam-1, which the start does not",
            ),
            id="ended twice at one time with as many frames: one of them, always the same",
        ),
        pytest.param(
            _ended_by_another_camera_before,
            {"cam-0": ledger(announced=2, received=2, clean=1, defective=1)}, 1,
            ("line control ended it 2 times: with 3 of cam-5; then 2 of cam-0; the last counts",),
            id="a camera that only the contradicted end named",
        ),
        pytest.param(
            lambda coil: [coil.started(), coil.ended(0)],
            {"cam-0": ledger()}, 0, ("it ended with no frames",),
            id="no frames at all",
        ),
        pytest.param(
            lambda coil: [coil.started(), coil.ended({})],
            {"cam-0": ledger()}, 0,
            ("the end does not name cam-0, which the start does", "it ended with no frames"),
            id="no cameras at all",
        ),
        pytest.param(
            lambda coil: [*ordinary(coil), coil.started(cameras=("cam-0", "cam-1"), started_at_ns=5)],
            {"cam-0": ledger(announced=2, received=2, clean=1, defective=1), "cam-1": ledger()}, 1,
            (
                "line control started it 2 times: on line-1 at 5 ns for 300 s; "
                "on line-1 at 1767225600000000000 ns for 300 s; the earliest counts",
                "the end does not name cam-1, which the start does",
            ),
            id="started twice: the earlier counts, and names a camera more",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("backwards", [False, True], ids=["", "reversed"])
def test_the_outcome_of(
    records: Records,
    expected: dict[str, dict[str, int]],
    defects: int,
    notes: tuple[str, ...],
    backwards: bool,
) -> None:
    messages = list(records(CoilScript()))
    state = built(*(reversed(messages) if backwards else messages))
    assert shown(state.ledger()) == expected
    assert len(state.defects()) == defects
    assert state.notes() == notes


def test_what_each_record_changed() -> None:
    coil = CoilScript()
    inspection, event = coil.defective(1, SCRATCH, source=source_at(7))
    waiting = coil.inspection(1, Fate.UNSEGMENTED, source=source_at(7))
    again = coil.inspection(1, Fate.CLEAN, source=source_at(8))
    state = CoilState("C1")
    told = [
        state.add(message, seen_at_ns=1)
        for message in (
            coil.started(), coil.started(), coil.started(budget_s=10.0),
            waiting, waiting, inspection, waiting, again, again,
            event, event, event.model_copy(update={"inspected_at_ns": 2**62}),
            coil.ended(2), coil.ended(2), coil.ended(3),
        )
    ]  # fmt: skip
    assert [outcome.value for outcome in told] == [
        "new", "repeated", "contradicting",
        "new", "repeated", "amended", "superseded", "duplicate", "repeated",
        "new", "repeated", "amended",
        "new", "repeated", "contradicting",
    ]  # fmt: skip


def test_the_events_of_a_duplicate_do_not_add_defects() -> None:
    coil = CoilScript()
    late, late_event = coil.defective(1, Spot(3, 150, 160, 1, 2), source=source_at(50))
    first, first_event = coil.defective(1, SCRATCH, source=source_at(40))
    state = built(coil.started(), late, late_event, first, coil.ended({"cam-0": 2}))
    assert state.outstanding == 2, "frame 0, and the event of the record that counts now"
    assert state.defects() == []
    state.add(first_event, seen_at_ns=9)
    assert [d.along_min_mm for d in state.defects()] == [110.0]
    assert state.outstanding == 1


def test_whole_needs_each_defective_frames_event() -> None:
    coil = CoilScript()
    inspection, event = coil.defective(0, Spot(3, 10, 20, 1, 2))
    state = built(coil.started(), inspection, coil.ended(1))
    assert (state.complete, state.whole, state.outstanding) == (True, False, 1)
    assert state.notes() == ("the defects of 1 frame are not known: their defect events are missing",)
    state.add(event, seen_at_ns=5)
    assert (state.whole, state.outstanding, state.notes()) == (True, 0, ())


def test_an_unsegmented_frame_keeps_a_coil_from_being_whole_but_not_from_being_complete() -> None:
    coil = CoilScript()
    state = built(coil.started(), coil.inspection(0, Fate.UNSEGMENTED), coil.ended(1))
    assert (state.complete, state.whole, state.outstanding, state.unsegmented) == (True, False, 0, 1)


def test_while_nobody_said_how_many_frames_there_are_gaps_are_missing() -> None:
    coil = CoilScript()
    state = built(coil.started(), coil.clean(0), coil.clean(4))
    assert shown(state.ledger()) == {"cam-0": ledger(announced=5, received=2, missing=3, clean=2)}
    assert (state.outstanding, state.complete) == (None, False)


def test_whose_a_coil_is_follows_its_start_then_its_end_then_the_frames() -> None:
    one, two = CoilScript(line_id="line-1"), CoilScript(line_id="line-2")
    state = built(one.clean(0), two.clean(0), two.clean(1))
    assert (state.line_id, state.received) == ("line-2", 2)
    state.add(one.clean(1), seen_at_ns=1)
    state.add(one.clean(2), seen_at_ns=1)
    assert (state.line_id, state.received) == ("line-1", 3)
    state.add(two.ended(2), seen_at_ns=1)
    assert (state.line_id, state.received, state.outstanding) == ("line-2", 2, 0)
    state.add(one.started(), seen_at_ns=1)
    assert (state.line_id, state.received, state.outstanding) == ("line-1", 3, None)
    state.add(two.started(started_at_ns=one.started_at_ns + 1), seen_at_ns=1)
    assert state.line_id == "line-1"


def test_times_of_a_coil_that_nobody_started() -> None:
    coil = CoilScript()
    state = built(coil.ended(2))
    assert (state.started_at_ns, state.deadline_at_ns) == (1000, 1000 + 300 * SECOND_NS)
    seen_at_ns = coil.exposed_at_ns(9)
    state = CoilState("C1")
    state.add(coil.clean(3), seen_at_ns=seen_at_ns)
    assert (state.started_at_ns, state.deadline_at_ns) == (coil.exposed_at_ns(3), coil.deadline_at_ns)
    state.add(coil.inspection(2, deadline_at_ns=2**63 - 1), seen_at_ns=seen_at_ns)
    assert state.started_at_ns == coil.exposed_at_ns(2)
    assert state.deadline_at_ns == seen_at_ns + 86_400 * SECOND_NS, "an absurd header holds it a day at most"


def test_sizes_where_line_control_does_not_say_them() -> None:
    coil = CoilScript(cameras={"cam-0": 50.0})
    assert (built().length_mm, built().width_mm) == (0.0, 0.0)
    state = built(coil.started(width_mm=None), *coil.defective(3, Spot(3, 310, 320, 60, 70)))
    assert (state.length_mm, state.width_mm) == (400.0, 150.0)
    state.add(coil.ended(9), seen_at_ns=1)
    assert state.length_mm == 900.0


def test_sightings_are_taken_once() -> None:
    coil = CoilScript()
    inspection, event = coil.defective(1, SCRATCH, Spot(1, 150, 160, 40, 50))
    state = built(coil.started(), event, inspection, event)
    assert [(s.class_id, s.along_mm, s.across_mm) for s in state.take_sightings()] == [
        (3, 115.0, 25.0),
        (1, 155.0, 45.0),
    ]
    assert state.take_sightings() == []
    assert len(state.sightings()) == 2


def test_names_and_bundles_do_not_depend_on_which_came_first() -> None:
    coil = CoilScript()
    inspection, event = coil.defective(1, SCRATCH)
    renamed = event.regions[0].model_copy(update={"class_name": "roll scratch"})
    other = coil.event_of(2, (renamed,))
    by_b = coil.inspection(2, Fate.DEFECTIVE, source=other.source, bundle="b@1")
    for messages in ([inspection, event, by_b, other], [other, by_b, event, inspection]):
        state = built(*messages)
        assert state.class_names == {3: "roll scratch"}
        assert state.bundles == ("b@1", inspection.bundle)


def test_a_record_of_another_coil_is_refused() -> None:
    with pytest.raises(ValueError, match="a record of coil C2 was added to coil C1"):
        CoilState("C1").add(CoilScript(coil_id="C2").started(), seen_at_ns=1)


def test_notes_are_bounded() -> None:
    coil = CoilScript()
    lines = [CoilScript(line_id=f"line-{i:02}").clean(0) for i in range(40)]
    state = built(coil.started(), *(coil.ended(n) for n in range(200)), *lines)
    assert len(state.notes()) == 20
    assert state.notes()[-1].startswith("and ")
    assert max(map(len, state.notes())) <= 300


def test_a_ledger_that_is_not_what_its_frames_are_crashes() -> None:
    book = CameraBook()
    book.inspect(0, (0, 1, "t"), 5, Fate.CLEAN)
    book._by_fate[Fate.CLEAN] += 1
    with pytest.raises(LedgerBroken, match="counted"):
        book.ledger()
