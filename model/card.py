"""`card.json`: what a bundle is, was trained on, and promises."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

FORMAT_VERSION = 2

LINE, ACCURATE = "line", "accurate"
"""Presets: the fastest that keeps the bound, and the surer one that a bundle may have."""

Design = Literal["separate", "two_head", "shared_backbone"]
"""How gate and segmenter are run; the same weights may run in more than one way.

`separate`: a gate network of its own, the segmenter for the frames that pass. `two_head`: one encoder, a
gate's head and a decoder on it, all for every frame. `shared_backbone`: the same network, but the decoder
runs only for the frames that pass, on the features that are there already.
"""

SEPARATE: Final[Design] = "separate"
TWO_HEAD: Final[Design] = "two_head"
SHARED_BACKBONE: Final[Design] = "shared_backbone"
DESIGNS: Final[tuple[Design, ...]] = (SEPARATE, TWO_HEAD, SHARED_BACKBONE)

PLANT, KAGGLE = "plant", "kaggle"
"""Operating points of every preset: recall first, and the competition's mean Dice."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DefectClass(_Part):
    """One kind of defect; ids are 1-based, as in the competition."""

    class_id: int = Field(ge=1)
    name: str


class WholeView(_Part):
    """The networks see a frame as it was decoded."""

    kind: Literal["whole"] = "whole"


class ResizedView(_Part):
    """The networks see a frame at another size, interpolated bilinearly."""

    kind: Literal["resized"]
    height_px: int = Field(gt=0)
    width_px: int = Field(gt=0)


class CropsView(_Part):
    """The networks see a frame as crops side by side, each by itself.

    A frame scores as its worst crop; where it passes, all its crops are segmented.
    """

    kind: Literal["crops"]
    width_px: int = Field(gt=0, description="Of a crop, in pixels of the decoded frame, which they fill")


View = Annotated[WholeView | ResizedView | CropsView, Field(discriminator="kind")]


class InputSpec(_Part):
    """What frames must look like, and how they are read."""

    width_px: int = Field(gt=0, description="Across the strip, full size")
    height_px: int = Field(gt=0, description="Along the strip, full size")
    reduce: Literal[1, 2] = Field(description="Decoded at 1/reduce of the size, inside the JPEG decoder")
    mean: float = Field(ge=0, le=255, description="Grey level; the graph normalises: (grey - mean) / std")
    std: float = Field(gt=0)
    view: View = Field(default=WholeView(), description="How the networks see a frame; part of the graph")

    @property
    def seen_px(self) -> tuple[int, int]:
        """Height and width of one picture as the networks see it."""
        height_px, width_px = self.height_px // self.reduce, self.width_px // self.reduce
        match self.view:
            case ResizedView():
                return self.view.height_px, self.view.width_px
            case CropsView():
                return height_px, self.view.width_px
        return height_px, width_px

    @model_validator(mode="after")
    def _crops_fill_the_frame(self) -> Self:
        decoded_px = self.width_px // self.reduce
        if isinstance(self.view, CropsView) and decoded_px % self.view.width_px:
            raise ValueError(
                f"crops of {self.view.width_px} px do not fill a decoded width of {decoded_px} px"
            )
        return self


class GateSpec(_Part):
    """A network that only scores frames.

    `dense`: a sigmoid for each cell, a frame's score is their maximum. `classifier`: one for a whole picture,
    by global average pooling, dropout and a linear layer.
    """

    architecture: str
    encoder: str


class SegmenterSpec(_Part):
    """The segmenter. Its encoder carries a gate's head as well, so it can score frames by itself.

    `fpn` answers at a quarter of the size and needs both of its channels; `unet` and `linknet` answer at the
    size they see, with smp's own decoder channels unless `unet` is given others.
    """

    architecture: str
    encoder: str
    pyramid_channels: int | None = Field(default=None, gt=0)
    segmentation_channels: int | None = Field(default=None, gt=0)
    decoder_channels: tuple[int, ...] | None = Field(
        default=None, min_length=5, max_length=5, description="Of `unet`, from the deepest block on"
    )
    gate_head: Literal["dense", "classifier"] = Field(default="dense", description="As a gate's architecture")

    @model_validator(mode="after")
    def _channels_are_those_of_the_architecture(self) -> Self:
        fpn = self.pyramid_channels, self.segmentation_channels
        if self.architecture == "fpn" and None in fpn:
            raise ValueError("fpn needs pyramid_channels and segmentation_channels")
        if self.architecture != "fpn" and fpn != (None, None):
            raise ValueError("pyramid_channels and segmentation_channels are for fpn alone")
        if self.architecture != "unet" and self.decoder_channels is not None:
            raise ValueError("decoder_channels are for unet alone")
        return self


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
    design: Design
    created_at: str
    classes: tuple[DefectClass, ...]
    input: InputSpec
    gate: GateSpec | None = Field(
        default=None, description="Only of design `separate`; the others score by the segmenter's head"
    )
    segmenter: SegmenterSpec
    engines: tuple[str, ...] = Field(description="Engines with files in the bundle")
    data: dict[str, Any] = Field(description="Trained on what, from which weights; which frames judge it")
    presets: dict[str, Preset] = Field(description="`line`: the fastest that keeps the bound; `accurate`")
    score_distribution: dict[str, Any] = Field(
        description="Gate scores of held-out frames, by preset: for drift"
    )
    files: dict[str, str] = Field(description="File name -> sha256")
