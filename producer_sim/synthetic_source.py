"""Frames of the synthetic strip, encoded as a line camera would."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import simplejpeg

from contracts.frames import Encoding
from model import rle
from model.synthesis import HEIGHT_PX, WIDTH_PX, SyntheticStrip
from model.synthesis_stamps import Hit
from producer_sim.arrangement import Exposure
from producer_sim.manifest import Truth
from producer_sim.roll_marks import PutMark
from producer_sim.sources import Picture
from producer_sim.synthetic_marks import SyntheticMarks

JPEG_QUALITY = 92
"""Gives about 101 kB a frame; the real set's frames have 98 kB."""

_FRAMES_PER_LOOK = 32
"""With `distinct` frames only: how many share a coil's look."""


class SyntheticSource:
    """Each camera of each coil sees a strip of its own.

    `distinct`: draw only so many frames and send them over and over, which costs no time after the first
    round; None: every frame is new, and only then `marks` can be pressed into the steel.
    """

    name = "synthetic"
    width_px, height_px = WIDTH_PX, HEIGHT_PX

    def __init__(
        self,
        seed: int,
        defect_share: float,
        *,
        distinct: int | None = None,
        with_masks: bool = False,
        marks: SyntheticMarks | None = None,
    ) -> None:
        self._seed = seed
        self._defect_share = defect_share
        self._distinct = distinct
        self._with_masks = with_masks
        self._marks = marks
        self._strips: dict[tuple[int, ...], SyntheticStrip] = {}
        self._drawn: dict[int, Picture] = {}

    def picture(self, exposure: Exposure) -> Picture:
        """Draw the frame, or take it from those drawn before."""
        if self._distinct is None:
            place = exposure.line, exposure.coil, exposure.camera
            return self._draw(place, exposure.frame_index, self._hits(exposure))
        number = exposure.serial % self._distinct
        if number not in self._drawn:
            look, index = divmod(number, _FRAMES_PER_LOOK)
            self._drawn[number] = self._draw((look,), index)
        return self._drawn[number]

    def marks_of(self, line: int, coil: int) -> tuple[PutMark, ...]:
        """What the rolls leave on a coil."""
        if self._marks is None:
            return ()
        return self._marks.of_coil((line, coil), lambda camera: self._strip((line, coil, camera)).steel_px)

    def let_go(self, line: int, coil: int) -> None:
        """The coil has passed: forget its strips and marks."""
        for place in [place for place in self._strips if place[:2] == (line, coil)]:
            del self._strips[place]
        if self._marks is not None:
            self._marks.let_go((line, coil))

    def _hits(self, exposure: Exposure) -> Sequence[Hit]:
        if self._marks is None:
            return ()
        self.marks_of(exposure.line, exposure.coil)
        return self._marks.on_frame((exposure.line, exposure.coil), exposure.camera, exposure.frame_index)

    def _draw(self, place: tuple[int, ...], index: int, hits: Sequence[Hit] = ()) -> Picture:
        strip = self._strip(place)
        frame = strip.frame(index, hits)
        encoded = simplejpeg.encode_jpeg(
            frame.pixels[:, :, np.newaxis], quality=JPEG_QUALITY, colorspace="GRAY", colorsubsampling="Gray"
        )
        masks = {c: rle.encode(m) for c, m in frame.masks.items()} if self._with_masks else None
        return Picture(
            encoded=encoded,
            encoding=Encoding.JPEG,
            width_px=self.width_px,
            height_px=self.height_px,
            truth=Truth(classes=tuple(sorted(frame.masks)), rle_by_class=masks),
            origin=f"synthetic/{strip.seed}/{index}",
        )

    def _strip(self, place: tuple[int, ...]) -> SyntheticStrip:
        if place not in self._strips:
            seed = int(np.random.SeedSequence([self._seed, *place]).generate_state(1)[0])
            self._strips[place] = SyntheticStrip(seed, self._defect_share)
        return self._strips[place]
