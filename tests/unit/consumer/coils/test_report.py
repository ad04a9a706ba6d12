"""The message that says what became of a coil."""

from __future__ import annotations

import random

import pytest

from consumer.coils.facts import CoilFacts, Defect
from consumer.coils.grading.grade import Grade
from consumer.coils.ledger.state import CoilState
from consumer.coils.report import ReportTooLarge, build_report, facts, largest
from contracts.message_codec import decode, encode
from contracts.reports import CameraLedger, Closing, CoilReport, Finding, Verdict
from contracts.topics import MAX_MESSAGE_BYTES
from contracts.totals import totals_of
from tests.support.coils import BUNDLE, SECOND_NS, CoilScript, Spot

HOLD = Grade(
    verdict=Verdict.HOLD, findings=(Finding(rule="scratches", verdict=Verdict.HOLD, evidence="2 scratches"),)
)


def state_of(coil: CoilScript) -> CoilState:
    state = CoilState("C1")
    for message in (
        coil.started(),
        coil.clean(0),
        *coil.defective(1, Spot(3, 110, 120, 20, 30), Spot(1, 110, 130, 50, 60)),
        *coil.defective(2, Spot(3, 210, 240, 20, 30)),
        coil.ended(3),
    ):
        state.add(message, seen_at_ns=coil.started_at_ns)
    return state


def reported(coil: CoilScript, now_ns: int, *, max_defects: int = 5000) -> CoilReport:
    state = state_of(coil)
    known = facts(state, Closing.COMPLETE, (), ())
    return build_report(
        state, known, HOLD, now_ns=now_ns, version=2, rules_version="r1", max_defects=max_defects
    )


def test_a_report_says_all_that_is_known() -> None:
    coil = CoilScript()
    report = reported(coil, coil.started_at_ns + 100 * SECOND_NS)
    assert (report.line_id, report.coil_id, report.report_version) == ("line-1", "C1", 2)
    assert (report.complete, report.closed_because) == (True, Closing.COMPLETE)
    assert (report.started_at_ns, report.deadline_at_ns) == (coil.started_at_ns, coil.deadline_at_ns)
    assert report.ended_at_ns == coil.ended(3).ended_at_ns
    assert (report.length_mm, report.width_mm) == (300.0, 100.0)
    assert report.ledger_by_camera["cam-0"] == CameraLedger(
        announced=3, received=3, missing=0, clean=1, defective=2, unsegmented=0, dead_lettered=0, duplicates=0
    )
    assert [(d.class_name, d.area_mm2) for d in report.defects] == [
        ("scratch", 300.0),
        ("pit", 200.0),
        ("scratch", 100.0),
    ]
    assert report.defects_total == 3
    assert [(t.class_name, t.defects, t.area_mm2) for t in report.class_totals] == [
        ("pit", 1, 200.0),
        ("scratch", 2, 400.0),
    ]
    assert (report.verdict, report.rules_version, report.rules_fired) == (Verdict.HOLD, "r1", ("scratches",))
    assert (report.findings, report.bundles, report.notes) == (HOLD.findings, (BUNDLE,), ())
    encoded = encode(report)
    assert decode(encoded.headers, encoded.value) == report


@pytest.mark.parametrize(
    ("after_s", "in_time", "slack_s", "late_by_s"),
    [
        pytest.param(100.0, True, 200.0, 0.0, id="in time"),
        pytest.param(300.0, True, 0.0, 0.0, id="at the deadline"),
        pytest.param(310.0, False, 0.0, 10.0, id="late"),
        pytest.param(-5000.0, True, 299.7, 0.0, id="a clock that went back before the coil's end"),
    ],
)
def test_slack(after_s: float, in_time: bool, slack_s: float, late_by_s: float) -> None:
    coil = CoilScript(budget_s=300.0)
    report = reported(coil, coil.started_at_ns + round(after_s * SECOND_NS))
    assert (report.in_time, report.slack_s, report.late_by_s) == (in_time, slack_s, late_by_s)
    assert report.reported_at_ns >= max(report.started_at_ns, report.ended_at_ns or 0)


def test_only_the_largest_are_listed_and_all_are_counted() -> None:
    coil = CoilScript()
    report = reported(coil, coil.started_at_ns, max_defects=1)
    assert [d.area_mm2 for d in report.defects] == [300.0]
    assert report.defects_total == 3
    assert sum(total.defects for total in report.class_totals) == 3


def test_of_equal_defects_the_one_nearer_to_the_head_is_listed_first() -> None:
    defects = [
        _defect(along_mm=float(n % 7), across_mm=float(n), area_mm2=float(n % 3 + 1)) for n in range(40)
    ]
    listed = largest(random.Random(3).sample(defects, 40), 20)
    assert [(d.area_mm2, d.along_min_mm, d.across_min_mm) for d in listed] == sorted(
        ((d.area_mm2, d.along_min_mm, d.across_min_mm) for d in defects), key=lambda d: (-d[0], *d[1:])
    )[:20]


def test_totals_do_not_depend_on_the_order_of_their_sums() -> None:
    defects = [_defect(along_mm=0.0, across_mm=0.0, area_mm2=1e16 if n == 0 else 1.0) for n in range(10)]
    assert totals_of(defects) == totals_of(reversed(defects))


def _defect(
    *, along_mm: float, across_mm: float, area_mm2: float, cameras: tuple[str, ...] = ("cam-0",)
) -> Defect:
    return Defect(
        class_id=3, class_name="scratch", along_min_mm=along_mm, along_max_mm=along_mm + 1, area_mm2=area_mm2,
        across_min_mm=across_mm, across_max_mm=across_mm + 1, frames=1, regions=1, cameras=cameras,
        first_frame_index=0, last_frame_index=0,
    )  # fmt: skip


def _with_defects(state: CoilState, defects: list[Defect], **changes: object) -> CoilFacts:
    return facts(state, Closing.COMPLETE, (), (), defects=defects)


def test_a_report_fits_its_topic_whatever_the_coil() -> None:
    """200 cameras of 64 letters see each defect: 13 kB each, 65 MB for 5,000 of them."""
    coil = CoilScript()
    cameras = tuple(f"{'camera':x<60}{n:04}" for n in range(200))
    defects = [_defect(along_mm=float(n), across_mm=0.0, area_mm2=1.0, cameras=cameras) for n in range(5000)]
    state = state_of(coil)
    report = build_report(
        state, _with_defects(state, defects), HOLD, now_ns=coil.started_at_ns, version=1, rules_version="r1"
    )
    assert len(encode(report).value) < MAX_MESSAGE_BYTES
    assert 0 < len(report.defects) < 5000
    assert report.defects_total == 5000
    assert [d.along_min_mm for d in report.defects[:3]] == [0.0, 1.0, 2.0]


def test_a_coil_of_60_000_cameras_still_gets_a_report() -> None:
    coil = CoilScript(cameras={f"{number:05}-{'camera':x<50}": 0.0 for number in range(60_000)})
    state = CoilState("C1")
    state.add(coil.ended(3), seen_at_ns=coil.started_at_ns)
    known = facts(state, Closing.SETTLED, (), ())
    report = build_report(state, known, HOLD, now_ns=coil.started_at_ns, version=1, rules_version="r1")
    assert len(encode(report).value) < MAX_MESSAGE_BYTES
    assert len(report.ledger_by_camera) == 1000
    assert report.notes == ("shortened to fit its topic: 59,000 cameras are left out",)


def test_a_report_that_does_not_even_fit_without_defects_crashes() -> None:
    coil = CoilScript()
    state = state_of(coil)
    known = facts(state, Closing.COMPLETE, (), ())
    with pytest.raises(ReportTooLarge, match="coil C1"):
        build_report(
            state, known, HOLD, now_ns=coil.started_at_ns, version=1, rules_version="r" * MAX_MESSAGE_BYTES
        )
