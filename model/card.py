"""`card.json`: what a bundle is, was trained on, and promises."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

FORMAT_VERSION = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DefectClass(_Part):
    """One kind of defect; ids are 1-based, as in the competition."""

    class_id: int = Field(ge=1)
    name: str


class InputSpec(_Part):
    """What frames must look like, and how they are read."""

    width_px: int = Field(gt=0, description="Across the strip, full size")
    height_px: int = Field(gt=0, description="Along the strip, full size")
    reduce: Literal[1, 2] = Field(description="Decoded at 1/reduce of the size, inside the JPEG decoder")
    mean: float = Field(description="Grey level; the graph normalises: (grey - mean) / std")
    std: float = Field(gt=0)


class GateSpec(_Part):
    """The classifier: a sigmoid score for each cell, the frame's score is their maximum."""

    architecture: str
    encoder: str
    threshold: float = Field(ge=0, le=1)


class SegmenterSpec(_Part):
    """The segmenter and its post-processing; lists are in class order."""

    architecture: str
    encoder: str
    pyramid_channels: int = Field(gt=0)
    segmentation_channels: int = Field(gt=0)
    thresholds: tuple[float, ...]
    min_area_px: tuple[int, ...] = Field(
        description="In pixels of the full-size frame, of the whole class mask"
    )


class Card(_Part):
    """The whole card."""

    format_version: int
    name: str
    design: Literal["separate"]
    created_at: str
    classes: tuple[DefectClass, ...]
    input: InputSpec
    gate: GateSpec
    segmenter: SegmenterSpec
    engines: tuple[str, ...] = Field(description="Engines with files in the bundle")
    data: dict[str, Any] = Field(description="Trained on what, from which weights; which frames judge it")
    calibration: dict[str, Any]
    metrics: dict[str, Any] = Field(description="Measured, with sample sizes")
    files: dict[str, str] = Field(description="File name -> sha256")
