"""What a damaged roll prints: the same small defect at each turn, on synthetic steel, with its exact mask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from model.synthesis_defects import Canvas, Mask, add_tone, box_of, crack, pit, scab, scratch
from model.synthesis_texture import Grey

_FLAT_GREY = 90.0
"""At this grey the lamp leaves a defect's tone as it is: what is drawn there is the tone itself."""

_SHEET_PX = 256
"""Square: what a stamp is drawn on, then cut out of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A defect of one class as a roll carries it."""

    class_id: int
    shape: Mask  # (h, w)
    tone: Grey  # (h, w) grey levels that it adds


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Where a stamp touches the strip: its first row along the whole strip, its first column on the frame.

    It may lie partly before or behind a frame, or beside it: each frame shows its own part.
    """

    stamp: Stamp
    row_px: int
    column_px: int


@lru_cache(maxsize=8)
def draw_stamp(class_id: int) -> Stamp:
    """The stamp of a class, always the same one. Raises KeyError for a class that has none."""
    draw, seed = _DRAWN[class_id]
    shape = (_SHEET_PX, _SHEET_PX)
    sheet = Canvas(
        grey=np.full(shape, _FLAT_GREY, np.float32),
        taken=np.zeros(shape, np.bool_),
        left_px=0,
        right_px=_SHEET_PX,
        rng=np.random.default_rng([class_id, seed]),
    )
    mask = np.zeros(shape, np.bool_)
    draw(sheet, mask)
    drawn = box_of(mask)
    return Stamp(class_id=class_id, shape=mask[drawn], tone=sheet.grey[drawn] - np.float32(_FLAT_GREY))


def press(canvas: Canvas, hit: Hit, first_row_px: int) -> Mask:
    """Draw what of a hit lies on this frame, whose first row is `first_row_px` of the strip; its mask.

    Steel beside the strip, and pixels that another defect holds, stay as they are.
    """
    mask, shape = np.zeros(canvas.shape, np.bool_), np.zeros(canvas.shape, np.bool_)
    height, width = hit.stamp.shape.shape
    top, left = hit.row_px - first_row_px, hit.column_px
    rows = slice(max(0, top), max(0, min(canvas.shape[0], top + height)))
    columns = slice(max(0, left), max(0, min(canvas.shape[1], left + width)))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return mask
    shape[rows, columns] = hit.stamp.shape[_shifted(rows, top), _shifted(columns, left)]
    if shape.any():
        rows, columns = box_of(shape)
        add_tone(canvas, mask, shape, hit.stamp.tone[_shifted(rows, top), _shifted(columns, left)])
    return mask


def _shifted(part: slice, by: int) -> slice:
    return slice(part.start - by, part.stop - by)


def _pits(sheet: Canvas, mask: Mask) -> None:
    for centre in ((118, 110), (136, 128), (122, 148)):
        pit(sheet, mask, centre, (11, 20))


def _crack(sheet: Canvas, mask: Mask) -> None:
    crack(sheet, mask, (128, 68), 120, 20.0)


def _scratch(sheet: Canvas, mask: Mask) -> None:
    scratch(sheet, mask, (128, 18), 220, 16.0)


def _scab(sheet: Canvas, mask: Mask) -> None:
    scab(sheet, mask, (128, 128), (70.0, 60.0))


# Sizes and looks (the seed) were chosen by what the bundle `synthetic` makes of them on 120 different strips:
# .98, .90, .98 and .99 of them are segmented with their class, .98, .78, .93 and .99 as one region. Shorter
# scratches and thinner cracks fell into pieces.
_DRAWN: Mapping[int, tuple[Callable[[Canvas, Mask], None], int]] = {
    1: (_pits, 0),
    2: (_crack, 5),
    3: (_scratch, 2),
    4: (_scab, 2),
}
STAMP_CLASSES = tuple(sorted(_DRAWN))
"""Those that `draw_stamp` knows."""
