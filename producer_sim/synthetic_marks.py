"""Roll marks on the synthetic strip: at each turn the roll presses the same stamp into the steel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from model.synthesis_stamps import STAMP_CLASSES, Hit, Stamp, draw_stamp
from producer_sim.refused import SimulatorRefused
from producer_sim.roll_marks import Marking, PutMark, RollMark

Steel = Callable[[int], tuple[int, int]]
"""camera -> first and past-the-last column that show steel."""

_Place = tuple[int, int]


class SyntheticMarks:
    """Where the marks of a run lie, coil by coil. Raises SimulatorRefused when they do not fit."""

    def __init__(self, marking: Marking, *, width_px: int, height_px: int) -> None:
        marking.check(width_px=width_px, height_px=height_px)
        for mark in marking.marks:
            if mark.class_id not in STAMP_CLASSES:
                known = ", ".join(map(str, STAMP_CLASSES))
                raise SimulatorRefused(
                    f"--roll-mark class={mark.class_id} is none that the synthetic strip can show: "
                    f"choose one of {known}."
                )
        self._marking, self._width_px, self._height_px = marking, width_px, height_px
        self._put: dict[_Place, tuple[PutMark, ...]] = {}
        self._hits: dict[_Place, dict[int, list[Hit]]] = {}

    def of_coil(self, place: _Place, steel: Steel) -> tuple[PutMark, ...]:
        """What the coil at `place` (line, coil) gets.

        Where its steel does not reach the lane the roll touches nothing: all its turns are missed.
        """
        if place not in self._put:
            self._put[place] = tuple(
                self._on_coil(number, place, steel) for number in range(len(self._marking.marks))
            )
            self._hits[place] = self._by_frame(self._put[place])
        return self._put[place]

    def on_frame(self, place: _Place, camera: int, index: int) -> list[Hit]:
        """The hits that a camera's frame may show a part of; `of_coil` has been asked for its coil."""
        left_px = camera * self._width_px
        return [replace(h, column_px=h.column_px - left_px) for h in self._hits[place].get(index, ())]

    def let_go(self, place: _Place) -> None:
        """Forget a coil that has passed."""
        self._put.pop(place, None)
        self._hits.pop(place, None)

    def _on_coil(self, number: int, place: _Place, steel: Steel) -> PutMark:
        marking, mark = self._marking, self._marking.marks[number]
        phase_mm = marking.phase(number, place) * mark.period_mm
        length_mm = marking.frames_per_coil * self._height_px * marking.mm_per_px
        turns = list(
            marking.turns(number, place, length_mm=length_mm, period_mm=mark.period_mm, phase_mm=phase_mm)
        )
        touches = self._touches(draw_stamp(mark.class_id), mark.lane_mm / marking.mm_per_px, steel)
        return PutMark(
            mark=mark,
            period_mm=mark.period_mm,
            hits_mm=tuple(turn.along_mm for turn in turns if touches and not turn.missed),
            missed_mm=tuple(turn.along_mm for turn in turns if not touches or turn.missed),
            origin="synthetic",
        )

    def _touches(self, stamp: Stamp, lane_px: float, steel: Steel) -> bool:
        width: int = stamp.shape.shape[1]
        camera = int(lane_px // self._width_px)
        first_px = round(lane_px - width / 2) - camera * self._width_px
        left_px, right_px = steel(camera)
        return left_px <= max(0, first_px) and min(first_px + width, self._width_px) <= right_px

    def _by_frame(self, put: tuple[PutMark, ...]) -> dict[int, list[Hit]]:
        """frame_index -> what lies on it, with columns counted across the whole strip."""
        found: dict[int, list[Hit]] = {}
        for one in put:
            for along_mm in one.hits_mm:
                hit = self._hit(one.mark, along_mm)
                last_px = hit.row_px + hit.stamp.shape.shape[0] - 1
                for index in range(max(0, hit.row_px // self._height_px), last_px // self._height_px + 1):
                    found.setdefault(index, []).append(hit)
        return found

    def _hit(self, mark: RollMark, along_mm: float) -> Hit:
        """Rounded to pixels on the strip, not on a frame: so both frames of a border round alike."""
        stamp, mm = draw_stamp(mark.class_id), self._marking.mm_per_px
        height, width = stamp.shape.shape
        return Hit(
            stamp=stamp,
            row_px=round(along_mm / mm - height / 2),
            column_px=round(mark.lane_mm / mm - width / 2),
        )
