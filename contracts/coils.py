"""What line control says of a coil: it starts, it ends."""

from __future__ import annotations

from pydantic import Field

from contracts.identity import Count, Message, Name, TimeNs

DEFAULT_BUDGET_S = 300.0


class CoilMessage(Message):
    """Belongs to one coil of one line. Key: `coil_id`, which no two coils share, on whatever line."""

    line_id: Name
    coil_id: Name


class CoilStarted(CoilMessage):
    """Line control: the first metre is at the cameras."""

    started_at_ns: TimeNs
    budget_s: float = Field(default=DEFAULT_BUDGET_S, gt=0, le=86_400)
    cameras: tuple[Name, ...] = Field(min_length=1)
    width_mm: float | None = Field(default=None, gt=0, le=1e5)

    @property
    def deadline_at_ns(self) -> int:
        """When the verdict is due: start + budget."""
        return self.started_at_ns + round(self.budget_s * 1e9)


class CoilEnded(CoilMessage):
    """Line control: the last metre has passed; how many frames each camera sent."""

    ended_at_ns: TimeNs
    frames_by_camera: dict[Name, Count]
    length_mm: float = Field(ge=0, le=1e8)
