"""Frames drawn from the synthetic strip, as the line would decode them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from model.card import InputSpec
from model.frames.frames import FrameSplit, JudgedFrame, LabelledFrame, half_size
from model.images import decode_grey
from model.synthesis import SyntheticFrame, SyntheticStrip
from model.training.recipe import SyntheticSource

EVEN_SHARES = {1: 1.0, 2: 1.0, 3: 1.6, 4: 1.0}
"""Rarer classes are learnt as well when they are not rare in training."""


def draw_split(source: SyntheticSource, spec: InputSpec) -> FrameSplit:
    """Draw frames to learn from, and frames of other seeds to be judged by."""
    train = [_labelled(i, f, source, spec) for i, f in _drawn(source.train_seeds, source, spec)]
    judged = [_judged(i, f, source, spec) for i, f in _drawn(source.judged_seeds, source, spec)]
    return FrameSplit(
        train=train,
        judged=judged,
        described={
            "learnt_from": f"synthetic strip (model.synthesis), seeds {_spelled(source.train_seeds)}, "
            f"{len(train)} frames, {source.defect_share:.0%} of them defective, through JPEG at quality "
            f"{source.jpeg_quality}",
            "judged_by": f"seeds {_spelled(source.judged_seeds)}, {len(judged)} frames; none of them "
            "is of real steel",
        },
    )


def _spelled(seeds: tuple[int, int]) -> str:
    return f"{seeds[0]}-{seeds[1] - 1}"


def _drawn(
    seeds: tuple[int, int], source: SyntheticSource, spec: InputSpec
) -> Iterator[tuple[str, SyntheticFrame]]:
    for seed in range(*seeds):
        strip = SyntheticStrip(
            seed,
            source.defect_share,
            class_shares=EVEN_SHARES,
            width_px=spec.width_px,
            height_px=spec.height_px,
        )
        for index in range(source.frames_a_seed):
            yield f"{seed}-{index}", strip.frame(index)


def _decoded(frame: SyntheticFrame, source: SyntheticSource, spec: InputSpec) -> NDArray[np.uint8]:
    """(h, w) uint8 through JPEG."""
    encoded = simplejpeg.encode_jpeg(frame.pixels[..., None], quality=source.jpeg_quality, colorspace="GRAY")
    return decode_grey(encoded, width_px=spec.width_px, height_px=spec.height_px, reduce=spec.reduce)


def _labelled(
    image_id: str, frame: SyntheticFrame, source: SyntheticSource, spec: InputSpec
) -> LabelledFrame:
    pixels = _decoded(frame, source, spec)
    classes = np.zeros(pixels.shape, np.uint8)
    for class_id, mask in frame.masks.items():
        classes[half_size(mask) if spec.reduce == 2 else mask] = class_id
    return LabelledFrame(
        image_id=image_id,
        truth="mask" if frame.defective else "clean",
        fold=None,
        classes=tuple(frame.masks),
        pixels=pixels,
        class_map=classes,
    )


def _judged(image_id: str, frame: SyntheticFrame, source: SyntheticSource, spec: InputSpec) -> JudgedFrame:
    return JudgedFrame(
        image_id=image_id,
        truth="mask" if frame.defective else "clean",
        pixels=_decoded(frame, source, spec),
        masks=dict(frame.masks),
    )
