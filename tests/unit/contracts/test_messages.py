"""What the messages refuse: ledgers that do not sum, fields that do not fit each other."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from contracts.alarms import Alarm
from contracts.coils import CoilStarted
from contracts.identity import FRAMES_PER_BLOCK
from contracts.reports import CameraLedger
from contracts.results import Inspection
from tests.support.messages import DEADLINE_AT_NS, FRAME_HEADER, MESSAGES

LEDGER = {
    "announced": 10,
    "received": 9,
    "missing": 1,
    "clean": 5,
    "defective": 2,
    "unsegmented": 1,
    "dead_lettered": 1,
    "duplicates": 3,
}
CLEAN = MESSAGES["inspection-clean"].model_dump()
DEAD = MESSAGES["inspection-dead-lettered"].model_dump()


def test_a_ledger_that_sums() -> None:
    assert CameraLedger.model_validate(LEDGER).model_dump() == LEDGER | {"surplus": 0}


@pytest.mark.parametrize("field", [field for field in LEDGER if field != "duplicates"])
def test_a_ledger_that_does_not_sum(field: str) -> None:
    with pytest.raises(ValidationError, match="must be"):
        CameraLedger.model_validate(LEDGER | {field: LEDGER[field] + 1})


@pytest.mark.parametrize("beside", ["duplicates", "surplus"])
def test_these_are_beside_the_ledger(beside: str) -> None:
    assert getattr(CameraLedger.model_validate(LEDGER | {beside: 7}), beside) == 7


@pytest.mark.parametrize(
    ("inspection", "changed"),
    [
        (CLEAN, {"reason": "corrupt_image"}),
        (CLEAN, {"gate_score": None}),
        (CLEAN, {"gate_threshold": None}),
        (CLEAN, {"exposed_at_ns": None}),
        (CLEAN, {"deadline_at_ns": None}),
        (CLEAN, {"regions_by_class": {1: 1}}),
        (CLEAN, {"fate": "unsegmented", "regions_by_class": {1: 1}}),
        (CLEAN, {"fate": "dead_lettered"}),
        (DEAD, {"reason": None}),
        (DEAD, {"gate_score": 0.5}),
        (DEAD, {"gate_threshold": 0.5}),
        (DEAD, {"regions_by_class": {1: 1}}),
        (CLEAN, {"regions_by_class": {0: 1}, "fate": "defective"}),
    ],
)
def test_an_inspection_whose_fields_do_not_fit_its_fate(
    inspection: dict[str, Any], changed: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        Inspection.model_validate(inspection | changed)


def test_a_defective_frame_may_have_no_regions() -> None:
    """The gate said defective and the segmenter could place nothing: the gate's word stands."""
    assert Inspection.model_validate(CLEAN | {"fate": "defective"}).regions_by_class == {}


def test_a_message_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        FRAME_HEADER.width_px = 1  # type: ignore[misc]


def test_the_key_spreads_a_coil_in_blocks() -> None:
    keys = [
        FRAME_HEADER.model_copy(update={"frame_index": i}).key
        for i in (0, FRAMES_PER_BLOCK - 1, FRAMES_PER_BLOCK)
    ]
    assert keys == [b"C26-000123/top/0", b"C26-000123/top/0", b"C26-000123/top/1"]


def test_the_deadline_is_start_and_budget() -> None:
    started = MESSAGES["coil-started"]
    assert isinstance(started, CoilStarted)
    assert started.deadline_at_ns == DEADLINE_AT_NS


def test_an_alarm_changes_after_it_was_raised() -> None:
    alarm = MESSAGES["alarm"].model_dump()
    with pytest.raises(ValidationError, match="changed_at_ns"):
        Alarm.model_validate(alarm | {"changed_at_ns": alarm["raised_at_ns"] - 1})
