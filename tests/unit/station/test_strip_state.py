"""The live strip: which coils are kept, what counts, and what is said of them."""

from __future__ import annotations

import pytest

from contracts.alarms import Alarm, AlarmState
from contracts.message_codec import CoilRecord
from contracts.results import Fate
from station.strip import coil as strip_coil
from station.strip.changes import Changes
from station.strip.frames import Place
from station.strip.state import StripState, UnknownCoil
from station.strip.wire import StripOnWire
from tests.support.coils import SECOND_NS, STARTED_AT_NS, CoilScript, Spot, source_at
from tests.support.messages import MESSAGES

SPOT = Spot(3, 110, 120, 20, 30)


def state_of(*messages: CoilRecord, kept: int = 20) -> StripState:
    state = StripState(kept)
    for message in messages:
        state.take(message)
    return state


def shown(changes: Changes) -> int:
    return len(changes.regions.row)


# --- which coils are kept ---


def scripts(count: int, line_id: str = "line-1", first_s: int = 0) -> list[CoilScript]:
    return [
        CoilScript(
            coil_id=f"{line_id}-{number}",
            line_id=line_id,
            started_at_ns=STARTED_AT_NS + (first_s + number * 300) * SECOND_NS,
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("backwards", [False, True])
def test_the_newest_are_kept_in_whatever_order_they_come(backwards: bool) -> None:
    coils = scripts(5)
    messages = [message for coil in coils for message in (coil.started(), coil.clean(0))]
    state = state_of(*(reversed(messages) if backwards else messages), kept=3)
    assert state.coil_ids() == {"line-1": ["line-1-4", "line-1-3", "line-1-2"]}
    assert state.snapshot("line-1-2").coil.cameras[0].received == 1


def test_a_busy_line_does_not_push_a_quiet_one_away() -> None:
    quiet, busy = scripts(1, "line-2")[0], scripts(6, first_s=10)
    state = state_of(quiet.started(), *(coil.started() for coil in busy), quiet.clean(0), kept=3)
    assert state.coil_ids() == {"line-1": ["line-1-5", "line-1-4"], "line-2": ["line-2-0"]}


def test_with_more_lines_than_room_the_oldest_goes() -> None:
    lines = [scripts(1, f"line-{n}", n)[0] for n in range(4)]
    assert len(state_of(*(coil.started() for coil in lines), kept=2)) == 2


def test_a_coil_that_is_too_old_changes_nothing() -> None:
    old, *new = scripts(3)
    state = state_of(*(coil.started() for coil in new), kept=2)
    assert not state.take(old.clean(5))
    assert state.seq(old.coil_id) is None
    with pytest.raises(UnknownCoil):
        state.snapshot(old.coil_id)


def test_a_coil_that_comes_back_is_told_whole() -> None:
    first, other = CoilScript("A", "line-1"), CoilScript("B", "line-1", started_at_ns=STARTED_AT_NS + 1)
    state = state_of(first.started(), *first.defective(1, SPOT), kept=1)
    seen = state.revision
    state.take(other.started())
    state.take(CoilScript("A", started_at_ns=STARTED_AT_NS + 2).started())
    assert state.coil_ids() == {"line-1": ["A"]}
    changes = state.changes_since("A", seen)
    assert changes.whole
    assert shown(changes) == 0


def test_at_least_one_coil() -> None:
    with pytest.raises(ValueError, match="one coil"):
        StripState(0)


# --- sequence numbers ---


def test_a_delta_holds_what_is_new() -> None:
    coil = CoilScript()
    state = state_of(coil.started(), coil.clean(0), *coil.defective(1, SPOT))
    seq = state.revision
    for message in coil.defective(2, Spot(1, 210, 220, 0, 10)):
        state.take(message)
    changes = state.changes_since("C1", seq)
    assert not changes.whole
    assert changes.regions.frame_index.tolist() == [2]
    assert (changes.fates[0].start, changes.fates[0].length) == ([2], [1])
    assert (changes.marks, changes.alarms, changes.report) == (None, None, None)
    assert changes.seq == state.seq("C1") == state.revision
    assert state.changed_since(seq) == ["C1"]
    assert state.changed_since(changes.seq) == []


# --- what counts ---


def test_a_frame_is_counted_once_and_its_duplicates_beside() -> None:
    coil = CoilScript()
    first, second = (coil.inspection(0, source=source_at(n)) for n in (4, 5))
    camera = state_of(second, first, second, first).snapshot("C1").coil.cameras[0]
    assert (camera.received, camera.clean, camera.duplicates) == (1, 1, 1)


def test_a_later_inspection_of_the_same_record_replaces() -> None:
    coil = CoilScript()
    inspection, event = coil.defective(1, SPOT)
    unsegmented = coil.inspection(1, Fate.UNSEGMENTED, source=inspection.source)
    state = state_of(unsegmented, event)
    before = state.snapshot("C1")
    assert (before.coil.cameras[0].unsegmented, shown(before)) == (1, 0)
    state.take(inspection)
    after = state.changes_since("C1", before.seq)
    assert (after.coil.cameras[0].unsegmented, after.coil.cameras[0].defective, shown(after)) == (0, 1, 1)


def test_regions_of_a_record_that_does_not_count_go() -> None:
    coil = CoilScript()
    late = coil.event(1, SPOT, source=source_at(9))
    state = state_of(late)
    before = state.snapshot("C1")
    assert shown(before) == 1
    state.take(coil.inspection(1, source=source_at(2)))
    after = state.changes_since("C1", before.seq)
    assert (after.gone, after.coil.regions_by_class) == (before.regions.row.tolist(), {})


def test_where_a_frame_lies() -> None:
    coil = CoilScript()
    inspection = coil.clean(3)
    state = state_of(inspection)
    place = Place(inspection.source.partition, inspection.source.offset)
    assert state.frame_place("C1", "cam-0", 3) == place
    assert state.frame_place("C1", "cam-0", 2) is state.frame_place("C1", "cam-9", 3) is None


def test_what_is_beyond_the_bounds_is_left_out_and_said() -> None:
    coil = CoilScript()
    state = state_of(coil.clean(0), coil.clean(strip_coil.MOST_FRAMES), coil.clean(10**8))
    now = state.snapshot("C1").coil
    assert (now.overfull, now.cameras[0].frames) == (True, 1)


# --- how it stands ---


def test_how_a_coil_stands_while_it_runs_and_after() -> None:
    coil = CoilScript()
    state = state_of(coil.started(), coil.clean(0), *coil.defective(1, SPOT))
    now = state.snapshot("C1").coil
    assert (now.runs, now.outstanding, now.length_mm, now.reached_mm) == (True, None, None, 200.0)
    assert (now.deadline_at_ns, now.width_mm) == (coil.deadline_at_ns, 100.0)
    state.take(coil.ended(5))
    now = state.snapshot("C1").coil
    assert (now.runs, now.outstanding, now.length_mm) == (False, 3, 500.0)


def test_a_coil_without_a_defect_lies_as_the_one_before_it() -> None:
    before, clean = scripts(2)
    state = state_of(before.started(), *before.defective(1, SPOT), clean.started(), clean.clean(9))
    now = state.snapshot(clean.coil_id).coil
    assert now.reached_mm == 1000.0
    assert now.cameras[0].geometry is not None


def test_marks_come_from_alarms_until_the_report_says() -> None:
    state = state_of(MESSAGES["alarm"])
    changes = state.snapshot("C26-000123")
    assert changes.marks is not None
    assert [mark.mark_id for mark in changes.marks] == ["mark-3-412-1885"]
    state.take(MESSAGES["coil-report"].model_copy(update={"marks": ()}))
    changes = state.changes_since("C26-000123", changes.seq)
    assert (changes.marks, changes.alarms) == ((), None)
    assert changes.report is not None
    assert changes.report.defects == ()


def test_an_alarm_stays_what_the_line_says_when_it_is_acknowledged() -> None:
    raised = MESSAGES["alarm-lane"]
    assert isinstance(raised, Alarm)
    ended = raised.model_copy(update={"state": AlarmState.ENDED, "changed_at_ns": raised.changed_at_ns + 1})
    seen = raised.model_copy(
        update={
            "state": AlarmState.ACKNOWLEDGED,
            "changed_at_ns": raised.changed_at_ns + 2,
            "acknowledged_by": "anna",
        }
    )
    now = state_of(raised, seen, ended).alarm("C26-000123", raised.alarm_id)
    assert now is not None
    assert now.ended
    assert now.acknowledged == seen


def test_as_the_routes_ask_for_it() -> None:
    coil = CoilScript()
    strip = StripOnWire(state_of(coil.started(), *coil.defective(1, SPOT)))
    wire = strip.changes_since("C1", 0)
    assert wire["seq"] == strip.seq("C1") == strip.revision
    assert wire["coil"]["started_at_ns"] == str(STARTED_AT_NS)
    assert wire["regions"]["class_id"] == [3]
    assert wire["regions"]["contour_points"] == [4]
    assert wire["regions"]["points"] == "FAAKAB0ACgAdABMAFAATAA=="
    assert wire["fates"] == [{"camera": 0, "start": [1], "length": [1], "fate": [2]}]
    assert (strip.coil_ids(), strip.seq("nobody")) == ({"line-1": ["C1"]}, None)
