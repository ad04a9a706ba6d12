"""A picture to what a bundle's networks take: decoded as the line decodes, fitted when it is no frame.

A picture of the frame's size takes the line's own way. Any other is shown to the networks whole: scaled until
it just fits, laid into the frame's upper left corner, and the rest is filled with its mirror image. Measured
on windows 256, 512 and 800 px wide cut from 80 real frames and 60 synthetic ones, as the share of mask pixels
that differ from the whole frame's: mirrored 3.3-4.8 in a thousand (real) and 0.8-1.2 (synthetic), the mean
grey 5.3-7.8 and 1.4-1.9, black 3.4-4.7 and 0.7-1.4; but with black every synthetic picture passes the gate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from model.card import InputSpec
from model.images import ImageInvalid, decode_grey
from model.inspector import Pixels
from station.trial.headers import Header, read_header
from station.trial.refusals import Damaged, TooLarge, TooManyPixels, TooSmall

_TURNED: Final = frozenset({5, 6, 7, 8})
"""Orientations in which width and height change places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is read at all."""

    max_bytes: int = 16 * 2**20
    max_pixels: int = 32 * 10**6
    """The dearest is a progressive JPEG in colour: 214 MB for 0.4 s. A PNG takes 63 MB and 0.1-0.6 s."""
    min_side_px: int = 32
    """Below it there is no picture to judge, only what enlarging makes of a few pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """How a picture that is no frame came into one: `frame px = picture px * scale`, from the upper left."""

    picture_width_px: int
    picture_height_px: int
    """As a browser shows it: turned as its Exif says."""
    scale: float
    width_px: int
    height_px: int
    """What it covers of the frame; the rest is its mirror image, where no region is reported."""
    turned: bool
    """Whether it is stored another way round than it is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What the networks see."""

    pixels: Pixels
    fitted: Fitted | None
    """None for a frame, which needs no fitting."""


def read_picture(image: bytes, spec: InputSpec, limits: Limits) -> Picture:
    """Decode a JPEG or PNG to a bundle's working size.

    Raises NotAnImage, TooLarge, TooManyPixels, TooSmall or Damaged, from the header alone where it tells.
    """
    header = check_size(image, limits)
    if (header.width_px, header.height_px, header.orientation) == (spec.width_px, spec.height_px, 1):
        return Picture(pixels=_decode(image, header, spec.reduce), fitted=None)
    return _fit(_upright(_decode(image, header, 1), header.orientation), spec, header.orientation != 1)


def check_size(image: bytes, limits: Limits) -> Header:
    """Refuse by size alone, and give the header. Raises as `read_picture` does."""
    if len(image) > limits.max_bytes:
        most = f"{limits.max_bytes / 2**20:.0f} MiB"
        raise TooLarge(f"The file is larger than {most}: cut out the part that matters, or save it smaller.")
    header = read_header(image)
    size = f"{header.width_px} x {header.height_px} px"
    if header.width_px * header.height_px > limits.max_pixels:
        most = f"{limits.max_pixels / 10**6:.0f} million pixels"
        raise TooManyPixels(f"The image is {size}, more than {most}: cut out the part that matters.")
    if min(header.width_px, header.height_px) < limits.min_side_px:
        least = f"{limits.min_side_px} px"
        raise TooSmall(f"The image is {size}: send one that is at least {least} wide and {least} high.")
    return header


def _decode(image: bytes, header: Header, reduce: int) -> Pixels:
    try:
        return decode_grey(image, width_px=header.width_px, height_px=header.height_px, reduce=reduce)
    except ImageInvalid as invalid:
        if invalid.kind == "truncated_image":
            raise Damaged(
                "The image ends too early: it was cut off on its way. Send the whole file."
            ) from None
        raise Damaged("The image is damaged: save it again as JPEG or PNG and send the new file.") from None


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn stored pixels as Exif says they are to be shown."""
    if orientation in _TURNED:
        pixels = pixels.T  # 5; what remains is a mirroring or none
    mirrored_rows = orientation in (3, 4, 7, 8)
    mirrored_cols = orientation in (2, 3, 6, 7)
    return pixels[:: -1 if mirrored_rows else 1, :: -1 if mirrored_cols else 1]


def _fit(pixels: Pixels, spec: InputSpec, turned: bool) -> Picture:
    height_px, width_px = pixels.shape
    scale = min(spec.width_px / width_px, spec.height_px / height_px)
    goal_rows, goal_cols = spec.height_px // spec.reduce, spec.width_px // spec.reduce
    rows = min(goal_rows, max(1, round(height_px * scale / spec.reduce)))
    cols = min(goal_cols, max(1, round(width_px * scale / spec.reduce)))
    shrinks = rows <= height_px and cols <= width_px
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    small = cv2.resize(np.ascontiguousarray(pixels), (cols, rows), interpolation=method)
    filled = np.pad(small, ((0, goal_rows - rows), (0, goal_cols - cols)), mode="symmetric")
    fitted = Fitted(
        picture_width_px=width_px,
        picture_height_px=height_px,
        scale=scale,
        width_px=cols * spec.reduce,
        height_px=rows * spec.reduce,
        turned=turned,
    )
    return Picture(pixels=np.ascontiguousarray(filled, np.uint8), fitted=fitted)
