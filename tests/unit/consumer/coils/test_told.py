"""What was told already, read back from what lies in the topics."""

from __future__ import annotations

import pytest

from consumer.coils.told import Told, digest_of
from contracts.alarms import Alarm, AlarmKind, AlarmState
from contracts.reports import Closing, CoilReport
from tests.support.messages import MESSAGES, STARTED_AT_NS


def report(coil_id: str = "C1", **changes: object) -> CoilReport:
    original = MESSAGES["coil-report"]
    assert isinstance(original, CoilReport)
    return original.model_copy(update={"coil_id": coil_id, "report_version": 1, **changes})


def alarm(**changes: object) -> Alarm:
    original = MESSAGES["alarm"]
    assert isinstance(original, Alarm)
    return original.model_copy(update={"coil_id": "C1", **changes})


@pytest.fixture
def told() -> Told:
    return Told(lane_coils=3)


def test_a_report_read_back_is_the_one_that_was_noted(told: Told) -> None:
    one = report()
    told.note_report(one)
    again = Told(lane_coils=3)
    assert again.note_report_value(one.model_dump_json().encode())
    assert told.report_of("C1") == again.report_of("C1")
    noted = told.report_of("C1")
    assert noted is not None
    assert (noted.digest, noted.final) == (digest_of(one), False)


def test_an_earlier_version_changes_nothing(told: Told) -> None:
    told.note_report(report(report_version=2, closed_because=Closing.COMPLETE))
    told.note_report(report(report_version=1))
    noted = told.report_of("C1")
    assert noted is not None
    assert (noted.version, noted.final) == (2, True)


def test_a_coil_that_nobody_started_has_no_start_to_compare_with(told: Told) -> None:
    told.note_report(report(closed_because=Closing.UNANNOUNCED))
    noted = told.report_of("C1")
    assert noted is not None
    assert noted.started_at_ns is None


@pytest.mark.parametrize("value", [b"", b"junk", b"{}", b'{"coil_id": "C1"}'])
def test_what_is_no_report_tells_nothing(told: Told, value: bytes) -> None:
    assert not told.note_report_value(value)
    assert len(told) == 0


def test_only_what_a_new_record_would_change_is_in_the_digest() -> None:
    one = report()
    assert digest_of(one) == digest_of(one.model_copy(update={"reported_at_ns": 1, "slack_s": 0.5}))
    assert digest_of(one) != digest_of(one.model_copy(update={"notes": ()}))
    ledger = {"top": one.ledger_by_camera["top"].model_copy(update={"duplicates": 5})}
    assert digest_of(one) != digest_of(one.model_copy(update={"ledger_by_camera": ledger}))


def test_lanes_of_the_latest_coils_of_a_line_in_order_of_time(told: Told) -> None:
    for number in (3, 1, 4, 2):
        told.note_report(report(f"C{number}", reported_at_ns=STARTED_AT_NS + number))
    told.note_report(report("other", line_id="line-2", reported_at_ns=STARTED_AT_NS + 9))
    assert [coil_id for coil_id, _ in told.lanes_before("line-1", "C9")] == ["C2", "C3", "C4"]
    assert [coil_id for coil_id, _ in told.lanes_before("line-1", "C4")] == ["C2", "C3"]
    assert told.lanes_before("line-3", "C9") == []


def test_alarms_are_kept_in_their_latest_state_until_the_coils_report_is_final(told: Told) -> None:
    later = alarm(state=AlarmState.UPDATED, changed_at_ns=STARTED_AT_NS + 10**12)
    told.note_alarm(later)
    told.note_alarm(alarm())
    assert told.alarms_of("C1") == (later,)
    told.note_report(report())
    assert told.alarms_of("C1") == (later,)
    told.close("C1")
    told.note_alarm(alarm())
    assert told.alarms_of("C1") == ()
    noted = told.report_of("C1")
    assert noted is not None
    assert noted.final


def test_a_reuse_is_remembered_for_ever(told: Told) -> None:
    told.note_report(report(closed_because=Closing.COMPLETE))
    told.note_alarm(alarm(kind=AlarmKind.COIL_ID_REUSED, alarm_id="reused-1"))
    assert told.reuse_was_told("C1", "reused-1")
    assert not told.reuse_was_told("C1", "reused-2")
