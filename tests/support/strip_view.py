"""What a page makes of the station's changes: a client that folds deltas, in a form to compare."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from contracts.message_codec import CoilRecord
from station.strip.changes import Changes
from station.strip.regions import RegionColumns
from station.strip.state import StripState


@dataclass
class Client:
    """One coil as a browser keeps it."""

    seq: int = 0
    fates: dict[tuple[int, int], int] = field(default_factory=dict)
    regions: dict[int, dict[str, Any]] = field(default_factory=dict)
    now: Changes | None = None

    def ask(self, state: StripState, coil_id: str) -> None:
        changes = state.changes_since(coil_id, self.seq)
        if changes.whole:
            self.fates, self.regions, self.now = {}, {}, None
        for row in changes.gone:
            self.regions.pop(row, None)
        self.regions.update(rows(changes.regions))
        self.fates.update(frames(changes))
        kept = self.now
        self.now = changes if kept is None else replace(
            changes,
            marks=kept.marks if changes.marks is None else changes.marks,
            alarms=kept.alarms if changes.alarms is None else changes.alarms,
            report=kept.report if changes.report is None else changes.report,
        )  # fmt: skip
        self.seq = changes.seq

    def seen(self) -> dict[str, Any]:
        """Without what depends on the order of messages: row numbers, and the order of cameras."""
        assert self.now is not None
        coil = self.now.coil
        names = [camera.camera_id for camera in coil.cameras]
        return {
            "coil": replace(coil, cameras=tuple(sorted(coil.cameras, key=lambda c: c.camera_id))),
            "fates": {(names[camera], index): fate for (camera, index), fate in self.fates.items()},
            "regions": sorted(str(row | {"camera": names[row["camera"]]}) for row in self.regions.values()),
            "marks": self.now.marks,
            "alarms": self.now.alarms,
            "report": self.now.report,
        }


def frames(changes: Changes) -> dict[tuple[int, int], int]:
    """(camera's number, frame_index) -> fate's code."""
    return {
        (camera, index): fate
        for camera, runs in changes.fates.items()
        for start, length, fate in zip(runs.start, runs.length, runs.fate, strict=True)
        for index in range(start, start + length)
    }


def rows(regions: RegionColumns) -> dict[int, dict[str, Any]]:
    """Row -> its region, field by field, the contour as points."""
    found, behind = {}, 0
    for number, row in enumerate(regions.row.tolist()):
        points = int(regions.contour_points[number])
        contour = regions.points[behind : behind + points].tolist()
        behind += points
        names = ("class_id", "camera", "frame_index", "frame_along_mm", "along_min_mm", "along_max_mm")
        names += ("across_min_mm", "across_max_mm", "area_mm2", "score", "partition", "offset")
        found[row] = {name: getattr(regions, name)[number].item() for name in names} | {"contour": contour}
    assert behind == len(regions.points)
    return found


def seen_of(messages: list[CoilRecord], coil_id: str) -> dict[str, Any]:
    """What a client sees of a coil after all of them."""
    state, client = StripState(20), Client()
    for message in messages:
        state.take(message)
    client.ask(state, coil_id)
    return client.seen()
