"""What a demo, or a live line, is to show, and the simulator's command line for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

DEFAULT_BUDGET_S = 120.0
"""A coil of the default size takes 10 s, its verdict about one more: so a slow machine has slack too."""

SYNTHETIC_ROLL_MARK = "diameter=305,class=1,lane=640,jitter=0.005,miss=0.1"
"""The looper roll below, 958 mm a turn. Pits, which the bundle `synthetic` is sure to find, in the middle,
where hardly any synthetic strip shows its edge. No whole number of frames: borders cut some hits, not all."""

REAL_ROLL_MARK = "diameter=326,class=1,lane=640,jitter=0.005,miss=0.1"
"""The deflector roll below, 1,024 mm a turn: exactly five of the real set's frames."""

ROLLS = """\
# The rolls of the demo's line: a mark that returns at each circumference of one of them names it.
rolls:
  - name: looper roll
    diameter_mm: 305
  - name: deflector roll
    diameter_mm: 326
  - name: pinch roll
    diameter_mm: 500
  - name: F7 work roll
    diameter_mm: 720
    worn_to_mm: 660
"""


SYNTHETIC_RULES = Path(__file__).parent / "live" / "synthetic_rules.yaml"
"""What `up` grades a synthetic strip by: the shipped rules reject every coil of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePlan:
    """What the line sends, what inspects it, and where logs lie. `frames` None: a synthetic strip."""

    frames: Path | None
    bundle: str
    frames_per_coil: int  # a camera
    defect_share: float | None
    share_may_give_way: bool = False  # nobody asked for it: drop it when the labels do not know both kinds
    budget_s: float = DEFAULT_BUDGET_S
    roll_mark: str | None = None  # as the simulator's --roll-mark takes it
    mark_may_give_way: bool = False  # drop it when the labels know no frame for it
    out: Path

    def giving_way(self, refusal: str) -> tuple[Self, str] | None:
        """What is left of the plan when the simulator refuses a wish that nobody uttered, and a word on it.

        None when there is no such wish in what it says.
        """
        if self.mark_may_give_way and "--roll-mark" in refusal:
            why = f"no roll mark, the labels know no frame for it ({refusal.strip()})"
            return replace(self, roll_mark=None, mark_may_give_way=False), why
        if self.share_may_give_way and "--defect-share" in refusal:
            why = "not both kinds of frames are known in this folder: they come as they are"
            return replace(self, defect_share=None, share_may_give_way=False), why
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPlan(LinePlan):
    """So many coils, one camera, at a pace of its own."""

    coils: int
    fps: float

    @property
    def total_frames(self) -> int:
        """Exposures of all coils."""
        return self.coils * self.frames_per_coil


@dataclass(frozen=True, slots=True, kw_only=True)
class UpPlan(LinePlan):
    """Coil after coil at line speed, until somebody ends it."""

    cameras: int
    speed_mps: float
    rules: Path | None = None  # that grade; None: those that are shipped
    watched: bool  # by Prometheus and Alertmanager


def simulator_arguments(plan: DemoPlan, bootstrap: str, prefix: str, manifest: Path) -> list[str]:
    """The simulator's command line for a demo."""
    return [
        *_common(plan, bootstrap), "--topic-prefix", prefix, "--coil-prefix", "demo-",
        "--coils", str(plan.coils), "--fps", f"{plan.fps:g}", "--manifest", str(manifest),
    ]  # fmt: skip


def endless_arguments(plan: UpPlan, bootstrap: str) -> list[str]:
    """The simulator's command line for a live line: its coils' ids begin with the time, so they are new."""
    return [
        *_common(plan, bootstrap),
        "--endless", "--cameras", str(plan.cameras), "--speed-mps", f"{plan.speed_mps:g}",
    ]  # fmt: skip


def _common(plan: LinePlan, bootstrap: str) -> list[str]:
    source = ["--synthetic"] if plan.frames is None else ["--frames", str(plan.frames)]
    mark = [] if plan.roll_mark is None else ["--roll-mark", plan.roll_mark]
    share = [] if plan.defect_share is None else ["--defect-share", f"{plan.defect_share:g}"]
    return [
        "replay", *source, *share, *mark, "--frames-per-coil", str(plan.frames_per_coil),
        "--budget-s", f"{plan.budget_s:g}", "--bootstrap-servers", bootstrap, "--no-progress",
    ]  # fmt: skip
