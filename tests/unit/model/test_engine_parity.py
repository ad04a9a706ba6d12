"""All engines of a shipped bundle on real frames: how far they may differ; company changes nothing."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Final

import numpy as np
import pytest

from model.bundle import find, load_card
from model.engines.openvino import OpenVinoInspector
from model.engines.torch import TorchInspector
from model.images import decode_grey
from model.inspector import Pixels
from model.load import ENGINES, load_inspector
from tests.support.layouts import real_frames

BUNDLE: Final = "severstal"
FRAMES: Final = {"mask": 18, "clean": 6}
"""How many of each truth, spread over the data set."""

FP32_SCORES, FP32_PROBABILITIES = 1e-4, 2e-3
"""openvino-fp32 against torch: other orders of summation, nothing else."""

INT8_SCORE, INT8_SCORES, INT8_PROBABILITIES, INT8_DICE = 0.3, 0.1, 0.01, 0.93
"""int8 against fp32: the farthest score (.24 seen, on a clean frame), the mean of scores apart (.05), the
farthest frame's mean difference of probabilities (.0055), masks of all frames against each other (.962)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one engine says of N frames: (N,) scores, (N, classes, h, w) probabilities."""

    scores: np.ndarray
    probabilities: np.ndarray


@pytest.fixture(scope="module")
def frames() -> list[Pixels]:
    """Real frames from all over the data set, as the bundle reads them."""
    folder, spec = real_frames(), load_card(find(BUNDLE)).input
    with (folder / "frames.csv").open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    names = [
        name
        for truth, count in FRAMES.items()
        for name in spread([row["ImageId"] for row in rows if row["truth"] == truth], count)
    ]
    return [
        decode_grey(
            (folder / "images" / name).read_bytes(),
            width_px=spec.width_px,
            height_px=spec.height_px,
            reduce=spec.reduce,
        )
        for name in names
    ]


def spread(names: list[str], count: int) -> list[str]:
    """`count` of the names, at equal distances."""
    return names[:: len(names) // count][:count]


@pytest.fixture(scope="module")
def inspectors() -> dict[str, OpenVinoInspector | TorchInspector]:
    built = {engine: load_inspector(BUNDLE, engine=engine, threads=2) for engine in ENGINES}
    return {
        engine: inspector
        for engine, inspector in built.items()
        if isinstance(inspector, OpenVinoInspector | TorchInspector)
    }


@pytest.fixture(scope="module")
def said(inspectors: dict[str, OpenVinoInspector | TorchInspector], frames: list[Pixels]) -> dict[str, Said]:
    return {engine: of(inspector, frames) for engine, inspector in inspectors.items()}


def of(inspector: OpenVinoInspector | TorchInspector, frames: list[Pixels]) -> Said:
    return Said(
        scores=np.array([gated.score for gated in inspector.gate(frames)]),
        probabilities=np.stack(inspector.probabilities(frames)),
    )


def test_every_engine_is_here(said: dict[str, Said]) -> None:
    assert set(said) == set(ENGINES)
    assert np.ptp(said["torch"].scores) > 0.3, "frames that score alike prove nothing"
    assert said["torch"].probabilities.max() > 0.5


def test_openvino_in_full_precision_says_what_torch_says(said: dict[str, Said]) -> None:
    ours, torchs = said["openvino-fp32"], said["torch"]
    np.testing.assert_allclose(ours.scores, torchs.scores, rtol=0, atol=FP32_SCORES)
    np.testing.assert_allclose(ours.probabilities, torchs.probabilities, rtol=0, atol=FP32_PROBABILITIES)


def test_int8_stays_near_full_precision(said: dict[str, Said]) -> None:
    int8, full = said["openvino"], said["openvino-fp32"]
    off = np.abs(int8.scores - full.scores)
    assert off.max() < INT8_SCORE
    assert off.mean() < INT8_SCORES
    assert np.abs(int8.probabilities - full.probabilities).mean(axis=(1, 2, 3)).max() < INT8_PROBABILITIES

    point = load_card(find(BUNDLE)).presets["line"].operating_points["plant"]
    least = np.array([rule.bottom_threshold for rule in point.masks])[None, :, None, None]
    masks, others = int8.probabilities >= least, full.probabilities >= least
    assert others.any()
    assert 2 * (masks & others).sum() / (masks.sum() + others.sum()) > INT8_DICE


@pytest.mark.parametrize("engine", ENGINES)
def test_a_frame_alone_is_what_it_is_in_company(
    inspectors: dict[str, OpenVinoInspector | TorchInspector],
    said: dict[str, Said],
    frames: list[Pixels],
    engine: str,
) -> None:
    """To the bit: on a CPU every engine runs frame by frame."""
    alone = of(inspectors[engine], frames[2:3])
    turned = of(inspectors[engine], frames[4::-1])
    for first, again in ((alone, slice(2, 3)), (turned, slice(4, None, -1))):
        np.testing.assert_array_equal(first.scores, said[engine].scores[again])
        np.testing.assert_array_equal(first.probabilities, said[engine].probabilities[again])
