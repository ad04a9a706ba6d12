from __future__ import annotations

import itertools

import pytest

from contracts.reports import CameraLedger
from contracts.results import Fate
from local.observing.summary import Latency, latency, summarise
from tests.support.coil_run import BUDGET_S, Told, ended, event, inspection, observed, started

FATES = (Fate.CLEAN, Fate.DEFECTIVE, Fate.UNSEGMENTED, Fate.DEAD_LETTERED, Fate.CLEAN)


def test_a_ledger_sums_and_counts_what_is_missing() -> None:
    inspections = [inspection(index, fate) for index, fate in enumerate(FATES)]
    summary = summarise(observed(started(), *inspections, ended({"top": 7})).coils["C1"])
    assert summary.ledger_by_camera == {
        "top": CameraLedger(
            announced=7,
            received=5,
            missing=2,
            clean=2,
            defective=1,
            unsegmented=1,
            dead_lettered=1,
            duplicates=0,
        )
    }
    assert summary.sums


def test_messages_may_come_in_any_order() -> None:
    messages: list[Told] = [started(), inspection(0), inspection(1, Fate.DEFECTIVE), ended({"top": 2})]
    summaries = [summarise(observed(*order).coils["C1"]) for order in itertools.permutations(messages)]
    assert all(summary == summaries[0] for summary in summaries)
    assert summaries[0].total("received") == 2


def test_cameras_and_coils_are_kept_apart() -> None:
    run = observed(
        inspection(0, camera="top"),
        inspection(0, Fate.DEFECTIVE, camera="bottom"),
        inspection(0, coil="C2"),
        ended({"top": 1, "bottom": 1}),
        ended({"top": 1}, coil="C2"),
    )
    first, second = (summarise(run.coils[coil_id]) for coil_id in ("C1", "C2"))
    assert first.ledger_by_camera["bottom"].defective == 1
    assert first.ledger_by_camera["top"].clean == 1
    assert (first.total("received"), second.total("received")) == (2, 1)


@pytest.mark.parametrize("first", [5, 9], ids=["first record seen first", "first record seen last"])
def test_a_duplicate_counts_beside_and_the_first_record_decides(first: int) -> None:
    second = 14 - first
    fates = {5: Fate.CLEAN, 9: Fate.DEFECTIVE}
    seen = [inspection(0, fates[offset], offset=offset) for offset in (first, second)]
    summary = summarise(observed(*seen, ended({"top": 1})).coils["C1"])
    ledger = summary.ledger_by_camera["top"]
    assert (ledger.received, ledger.clean, ledger.defective, ledger.duplicates) == (1, 1, 0, 1)


def test_a_duplicate_defective_frame_has_its_regions_counted_once() -> None:
    twice = [event(0, (1, (0, 4), (0, 4)), offset=offset) for offset in (3, 4)]
    summary = summarise(observed(*twice, ended({"top": 1})).coils["C1"])
    assert [(c.class_id, c.regions, c.frames) for c in summary.classes] == [(1, 1, 1)]


def test_more_frames_than_announced_do_not_sum() -> None:
    summary = summarise(observed(inspection(0), inspection(1), ended({"top": 1})).coils["C1"])
    assert not summary.sums
    assert summary.refusals == ("top announced 1 frames, and 2 were received",)


def test_a_camera_that_nobody_announced_does_not_sum() -> None:
    summary = summarise(observed(inspection(0, camera="side"), ended({"top": 0})).coils["C1"])
    assert summary.refusals == ("side announced 0 frames, and 1 were received",)


def test_a_coil_without_an_end_does_not_sum() -> None:
    assert not summarise(observed(started(), inspection(0)).coils["C1"]).sums


def test_regions_are_counted_by_class_and_frame() -> None:
    run = observed(
        event(0, (1, (0, 4), (0, 4)), (1, (8, 12), (0, 4)), (3, (0, 4), (50, 60))),
        event(1, (1, (0, 4), (0, 4))),
        ended({"top": 2}),
    )
    classes = summarise(run.coils["C1"]).classes
    assert [(c.class_name, c.regions, c.frames) for c in classes] == [("kind 1", 3, 2), ("kind 3", 1, 1)]


def test_latency_runs_from_exposure_to_readable() -> None:
    summary = summarise(
        observed(started(), *map(inspection, range(4)), ended({"top": 4}), after_s=2.0).coils["C1"]
    )
    assert summary.latency == Latency(p50_s=2.0, p95_s=2.0, p99_s=2.0, max_s=2.0)
    assert summary.budget_s == BUDGET_S


def test_percentiles_are_measured_values() -> None:
    found = latency([n * 10**9 for n in range(1, 101)])
    assert found == Latency(p50_s=51.0, p95_s=96.0, p99_s=100.0, max_s=100.0)
    assert latency([]) is None
