"""Coil reports as the station finds them: an ordinary one, a rich one, and one that is full of everything."""

from __future__ import annotations

import numpy as np

from contracts.reports import (
    CameraLedger,
    ClassTotal,
    Closing,
    CoilDefect,
    CoilLane,
    CoilReport,
    Finding,
    RollMark,
    Verdict,
)

STARTED_AT_NS = 1_767_225_600_000_000_000
"""2026-01-01T00:00:00Z."""
SECOND_NS = 1_000_000_000
NAMES = {1: "pit", 2: "crack", 3: "scratch", 4: "scab"}


def told(coil_id: str = "C-1", **changes: object) -> CoilReport:
    """A whole coil of 100 m with nothing on it, released in time."""
    fields: dict[str, object] = {
        "line_id": "line-1",
        "coil_id": coil_id,
        "complete": True,
        "in_time": True,
        "slack_s": 120.0,
        "closed_because": Closing.COMPLETE,
        "started_at_ns": STARTED_AT_NS,
        "ended_at_ns": STARTED_AT_NS + 170 * SECOND_NS,
        "deadline_at_ns": STARTED_AT_NS + 300 * SECOND_NS,
        "reported_at_ns": STARTED_AT_NS + 180 * SECOND_NS,
        "length_mm": 100_000.0,
        "width_mm": 1250.0,
        "ledger_by_camera": {"top": ledger()},
        "defects": (),
        "defects_total": 0,
        "marks": (),
        "verdict": Verdict.RELEASE,
        "rules_version": "2026-11",
        "rules_fired": (),
        "bundles": ("severstal@92f4572e96a9",),
    }
    return CoilReport.model_validate(fields | changes)


def ledger(
    announced: int = 400, defective: int = 0, missing: int = 0, dead_lettered: int = 0
) -> CameraLedger:
    """A ledger that sums."""
    return CameraLedger(
        announced=announced,
        received=announced - missing,
        missing=missing,
        clean=announced - missing - defective - dead_lettered,
        defective=defective,
        unsegmented=0,
        dead_lettered=dead_lettered,
        duplicates=0,
    )


def blemish(class_id: int, along_mm: float, across_mm: float, **changes: object) -> CoilDefect:
    """10 x 10 mm unless told otherwise, by its corner nearest to head and drive side."""
    fields: dict[str, object] = {
        "class_id": class_id,
        "class_name": NAMES.get(class_id, f"kind {class_id}"),
        "along_min_mm": along_mm,
        "along_max_mm": along_mm + 10.0,
        "across_min_mm": across_mm,
        "across_max_mm": across_mm + 10.0,
        "area_mm2": 80.0,
        "frames": 1,
        "cameras": ("top",),
        "first_frame_index": max(0, int(along_mm // 256)),
        "last_frame_index": max(0, int(along_mm // 256)),
    }
    return CoilDefect.model_validate(fields | changes)


def rich(coil_id: str = "C-4711") -> CoilReport:
    """A held coil with some of everything: what a quality engineer looks at on an ordinary bad day."""
    rng = np.random.default_rng(7)
    scabs = [blemish(4, 3000 + n * 1885 + rng.normal(0, 8), 410 + rng.normal(0, 3)) for n in range(44)]
    scratches = [
        blemish(3, along, 905, along_max_mm=along + 1500, across_max_mm=908, area_mm2=4000.0)
        for along in rng.uniform(0, 98_000, 14)
    ]
    pits = [blemish(1, *place) for place in rng.uniform(0, (99_000, 1240), (30, 2)).tolist()]
    crack = blemish(2, 61_300, 30, along_max_mm=61_480, across_max_mm=42, area_mm2=900.0, frames=2, regions=2)
    defects = sorted([*scabs, *scratches, *pits, crack], key=lambda defect: -defect.area_mm2)
    return told(
        coil_id,
        verdict=Verdict.REJECT,
        complete=False,
        closed_because=Closing.SETTLED,
        defects=tuple(defects),
        defects_total=len(defects),
        class_totals=totals(defects),
        ledger_by_camera={"bottom": ledger(400, 20, 0, 2), "top": ledger(400, 66, 1, 0)},
        marks=(roll_mark(),),
        lanes=(scratch_lane(),),
        findings=(
            Finding(
                rule="roll_mark",
                verdict=Verdict.HOLD,
                evidence="1 mark: scab each 1,885 mm at 410 mm across, 44 hits; F5 top work roll",
            ),
            Finding(
                rule="crack_in_body",
                verdict=Verdict.REJECT,
                evidence="1 crack of 180 mm at 61.3 m, 30-42 mm across, beyond the trimmed edge of 15 mm",
            ),
            Finding(rule="lane", verdict=Verdict.HOLD, evidence="14 scratches at 905-908 mm across"),
            Finding(
                rule="allowance",
                verdict=Verdict.HOLD,
                evidence="1 frame missing and 2 dead-lettered of 800; 0 are allowed",
            ),
        ),
        rules_fired=("crack_in_body", "roll_mark", "lane", "allowance"),
        notes=("the end names bottom, which the start does not",),
    )


def full(coil_id: str = "C" + "7" * 63) -> CoilReport:
    """As much as a report may hold, and texts as long and as hostile as they come."""
    rng = np.random.default_rng(11)
    places = rng.uniform(0, (1_900_000, 1240), (5000, 2))
    defects = [
        blemish(1 + n % 9, along, across, class_name=f"${n % 9}\\frac{{ класс 裂纹")
        for n, (along, across) in enumerate(places.tolist())
    ]
    words = "evidence that goes on " * 30
    return told(
        coil_id,
        line_id="L" * 64,
        verdict=Verdict.HOLD,
        in_time=False,
        slack_s=0.0,
        late_by_s=123_456.7,
        report_version=12,
        length_mm=2_000_000.0,
        defects=tuple(defects),
        defects_total=20_000,
        class_totals=totals(defects),
        ledger_by_camera={f"camera-{'x' * 50}-{n}": ledger(100_000, 9_000, 40, 1) for n in range(40)},
        marks=tuple(roll_mark(lane_mm=100.0 * n, roll="R" * 90, mark_id=f"m{n}") for n in range(12)),
        lanes=tuple(scratch_lane(count=n) for n in range(10, 19)),
        findings=tuple(
            Finding(rule=f"rule_{n}_{'r' * 200}", verdict=Verdict.HOLD, evidence=(f"{n} {words}")[:500])
            for n in range(200)
        ),
        rules_fired=tuple(f"rule_{n}" for n in range(200)),
        rules_version="v" * 200,
        bundles=tuple(f"bundle-{'b' * 60}@{n:012d}" for n in range(5)),
        notes=tuple(f"note {n} $\\bad{{ \x00\u202e{'n' * 250}" for n in range(20)),
    )


def totals(defects: list[CoilDefect]) -> tuple[ClassTotal, ...]:
    """Of these defects."""
    names = {defect.class_id: defect.class_name for defect in defects}
    return tuple(
        ClassTotal(
            class_id=class_id,
            class_name=names[class_id],
            defects=sum(defect.class_id == class_id for defect in defects),
            area_mm2=sum(defect.area_mm2 for defect in defects if defect.class_id == class_id),
        )
        for class_id in sorted(names)
    )


def roll_mark(**changes: object) -> RollMark:
    """A scab each 1,885 mm from 3 m to 84 m."""
    fields: dict[str, object] = {
        "class_id": 4,
        "class_name": "scab",
        "lane_mm": 415.0,
        "period_mm": 1885.0,
        "period_uncertainty_mm": 0.8,
        "phase_mm": 3005.0,
        "count": 44,
        "revolutions": 44,
        "false_alarm_probability": 3e-21,
        "first_mm": 3005.0,
        "last_mm": 84_060.0,
        "roll": "F5 top work roll",
        "rolls": ("F5 top work roll", "F6 top work roll"),
        "mark_id": "mark-1",
    }
    return RollMark.model_validate(fields | changes)


def scratch_lane(**changes: object) -> CoilLane:
    """Fourteen scratches at 905-908 mm across."""
    fields: dict[str, object] = {
        "class_id": 3,
        "class_name": "scratch",
        "across_min_mm": 895.0,
        "across_max_mm": 918.0,
        "count": 14,
    }
    return CoilLane.model_validate(fields | changes)
