"""The `synthetic` bundle: tiny networks on the synthetic strip, judged on seeds they never saw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from torch import nn

from model.card import GateSpec, SegmenterSpec
from model.images import decode_grey
from model.nets import GateNet, SegmenterNet
from model.synthesis import SyntheticFrame, SyntheticStrip
from model.training.frames import JudgedFrame, LabelledFrame, half_size
from model.training.loop import LoopPlan
from model.training.networks import train_gate, train_segmenter
from model.training.recipes import INPUT, Budget, FrameSplit
from model.training.sampling import SamplingPlan

TRAIN_SEEDS = range(10_000, 10_240)
JUDGED_SEEDS = range(90_000, 90_060)
FRAMES_A_SEED = 8
JPEG_QUALITY = 95
GATE_STEPS, SEGMENTER_STEPS = 450, 900
"""Enough for a strip this simple; `minutes` cuts them short."""

EVEN_SHARES = {1: 1.0, 2: 1.0, 3: 1.6, 4: 1.0}
"""Rarer classes are learnt as well when they are not rare in training."""


class SyntheticRecipe:
    """Everything is drawn here: no frames from outside, no starts."""

    name = "synthetic"
    gate = GateSpec(architecture="dense", encoder="tu-mobilenetv4_conv_small_050")
    segmenter = SegmenterSpec(
        architecture="fpn",
        encoder="tu-mobilenetv4_conv_small_050",
        pyramid_channels=64,
        segmentation_channels=32,
    )

    def __init__(self, train_seeds: range = TRAIN_SEEDS, judged_seeds: range = JUDGED_SEEDS) -> None:
        self._train_seeds, self._judged_seeds = train_seeds, judged_seeds

    def read(self, frames: Path | None) -> FrameSplit:
        """Draw both sets; half of the frames are clean."""
        train = [labelled(strip_id, frame) for strip_id, frame in _drawn(self._train_seeds)]
        judged = [judged_frame(strip_id, frame) for strip_id, frame in _drawn(self._judged_seeds)]
        described = {
            "frames": f"synthetic strip (model.synthesis), seeds {_spelled(self._train_seeds)}, "
            f"{len(train)} frames, half of them clean, through JPEG at quality {JPEG_QUALITY}",
            "judged_by": f"seeds {_spelled(self._judged_seeds)}, {len(judged)} frames; "
            "thresholds were chosen on them too: see metrics.cross_fitted; none of this is about real steel",
        }
        return FrameSplit(train=train, judged=judged, described=described)

    def gate_share(self, budget: Budget) -> float:
        """Half: both are as small."""
        return 0.5

    def train_gate(
        self, net: GateNet, split: FrameSplit, budget: Budget, segmenter: nn.Module
    ) -> tuple[nn.Module, str]:
        """From the segmenter's encoder: from random weights, 700 steps reached an AUC of .89 only."""
        net.encoder.load_state_dict(segmenter.get_submodule("encoder").state_dict())
        loop = LoopPlan(
            minutes=budget.minutes,
            max_steps=GATE_STEPS,
            learning_rate=1.5e-3,
            flat_share=0.3,
            checkpoint=budget.work / "gate.checkpoint.pt",
        )
        trained = train_gate(net, list(split.train), SamplingPlan(), loop, seed=budget.seed)
        return trained.net, f"from the segmenter's encoder; {trained}"

    def train_segmenter(self, net: SegmenterNet, split: FrameSplit, budget: Budget) -> tuple[nn.Module, str]:
        """From random weights, on masks."""
        sampling = SamplingPlan(crop_width_px=448, clean_share=0.15, mix_probability=0.2)
        loop = LoopPlan(
            minutes=budget.minutes,
            max_steps=SEGMENTER_STEPS,
            learning_rate=2e-3,
            checkpoint=budget.work / "segmenter.checkpoint.pt",
        )
        trained = train_segmenter(net, list(split.train), sampling, loop, seed=budget.seed)
        return trained.net, f"from random weights; {trained}"


def _spelled(seeds: range) -> str:
    return f"{seeds.start}-{seeds.stop - 1}"


def _drawn(seeds: range) -> list[tuple[str, SyntheticFrame]]:
    drawn = []
    for seed in seeds:
        strip = SyntheticStrip(seed, 0.5, class_shares=EVEN_SHARES)
        drawn += [(f"{seed}-{index}", strip.frame(index)) for index in range(FRAMES_A_SEED)]
    return drawn


def _through_jpeg(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Half-size pixels as the line would decode them."""
    encoded = simplejpeg.encode_jpeg(pixels[..., None], quality=JPEG_QUALITY, colorspace="GRAY")
    return decode_grey(encoded, width_px=INPUT.width_px, height_px=INPUT.height_px, reduce=INPUT.reduce)


def labelled(image_id: str, frame: SyntheticFrame) -> LabelledFrame:
    """A synthetic frame to learn from."""
    classes = np.zeros((INPUT.height_px // 2, INPUT.width_px // 2), np.uint8)
    for class_id, mask in frame.masks.items():
        classes[half_size(mask)] = class_id
    return LabelledFrame(
        image_id=image_id,
        truth="mask" if frame.defective else "clean",
        fold=None,
        classes=tuple(frame.masks),
        pixels=_through_jpeg(frame.pixels),
        class_map=classes,
    )


def judged_frame(image_id: str, frame: SyntheticFrame) -> JudgedFrame:
    """A synthetic frame to be judged by."""
    return JudgedFrame(
        image_id=image_id,
        truth="mask" if frame.defective else "clean",
        pixels=_through_jpeg(frame.pixels),
        masks=dict(frame.masks),
    )
