"""`card.json`: what a bundle is, was trained on, and promises."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

FORMAT_VERSION = 2

LINE, ACCURATE = "line", "accurate"
"""Presets: the fastest that keeps the bound, and the surer one that a bundle may have."""

PLANT, KAGGLE = "plant", "kaggle"
"""Operating points of every preset: recall first, and the competition's mean Dice."""


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
    mean: float = Field(ge=0, le=255, description="Grey level; the graph normalises: (grey - mean) / std")
    std: float = Field(gt=0)


class GateSpec(_Part):
    """A network that only scores frames: a sigmoid for each cell, a frame's score is their maximum."""

    architecture: str
    encoder: str


class SegmenterSpec(_Part):
    """The segmenter. Its encoder carries a gate's head as well, so it can score frames by itself."""

    architecture: str
    encoder: str
    pyramid_channels: int = Field(gt=0)
    segmentation_channels: int = Field(gt=0)


class MaskRule(_Part):
    """Post-processing of one class by the competition's winners' triplet.

    A class is there when its probabilities reach `top_threshold` on `min_area_px` pixels of the full-size
    frame; its mask is then where they reach `bottom_threshold`.
    """

    top_threshold: float = Field(ge=0, le=1)
    bottom_threshold: float = Field(ge=0, le=1)
    min_area_px: int = Field(ge=0)

    @model_validator(mode="after")
    def _bottom_is_not_above_top(self) -> Self:
        if self.bottom_threshold > self.top_threshold:
            raise ValueError("bottom_threshold is above top_threshold")
        return self


class OperatingPoint(_Part):
    """Thresholds that belong together, and how they were chosen."""

    gate_threshold: float = Field(ge=0, le=1)
    masks: tuple[MaskRule, ...] = Field(description="In class order")
    chosen: dict[str, Any] = Field(
        description="On which frames, how many, for which bound at which confidence"
    )


class Preset(_Part):
    """One way to run the bundle: which network scores the frames, and its operating points."""

    gate: Literal["gate", "segmenter"] = Field(
        description="`gate`: the small network; `segmenter`: the head on its encoder, slower, surer"
    )
    operating_points: dict[str, OperatingPoint]
    metrics: dict[str, Any] = Field(description="Measured, with sample sizes")


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
    presets: dict[str, Preset] = Field(description="`line`: the fastest that keeps the bound; `accurate`")
    score_distribution: dict[str, Any] = Field(
        description="Gate scores of held-out frames, by preset: for drift"
    )
    files: dict[str, str] = Field(description="File name -> sha256")
