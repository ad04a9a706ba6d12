"""Messages of a coil, built in mm: what the tests of the coil tracker are made of.

    coil = CoilScript(cameras={"top": 0.0})
    messages = [coil.started(), coil.clean(0), *coil.defective(1, Spot(3, 150, 160, 20, 30)), coil.ended(2)]

Positions are on the coil; a frame is `height_px * mm_per_px` long. Sources count up, one a frame record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.coils import CoilEnded, CoilStarted
from contracts.rejections import Reason
from contracts.results import Box, BoxMm, DefectEvent, DefectRegion, Fate, Inspection, RecordId
from model import rle

STARTED_AT_NS = 1_767_225_600_000_000_000
"""2026-01-01T00:00:00Z."""
SECOND_NS = 1_000_000_000
CLASS_NAMES = {1: "pit", 2: "crack", 3: "scratch", 4: "patch"}
BUNDLE = "synthetic@0123456789ab"


class Spot(NamedTuple):
    """A rectangle of one class, in mm on the coil."""

    class_id: int
    along_min_mm: float
    along_max_mm: float
    across_min_mm: float
    across_max_mm: float


@dataclass
class CoilScript:
    """One coil of one line; makes its messages."""

    coil_id: str = "C1"
    line_id: str = "line-1"
    cameras: Mapping[str, float] = field(default_factory=lambda: {"cam-0": 0.0})
    """camera_id -> offset_mm."""
    width_px: int = 100
    height_px: int = 100
    mm_per_px: float = 1.0
    budget_s: float = 300.0
    started_at_ns: int = STARTED_AT_NS
    next_offset: int = 0

    @property
    def deadline_at_ns(self) -> int:
        return self.started_at_ns + round(self.budget_s * SECOND_NS)

    @property
    def pitch_mm(self) -> float:
        """A frame's length along the strip."""
        return self.height_px * self.mm_per_px

    def started(self, **changes: object) -> CoilStarted:
        width_mm = max(self.cameras.values()) + self.width_px * self.mm_per_px
        message = CoilStarted(
            **self._who(),
            started_at_ns=self.started_at_ns,
            budget_s=self.budget_s,
            cameras=tuple(self.cameras),
            width_mm=width_mm,
        )
        return message.model_copy(update=changes)

    def ended(self, frames: int | Mapping[str, int], **changes: object) -> CoilEnded:
        """`frames`: of each camera, or of every one."""
        by_camera = dict.fromkeys(self.cameras, frames) if isinstance(frames, int) else dict(frames)
        message = CoilEnded(
            **self._who(),
            ended_at_ns=self.exposed_at_ns(max(by_camera.values(), default=0)),
            frames_by_camera=by_camera,
            length_mm=max(by_camera.values(), default=0) * self.pitch_mm,
        )
        return message.model_copy(update=changes)

    def inspection(
        self,
        frame_index: int,
        fate: Fate = Fate.CLEAN,
        *,
        camera_id: str | None = None,
        source: RecordId | None = None,
        **changes: object,
    ) -> Inspection:
        dead = fate is Fate.DEAD_LETTERED
        exposed_at_ns = self.exposed_at_ns(frame_index)
        message = Inspection(
            **self._frame(frame_index, camera_id),
            fate=fate,
            gate_score=None if dead else 0.25 if fate is Fate.CLEAN else 0.75,
            gate_threshold=None if dead else 0.5,
            reason=Reason.CORRUPT_IMAGE if dead else None,
            bundle=BUNDLE,
            exposed_at_ns=exposed_at_ns,
            deadline_at_ns=self.deadline_at_ns,
            inspected_at_ns=exposed_at_ns + SECOND_NS // 10,
            source=source or self.source(),
        )
        return message.model_copy(update=changes)

    def clean(self, frame_index: int, *, camera_id: str | None = None) -> Inspection:
        return self.inspection(frame_index, camera_id=camera_id)

    def defective(
        self, frame_index: int, *spots: Spot, camera_id: str | None = None, source: RecordId | None = None
    ) -> tuple[Inspection, DefectEvent]:
        """The two records of a defective frame, of one source."""
        event = self.event(frame_index, *spots, camera_id=camera_id, source=source)
        counts: dict[int, int] = {}
        for region in event.regions:
            counts[region.class_id] = counts.get(region.class_id, 0) + 1
        inspection = self.inspection(
            frame_index, Fate.DEFECTIVE, camera_id=camera_id, source=event.source, regions_by_class=counts
        )
        return inspection, event

    def event(
        self,
        frame_index: int,
        *spots: Spot,
        camera_id: str | None = None,
        source: RecordId | None = None,
        **changes: object,
    ) -> DefectEvent:
        """A defect event; each spot is a full rectangle, cut to the frame. It must reach into the frame."""
        camera = camera_id or next(iter(self.cameras))
        regions = tuple(self._region(spot, frame_index, camera) for spot in spots)
        return self.event_of(frame_index, regions, camera_id=camera, source=source, **changes)

    def event_of(
        self,
        frame_index: int,
        regions: tuple[DefectRegion, ...],
        *,
        camera_id: str | None = None,
        source: RecordId | None = None,
        **changes: object,
    ) -> DefectEvent:
        """A defect event of ready regions."""
        camera = camera_id or next(iter(self.cameras))
        exposed_at_ns = self.exposed_at_ns(frame_index)
        message = DefectEvent(
            **self._frame(frame_index, camera),
            mm_per_px_across=self.mm_per_px,
            mm_per_px_along=self.mm_per_px,
            position_mm=frame_index * self.pitch_mm,
            offset_mm=self.cameras[camera],
            width_px=self.width_px,
            height_px=self.height_px,
            gate_score=0.75,
            regions=regions,
            bundle=BUNDLE,
            exposed_at_ns=exposed_at_ns,
            deadline_at_ns=self.deadline_at_ns,
            inspected_at_ns=exposed_at_ns + SECOND_NS // 10,
            source=source or self.source(),
        )
        return message.model_copy(update=changes)

    def region_of(
        self, class_id: int, mask: NDArray[np.bool_], frame_index: int, camera_id: str | None = None
    ) -> DefectRegion:
        """The region that a (height_px, width_px) bool mask of the frame is."""
        rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        box = Box(row_min=int(rows[0]), row_max=int(rows[-1]), col_min=int(cols[0]), col_max=int(cols[-1]))
        mm = self.mm_per_px
        along_mm = frame_index * self.pitch_mm
        across_mm = self.cameras[camera_id or next(iter(self.cameras))]
        return DefectRegion(
            class_id=class_id,
            class_name=CLASS_NAMES.get(class_id, f"class {class_id}"),
            score=0.875,
            area_px=int(mask.sum()),
            area_mm2=float(mask.sum()) * mm * mm,
            box_px=box,
            box_mm=BoxMm(
                along_min_mm=along_mm + box.row_min * mm,
                along_max_mm=along_mm + (box.row_max + 1) * mm,
                across_min_mm=across_mm + box.col_min * mm,
                across_max_mm=across_mm + (box.col_max + 1) * mm,
            ),
            mask_rle=rle.encode(mask),
        )

    def exposed_at_ns(self, frame_index: int) -> int:
        """Ten frames a second."""
        return self.started_at_ns + frame_index * SECOND_NS // 10

    def source(self) -> RecordId:
        """Where the next frame record lies."""
        self.next_offset += 1
        return source_at(self.next_offset)

    def _region(self, spot: Spot, frame_index: int, camera_id: str) -> DefectRegion:
        mm = self.mm_per_px
        along_mm, across_mm = frame_index * self.pitch_mm, self.cameras[camera_id]
        rows = _pixels(spot.along_min_mm - along_mm, spot.along_max_mm - along_mm, mm)
        cols = _pixels(spot.across_min_mm - across_mm, spot.across_max_mm - across_mm, mm)
        mask = np.zeros((self.height_px, self.width_px), np.bool_)
        mask[rows, cols] = True
        if not mask.any():
            raise ValueError(f"{spot} does not reach into frame {frame_index} of {camera_id}")
        return self.region_of(spot.class_id, mask, frame_index, camera_id)

    def _who(self) -> dict[str, str]:
        return {"line_id": self.line_id, "coil_id": self.coil_id}

    def _frame(self, frame_index: int, camera_id: str | None) -> dict[str, object]:
        camera = camera_id or next(iter(self.cameras))
        return {**self._who(), "camera_id": camera, "frame_index": frame_index}


def source_at(offset: int, partition: int = 0) -> RecordId:
    """A frame record's place."""
    return RecordId(topic="strip.frames.v1", partition=partition, offset=offset)


def _pixels(from_mm: float, to_mm: float, mm_per_px: float) -> slice:
    return slice(max(0, round(from_mm / mm_per_px)), max(0, round(to_mm / mm_per_px)))
