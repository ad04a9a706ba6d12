"""The bundles that ship: whole, small, honest about their samples, right on frames they never learnt from."""

from __future__ import annotations

import numpy as np
import pytest

from model.bundle import BUNDLES, verify
from model.inspector import FrameResult
from model.load import load_inspector
from model.regions import class_masks
from model.synthesis import SyntheticStrip
from model.training.frames import decode, judged
from model.training.layout import read_layout
from tests.support.layouts import real_frames

Masks = dict[int, np.ndarray]


@pytest.mark.parametrize("name", ["severstal", "synthetic"])
def test_a_shipped_bundle_is_whole_small_and_says_on_how_many_frames_it_was_judged(name: str) -> None:
    card = verify(BUNDLES / name)
    assert card.name == name
    assert sum(file.stat().st_size for file in (BUNDLES / name).iterdir()) <= 25e6
    for how in ("cross_fitted", "as_shipped"):
        figures = card.metrics[how]
        assert figures["gate"]["defective_frames"] >= 200
        assert figures["gate"]["clean_frames"] >= 13
        assert figures["masks"]["pairs"] >= 800
    assert card.metrics["as_shipped"]["gate"]["miss_share"] <= 0.02
    assert set(card.data["trained"]) == {"gate", "segmenter"}


def mean_dice(results: list[FrameResult], truths: list[Masks]) -> float:
    """Over (frame, class) pairs that hold something."""
    values = []
    for result, truth in zip(results, truths, strict=True):
        found = class_masks(result.regions, 256, 1600)
        for class_id, mask in truth.items():
            guess = found.get(class_id, np.zeros_like(mask))
            values.append(2 * (guess & mask).sum() / (guess.sum() + mask.sum()))
    return float(np.mean(values))


def test_synthetic_finds_a_strip_of_a_new_seed() -> None:
    strip = SyntheticStrip(424_242, 0.5)
    frames = [strip.frame(index) for index in range(24)]
    results = load_inspector("synthetic", threads=2).inspect(
        [frame.pixels.reshape(128, 2, 800, 2).mean(axis=(1, 3)).astype(np.uint8) for frame in frames]
    )
    right = [r.defective == f.defective for r, f in zip(results, frames, strict=True)]
    assert np.mean(right) > 0.8
    defective = [i for i, frame in enumerate(frames) if frame.defective]
    assert mean_dice([results[i] for i in defective], [frames[i].masks for i in defective]) > 0.4


def test_severstal_masks_lie_on_real_defects() -> None:
    spec = verify(BUNDLES / "severstal").input
    held_out = [e for e in read_layout(real_frames()) if e.fold == 0 and e.truth == "mask"][::10]
    frames = [judged(entry, decode(entry, spec), spec) for entry in held_out]
    results = load_inspector("severstal", threads=2).inspect([frame.pixels for frame in frames])
    assert np.mean([result.defective for result in results]) > 0.9
    assert mean_dice(results, [frame.masks for frame in frames]) > 0.5
