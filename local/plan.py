"""What a demo is to show, and the simulator's command line for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPlan:
    """What is to be shown. `frames` None: a synthetic strip."""

    frames: Path | None
    bundle: str
    coils: int
    frames_per_coil: int
    fps: float
    defect_share: float | None
    share_may_give_way: bool = False  # nobody asked for it: drop it when the labels do not know both kinds
    out: Path

    @property
    def total_frames(self) -> int:
        """Exposures of all coils."""
        return self.coils * self.frames_per_coil


def simulator_arguments(plan: DemoPlan, bootstrap: str, prefix: str, manifest: Path) -> list[str]:
    """The simulator's command line for a plan."""
    source = ["--synthetic"] if plan.frames is None else ["--frames", str(plan.frames)]
    share = [] if plan.defect_share is None else ["--defect-share", f"{plan.defect_share:g}"]
    return [
        "replay", *source, *share,
        "--bootstrap-servers", bootstrap, "--topic-prefix", prefix, "--coil-prefix", "demo-",
        "--coils", str(plan.coils), "--frames-per-coil", str(plan.frames_per_coil), "--fps", f"{plan.fps:g}",
        "--manifest", str(manifest), "--no-progress",
    ]  # fmt: skip
