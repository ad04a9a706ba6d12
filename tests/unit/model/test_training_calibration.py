"""Thresholds: how many they miss, what they prefer, and that cross-fitting judges none by its own choice."""

from __future__ import annotations

import numpy as np
import pytest

from model.training.calibration import RawOutputs, calibrate, cross_fitted, gate_threshold, results_from
from model.training.evaluation import JudgedFrame
from model.training.recipes import draft_card
from model.training.synthetic import SyntheticRecipe
from tests.support.labelled import judged_frame

CARD = draft_card(SyntheticRecipe(), {})
DEFECT = (slice(64, 128), slice(400, 600))


def test_the_gate_misses_exactly_what_it_may() -> None:
    scores = [i / 100 for i in range(100)]
    threshold = gate_threshold(scores, miss_share=0.02)
    assert sum(s < threshold for s in scores) == 2
    assert threshold == pytest.approx(0.015)
    assert gate_threshold([0.4, 0.6], miss_share=0.02) == pytest.approx(0.2)


def test_a_gate_without_defective_frames_is_refused() -> None:
    with pytest.raises(ValueError, match="defective"):
        gate_threshold([])


def strip(defective: int, clean: int, *, clean_level: float) -> tuple[RawOutputs, list[JudgedFrame]]:
    """Defects of class 3 found at .8, a halo at .45; clean frames pass the gate and show `clean_level`."""
    truths = ["mask"] * defective + ["clean"] * clean
    frames = [judged_frame("mask", {3: DEFECT}) if t == "mask" else judged_frame("clean") for t in truths]
    probabilities = np.zeros((len(truths), 4, 32, 200), np.float32)
    probabilities[:defective, 2, 4:20, 40:85] = 0.45
    probabilities[:defective, 2, 8:16, 50:75] = 0.8
    probabilities[defective:, 2, 5:9, 50:52] = clean_level
    return RawOutputs(scores=np.full(len(truths), 0.9, np.float32), probabilities=probabilities), frames


def test_a_threshold_is_chosen_that_leaves_the_halo_out() -> None:
    outputs, frames = strip(4, 2, clean_level=0.0)
    chosen = calibrate(CARD, outputs, frames)
    assert 0.45 < chosen.segmenter.thresholds[2] <= 0.75
    assert chosen.gate.threshold == pytest.approx(0.45)


def test_a_least_area_is_chosen_that_silences_specks_on_clean_frames() -> None:
    outputs, frames = strip(4, 4, clean_level=0.95)
    chosen = calibrate(CARD, outputs, frames)
    assert chosen.segmenter.min_area_px[2] > 0
    results = results_from(chosen, outputs)
    assert [bool(r.regions) for r in results] == [True] * 4 + [False] * 4


def test_cross_fitting_judges_every_frame_by_the_other_half() -> None:
    outputs, frames = strip(4, 2, clean_level=0.0)
    scores = np.array([0.9, 0.1, 0.9, 0.2, 0.0, 0.0], np.float32)  # the odd half alone would allow .05
    outputs = RawOutputs(scores=scores, probabilities=outputs.probabilities)
    results = cross_fitted(CARD, outputs, frames)
    assert [r.defective for r in results] == [True, False, True, False, False, False]
    assert [r.gate_score for r in results] == scores.tolist()
