"""Frames of a staged strip: what each shows, its exact regions, and its picture when somebody asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from contracts.results import Box, BoxMm, DefectRegion
from model.card import InputSpec, MaskRule
from model.inspector import Region
from model.regions import RegionFinder
from model.synthesis import HEIGHT_PX, WIDTH_PX, SyntheticStrip
from model.synthesis_stamps import Hit, draw_stamp

CLASSES = {1: "pit", 2: "crack", 3: "scratch", 4: "scab"}
MM_ACROSS, MM_ALONG = 0.4, 0.65
"""Of a pixel: two cameras see 1,280 mm of width, a frame is 166.4 mm long."""
FRAME_MM = HEIGHT_PX * MM_ALONG
CAMERA_MM = WIDTH_PX * MM_ACROSS
LOOKS = (25, 5)
"""Seeds whose steel shows an edge at the drive side, and none: what stands left, what stands right."""

_LEAST_PX = 60
_JPEG_QUALITY = 92


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """A stamp of a class on one frame, by its corner; it may lie partly outside."""

    class_id: int
    row_px: int
    column_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What one frame shows. The same scene is always the same picture."""

    camera: int
    index: int
    class_id: int | None = None
    """Drawn on it at a place of its own; None: only what is pressed."""
    pressed: tuple[Pressed, ...] = ()

    @property
    def clean(self) -> bool:
        """Nothing is on it."""
        return self.class_id is None and not self.pressed


def picture(scene: Scene) -> bytes:
    """The frame as its camera would have sent it."""
    pixels = _strip(scene.camera, scene.class_id).frame(scene.index, _hits(scene)).pixels
    return simplejpeg.encode_jpeg(
        pixels[:, :, np.newaxis], quality=_JPEG_QUALITY, colorspace="GRAY", colorsubsampling="Gray"
    )


def regions(scene: Scene, frame_index: int) -> tuple[DefectRegion, ...]:
    """What a flawless model would find on it, when it is that frame of a coil."""
    if scene.clean:
        return ()
    if scene.class_id is None:
        found = [region for each in scene.pressed for region in _of_stamp(each)]
    elif scene.pressed:
        found = _found(_strip(scene.camera, scene.class_id).frame(scene.index, _hits(scene)).masks, scene)
    else:
        found = _drawn(scene)
    return tuple(_on_coil(region, scene.camera, frame_index) for region in found)


@cache
def _drawn(scene: Scene) -> list[Region]:
    return _found(_strip(scene.camera, scene.class_id).frame(scene.index).masks, scene)


def _of_stamp(pressed: Pressed) -> list[Region]:
    """On steel that shows nothing else the mask is the stamp's: nothing has to be drawn."""
    shape = draw_stamp(pressed.class_id).shape
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.bool_)
    top, left = max(0, pressed.row_px), max(0, pressed.column_px)
    bottom = min(HEIGHT_PX, pressed.row_px + shape.shape[0])
    right = min(WIDTH_PX, pressed.column_px + shape.shape[1])
    if top >= bottom or left >= right:
        return []
    rows = slice(top - pressed.row_px, bottom - pressed.row_px)
    mask[top:bottom, left:right] = shape[rows, left - pressed.column_px : right - pressed.column_px]
    return _components(pressed.class_id, mask, 0.83 + 0.15 * ((pressed.row_px * 37) % 100) / 100)


def _found(masks: dict[int, NDArray[np.bool_]], scene: Scene) -> list[Region]:
    score = 0.55 + 0.43 * ((scene.index * 61 + scene.camera * 17) % 100) / 100
    return [region for class_id, mask in masks.items() for region in _components(class_id, mask, score)]


def _components(class_id: int, mask: NDArray[np.bool_], score: float) -> list[Region]:
    found = _finder(class_id).find((mask * np.float32(score))[np.newaxis])
    return [region for region in found if region.area_px >= _LEAST_PX]


@cache
def _finder(class_id: int) -> RegionFinder:
    size = InputSpec(width_px=WIDTH_PX, height_px=HEIGHT_PX, reduce=1, mean=0, std=1)
    return RegionFinder(size, [class_id], [MaskRule(top_threshold=0.3, bottom_threshold=0.3, min_area_px=1)])


@cache
def _strip(camera: int, class_id: int | None) -> SyntheticStrip:
    shares = {class_id or 1: 1.0}
    return SyntheticStrip(LOOKS[camera], 0.0 if class_id is None else 1.0, class_shares=shares)


def _hits(scene: Scene) -> Sequence[Hit]:
    first_row = scene.index * HEIGHT_PX
    return [
        Hit(stamp=draw_stamp(each.class_id), row_px=first_row + each.row_px, column_px=each.column_px)
        for each in scene.pressed
    ]


def _on_coil(region: Region, camera: int, frame_index: int) -> DefectRegion:
    along_mm, across_mm = frame_index * FRAME_MM, camera * CAMERA_MM
    return DefectRegion(
        class_id=region.class_id,
        class_name=CLASSES[region.class_id],
        score=region.score,
        area_px=region.area_px,
        area_mm2=region.area_px * MM_ACROSS * MM_ALONG,
        box_px=Box(
            row_min=region.row_min, col_min=region.col_min, row_max=region.row_max, col_max=region.col_max
        ),
        box_mm=BoxMm(
            along_min_mm=along_mm + region.row_min * MM_ALONG,
            along_max_mm=along_mm + (region.row_max + 1) * MM_ALONG,
            across_min_mm=across_mm + region.col_min * MM_ACROSS,
            across_max_mm=across_mm + (region.col_max + 1) * MM_ACROSS,
        ),
        mask_rle=region.rle,
    )
