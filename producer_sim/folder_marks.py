"""Roll marks of real frames: one defective frame comes again at the period, the others come as they would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from model import rle
from producer_sim.manifest import Truth
from producer_sim.refused import SimulatorRefused
from producer_sim.roll_marks import Marking, PutMark, RollMark

NEAR_MM = 100.0
"""A frame can stand for a roll mark when its whole defect lies within this of the lane."""

_Place = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Defect:
    """All pixels of one class on one frame, in mm on that frame; upper bounds exclusive."""

    name: str
    across_min_mm: float
    across_max_mm: float
    along_mm: float  # the middle
    pixels: int
    classes: int  # that its frame shows
    mask_rle: str

    def reach_mm(self, lane_mm: float) -> float:
        """The distance of its furthest pixel from a lane."""
        return max(abs(self.across_min_mm - lane_mm), abs(self.across_max_mm - lane_mm))

    def pieces(self, height_px: int, width_px: int) -> int:
        """With steel between them, each of which would be a roll mark of its own."""
        mask = rle.decode(self.mask_rle, height_px, width_px)
        return int(cv2.connectedComponents(mask.view(np.uint8))[0]) - 1


class FolderMarks:
    """Which frames of a run show a roll's mark, and by which file.

    `truths` with their masks. The period is rounded to whole frames, and so is each turn. Of two marks on one
    frame the first one is shown, the other missed. Raises SimulatorRefused.
    """

    def __init__(
        self, marking: Marking, truths: Mapping[str, Truth], *, width_px: int, height_px: int
    ) -> None:
        marking.check(width_px=width_px, height_px=height_px)
        self._marking = marking
        self._frame_mm = height_px * marking.mm_per_px
        self._camera_mm = width_px * marking.mm_per_px
        self._size_px = height_px, width_px
        self._shown = [self._choose(mark, self._of_class(mark, truths)) for mark in marking.marks]
        self._put: dict[_Place, tuple[PutMark, ...]] = {}
        self._names: dict[_Place, dict[tuple[int, int], str]] = {}

    def of_coil(self, place: _Place) -> tuple[PutMark, ...]:
        """What the coil at `place` (line, coil) gets."""
        if place not in self._put:
            names: dict[tuple[int, int], str] = {}
            self._put[place] = tuple(self._on_coil(n, place, names) for n in range(len(self._marking.marks)))
            self._names[place] = names
        return self._put[place]

    def on_frame(self, place: _Place, camera: int, index: int) -> str | None:
        """The file that this frame must be, if any."""
        self.of_coil(place)
        return self._names[place].get((camera, index))

    def let_go(self, place: _Place) -> None:
        """Forget a coil that has passed."""
        self._put.pop(place, None)
        self._names.pop(place, None)

    def _of_class(self, mark: RollMark, truths: Mapping[str, Truth]) -> list[_Defect]:
        """Every frame's defects of the mark's class, across the strip as its lane's camera sees them."""
        offset_mm = mark.lane_mm // self._camera_mm * self._camera_mm
        return [
            self._defect(name, masks, mark.class_id, offset_mm)
            for name, masks in ((name, truth.rle_by_class or {}) for name, truth in truths.items())
            if masks.get(mark.class_id)
        ]

    def _on_coil(self, number: int, place: _Place, names: dict[tuple[int, int], str]) -> PutMark:
        marking, mark, shown = self._marking, self._marking.marks[number], self._shown[number]
        frames = max(1, round(mark.period_mm / self._frame_mm))
        period_mm = frames * self._frame_mm
        turns = marking.turns(
            number,
            place,
            length_mm=marking.frames_per_coil * self._frame_mm,
            period_mm=period_mm,
            phase_mm=int(marking.phase(number, place) * frames) * self._frame_mm,
        )
        camera, hits, missed = int(mark.lane_mm // self._camera_mm), list[float](), list[float]()
        for turn in turns:
            index = min(round(turn.along_mm / self._frame_mm), marking.frames_per_coil - 1)
            lost = turn.missed or (camera, index) in names
            (missed if lost else hits).append(index * self._frame_mm + shown.along_mm)
            if not lost:
                names[camera, index] = shown.name
        return PutMark(
            mark=mark,
            period_mm=period_mm,
            hits_mm=tuple(hits),
            missed_mm=tuple(missed),
            origin=shown.name,
        )

    def _choose(self, mark: RollMark, defects: list[_Defect]) -> _Defect:
        """Of those near the lane the plainest: alone on its frame, in one piece, the largest.

        The largest is the surest to be found, and each class and each piece would be a roll mark of its own.
        """
        if not defects:
            raise SimulatorRefused(
                f"--roll-mark class={mark.class_id}: the labels know no frame's mask of that class; "
                "choose another class, or give --labels with masks."
            )
        near = [defect for defect in defects if defect.reach_mm(mark.lane_mm) <= NEAR_MM]
        if not near:
            closest = min(defects, key=lambda defect: defect.reach_mm(mark.lane_mm))
            middle_mm = (closest.across_min_mm + closest.across_max_mm) / 2
            raise SimulatorRefused(
                f"--roll-mark class={mark.class_id},lane={mark.lane_mm:g}: no frame's defect lies within "
                f"{NEAR_MM:g} mm of that lane as a whole; the nearest one is at lane={middle_mm:.0f}."
            )
        return min(near, key=lambda d: (d.classes, d.pieces(*self._size_px), -d.pixels, d.name))

    def _defect(self, name: str, masks: Mapping[int, str], class_id: int, offset_mm: float) -> _Defect:
        height_px, mm = self._size_px[0], self._marking.mm_per_px
        runs = np.array(masks[class_id].split(), np.int64).reshape(-1, 2)
        first, last = runs[:, 0] - 1, runs.sum(axis=1) - 2
        rows = np.concatenate([first % height_px, last % height_px])
        return _Defect(
            name=name,
            across_min_mm=offset_mm + float(first.min() // height_px) * mm,
            across_max_mm=offset_mm + float(last.max() // height_px + 1) * mm,
            along_mm=float(rows.min() + rows.max() + 1) / 2 * mm,
            pixels=int(runs[:, 1].sum()),
            classes=len(masks),
            mask_rle=masks[class_id],
        )
