"""Specs of networks that build and run in a test: the smallest encoder, 64x96 input."""

from __future__ import annotations

from typing import Final

from model.card import GateSpec, InputSpec, SegmenterSpec

ENCODER: Final = "tu-mobilenetv4_conv_small_050"
INPUT: Final = InputSpec(width_px=192, height_px=128, reduce=2, mean=88, std=50)
GATE: Final = GateSpec(architecture="dense", encoder=ENCODER)
SEGMENTER: Final = SegmenterSpec(
    architecture="fpn",
    encoder=ENCODER,
    pyramid_channels=16,
    segmentation_channels=32,
)
