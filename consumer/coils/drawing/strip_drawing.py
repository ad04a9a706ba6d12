"""What the strip map shows of a coil, and in which colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consumer.coils.facts import AnyDefect
from contracts.alarms import LaneRecurrence
from contracts.reports import CameraLedger, CoilLane, Finding, RollMark, Verdict
from contracts.results import Fate

STEEL, PAPER, INK, FAINT, RULE = "#ECEDEA", "#FFFFFF", "#22262B", "#6B7178", "#B9BEC3"


@dataclass(frozen=True, slots=True, kw_only=True)
class StripDrawing:
    """One coil, ready to be drawn; positions in mm on the coil. Masks come beside it, on a StripCanvas."""

    line_id: str
    coil_id: str
    length_mm: float
    width_mm: float
    defects: Sequence[AnyDefect]
    marks: Sequence[RollMark]
    lanes: Sequence[CoilLane]
    recurring: Sequence[LaneRecurrence]
    """Lanes that the line's coils before it show as well."""
    ledger_by_camera: Mapping[str, CameraLedger]
    fates: Mapping[str, Mapping[int, Fate]] | None
    """By camera and frame index; what is not in it is missing. None: nobody knows any more."""
    verdict: Verdict | None
    """None while nobody has closed the coil."""
    findings: Sequence[Finding]
    timing: str
    """One line: when it was closed, why, and how that lies to its deadline."""

    def total(self, column: str) -> int:
        """A column of the ledger, over all cameras."""
        return sum(getattr(ledger, column) for ledger in self.ledger_by_camera.values())
