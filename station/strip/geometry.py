"""Where a camera's frames lie on the strip, as its defect events say: inspections do not."""

from __future__ import annotations

from typing import Final, NamedTuple

from contracts.results import DefectEvent

MOST_CAMERAS: Final = 256
"""Whose geometry is remembered from coil to coil."""


class Geometry(NamedTuple):
    """Of one camera, on one coil."""

    frame_index: int
    """Of the frame that says so: the further from the head, the finer `frame_mm`."""
    said_at_ns: int
    frame_mm: float
    """From one frame's row 0 to the next one's."""
    across_mm: float
    """Column 0."""
    width_mm: float
    height_px: int
    width_px: int
    mm_per_px_along: float
    mm_per_px_across: float


def geometry_of(event: DefectEvent) -> Geometry:
    """What one event says. Frames follow each other evenly, so position over index is a frame's length."""
    pitch_mm = event.position_mm / event.frame_index if event.frame_index else 0.0
    return Geometry(
        frame_index=event.frame_index,
        said_at_ns=event.inspected_at_ns,
        frame_mm=pitch_mm or event.height_px * event.mm_per_px_along,
        across_mm=event.offset_mm,
        width_mm=event.width_px * event.mm_per_px_across,
        height_px=event.height_px,
        width_px=event.width_px,
        mm_per_px_along=event.mm_per_px_along,
        mm_per_px_across=event.mm_per_px_across,
    )


class LastGeometries:
    """The latest of each camera of each line: a coil that has no defect yet lies as the one before it."""

    def __init__(self) -> None:
        self._latest: dict[tuple[str, str], Geometry] = {}

    def note(self, line_id: str, camera_id: str, geometry: Geometry) -> None:
        """Remember it, when it is later than what is known."""
        camera = line_id, camera_id
        known = self._latest.get(camera)
        if known is None or _age(known) < _age(geometry):
            self._latest[camera] = geometry
        if len(self._latest) > MOST_CAMERAS:
            del self._latest[min(self._latest, key=lambda each: (_age(self._latest[each]), each))]

    def of(self, line_id: str, camera_id: str) -> Geometry | None:
        """What is known of a camera."""
        return self._latest.get((line_id, camera_id))


def _age(geometry: Geometry) -> tuple[int, Geometry]:
    return geometry.said_at_ns, geometry
