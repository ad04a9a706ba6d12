"""Small pictures for the report: found masks as tints, true masks as outlines, on the frame itself."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from model.frames.frames import Box
from model.inspector import Region
from model.overlays import class_colour
from model.regions import class_masks

WIDTH_PX: Final = 960
JPEG_QUALITY: Final = 70
"""With 960 px a picture takes about 20 kB, 32 of them less than 1 MB of report."""

_TINT: Final = 0.45
_PAPER: Final = (255, 255, 255)


def draw(
    pixels: NDArray[np.uint8],
    found: tuple[Region, ...],
    true_masks: Mapping[int, NDArray[np.bool_]],
    true_boxes: Mapping[int, tuple[Box, ...]],
) -> NDArray[np.uint8]:
    """A full-size (H, W) uint8 frame -> (h, WIDTH_PX, 3) uint8 BGR, in the colours of all overlays.

    Boxes are drawn for classes whose masks are not known.
    """
    picture = cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR)
    for class_id, mask in sorted(class_masks(found, *pixels.shape).items()):
        colour = np.array(class_colour(class_id))
        picture[mask] = ((1 - _TINT) * picture[mask] + _TINT * colour).astype(np.uint8)
    for class_id, mask in sorted(true_masks.items()):
        contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, contours, -1, _PAPER, thickness=6, lineType=cv2.LINE_AA)
        cv2.drawContours(picture, contours, -1, class_colour(class_id), thickness=3, lineType=cv2.LINE_AA)
    for class_id, boxes in sorted(true_boxes.items()):
        for row_min, col_min, row_max, col_max in boxes:
            corners = ((col_min, row_min), (col_max, row_max))
            cv2.rectangle(picture, *corners, _PAPER, thickness=6)
            cv2.rectangle(picture, *corners, class_colour(class_id), thickness=2)
    height = round(WIDTH_PX * pixels.shape[0] / pixels.shape[1])
    return np.asarray(cv2.resize(picture, (WIDTH_PX, height), interpolation=cv2.INTER_AREA), np.uint8)


def data_uri(picture: NDArray[np.uint8]) -> str:
    """(h, w, 3) uint8 BGR -> a JPEG that lies in the page itself."""
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(coded.tobytes()).decode()
