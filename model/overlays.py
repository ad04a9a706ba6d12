"""What a person looks at: the frame, the outlines of what was found, and under it what the gate said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from model.card import DefectClass
from model.inspector import FrameResult
from model.palette import colour_of
from model.regions import class_masks

LEGEND_PX: Final = 44
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
_PAPER: Final = (255, 255, 255)
_INK: Final = (43, 38, 34)
_FAINT: Final = (136, 128, 122)
_SWATCH_PX: Final = 16
_MARGIN_PX: Final = 12


def draw_overlay(
    pixels: NDArray[np.uint8],
    result: FrameResult,
    classes: Sequence[DefectClass],
    gate_threshold: float,
    image_id: str,
) -> NDArray[np.uint8]:
    """A picture of one frame: full-size (H, W) uint8 grey in, (H + LEGEND_PX, W, 3) uint8 BGR out."""
    height_px, width_px = pixels.shape
    picture = np.full((height_px + LEGEND_PX, width_px, 3), _PAPER, np.uint8)
    picture[:height_px] = pixels[..., None]
    masks = class_masks(result.regions, height_px, width_px)
    for class_id, mask in masks.items():
        _outline(picture[:height_px], mask, class_colour(class_id))
    _draw_legend(picture[height_px:], result, classes, gate_threshold, masks, image_id)
    return picture


def class_colour(class_id: int) -> tuple[int, int, int]:
    """A class's colour in every picture, as BGR."""
    red, green, blue = bytes.fromhex(colour_of(class_id)[1:])
    return (blue, green, red)


def _outline(picture: NDArray[np.uint8], mask: NDArray[np.bool_], colour: tuple[int, int, int]) -> None:
    """Draw around a mask, holes too: white under the colour, so that it is seen on black and on steel."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, contours, -1, _PAPER, thickness=4, lineType=cv2.LINE_AA)
    cv2.drawContours(picture, contours, -1, colour, thickness=2, lineType=cv2.LINE_AA)


def _draw_legend(
    band: NDArray[np.uint8],
    result: FrameResult,
    classes: Sequence[DefectClass],
    gate_threshold: float,
    masks: dict[int, NDArray[np.bool_]],
    image_id: str,
) -> None:
    word = "defective" if result.defective else "clean"
    sign = ">=" if result.defective else "<"
    said = f"{image_id}   {word}: gate {result.gate_score:.3f} {sign} {gate_threshold:.3f}"
    x = _write(band, _MARGIN_PX, said, _INK) + 3 * _MARGIN_PX
    for kind in classes:
        x = _draw_class(band, x, kind, masks.get(kind.class_id)) + 2 * _MARGIN_PX


def _draw_class(band: NDArray[np.uint8], x: int, kind: DefectClass, mask: NDArray[np.bool_] | None) -> int:
    """One entry: a swatch (filled when the class was found), number, name, area. Returns where it ends."""
    top = (LEGEND_PX - _SWATCH_PX) // 2
    filled = cv2.FILLED if mask is not None else 1
    cv2.rectangle(band, (x, top), (x + _SWATCH_PX, top + _SWATCH_PX), class_colour(kind.class_id), filled)
    text = f"{kind.class_id} {kind.name}" + (f"  {np.count_nonzero(mask)} px" if mask is not None else "")
    return _write(band, x + _SWATCH_PX + 6, text, _INK if mask is not None else _FAINT)


def _write(band: NDArray[np.uint8], x: int, text: str, colour: tuple[int, int, int]) -> int:
    """Text in the middle of the band; returns where it ends."""
    printable = text.encode("ascii", "replace").decode()  # OpenCV's own fonts hold no more
    (width, height), _ = cv2.getTextSize(printable, _FONT, 0.5, 1)
    cv2.putText(band, printable, (x, (LEGEND_PX + height) // 2), _FONT, 0.5, colour, 1, cv2.LINE_AA)
    return x + int(width)
