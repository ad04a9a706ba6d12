"""Operating points: what they prefer and say, and that none is judged by its own choice."""

from __future__ import annotations

import numpy as np
import pytest

from model.calibration.calibration import RawOutputs, choose_points, cross_fitted, results_from
from model.calibration.mask_counts import LEVELS, MaskCounts, count_masks
from model.calibration.mask_rules import ENOUGH_TRUE, choose_masks
from model.calibration.miss_bound import MissBound, TooFewFrames
from model.frames.frames import JudgedFrame
from model.regions import class_masks
from tests.support.bundles import rule, whole_card, whole_point
from tests.support.labelled import judged_frame

CARD = whole_card(name="strip")
DEFECT = (slice(64, 128), slice(400, 600))
LENIENT = MissBound(share=0.25, confidence=0.6)
"""Four defective frames show it."""


def strip(defective: int, clean: int, *, clean_level: float) -> tuple[RawOutputs, list[JudgedFrame]]:
    """Defects of class 3 found at .8, a halo at .45; clean frames pass and show specks of `clean_level`."""
    truths = ["mask"] * defective + ["clean"] * clean
    frames = [judged_frame("mask", {3: DEFECT}) if t == "mask" else judged_frame("clean") for t in truths]
    probabilities = np.zeros((len(truths), 4, 32, 200), np.float32)
    probabilities[:defective, 2, 4:20, 40:85] = 0.45
    probabilities[:defective, 2, 8:16, 50:75] = 0.8
    probabilities[defective:, 2, 5:9, 50:52] = clean_level
    scores = np.linspace(0.9, 0.95, len(truths)).astype(np.float32)
    return RawOutputs(scores=scores, probabilities=probabilities), frames


@pytest.mark.parametrize("point", ["plant", "kaggle"])
def test_a_bottom_threshold_is_chosen_that_leaves_the_halo_out(point: str) -> None:
    outputs, frames = strip(4, 2, clean_level=0.0)

    chosen = choose_points(outputs, frames, CARD.input, LENIENT)[point]

    assert 0.45 < chosen.masks[2].bottom_threshold <= chosen.masks[2].top_threshold < 0.8


def test_what_frames_do_not_speak_for_stays_moderate() -> None:
    outputs, frames = strip(4, 2, clean_level=0.0)

    for chosen in choose_points(outputs, frames, CARD.input, LENIENT).values():
        for class_index in (0, 1, 3):  # never there, never found
            assert chosen.masks[class_index] == rule(0.5, 0.5, 0)


def test_the_kaggle_point_silences_specks_on_clean_frames_and_the_plant_point_keeps_its_bound() -> None:
    outputs, frames = strip(4, 4, clean_level=0.95)

    points = choose_points(outputs, frames, CARD.input, LENIENT)

    assert points["kaggle"].masks[2].min_area_px > 0
    results = results_from(CARD, points["kaggle"], outputs.scores, outputs.probabilities)
    assert [bool(r.regions) for r in results] == [True] * 4 + [False] * 4
    assert points["plant"].gate_threshold < outputs.scores[:4].min()


def test_a_gate_that_separates_clean_frames_is_used_for_kaggle() -> None:
    outputs, frames = strip(6, 6, clean_level=0.8)
    outputs.probabilities[6:] = outputs.probabilities[
        0
    ]  # clean frames that look just like defects to the segmenter
    scores = np.array([0.9] * 6 + [0.2] * 6, np.float32)

    point = choose_points(
        RawOutputs(scores=scores, probabilities=outputs.probabilities), frames, CARD.input, LENIENT
    )["kaggle"]

    assert 0.2 < point.gate_threshold <= 0.9
    assert point.chosen["mean_dice"] > 0.95


def test_a_point_says_on_what_it_was_chosen() -> None:
    outputs, frames = strip(4, 2, clean_level=0.0)
    frames[3] = judged_frame("boxes")

    chosen = choose_points(outputs, frames, CARD.input, LENIENT, where="fold 3")["plant"].chosen

    assert chosen["frames"] == "fold 3"
    assert chosen["by_truth"] == {"mask": 3, "boxes": 1, "clean": 2}
    assert (chosen["miss_bound"], chosen["confidence"]) == (0.25, 0.6)
    assert (chosen["defective_frames"], chosen["allowed_misses"], chosen["missed"]) == (4, 0, 0)
    assert chosen["miss_share_bounded_by"] == pytest.approx(1 - 0.4 ** (1 / 4), abs=1e-4)
    assert (chosen["clean_frames"], chosen["clean_passed_on"]) == (2, 2)


def test_too_few_defective_frames_are_refused() -> None:
    outputs, frames = strip(4, 2, clean_level=0.0)

    with pytest.raises(TooFewFrames, match="give at least 149"):
        choose_points(outputs, frames, CARD.input, MissBound())


def test_no_frame_is_judged_by_thresholds_chosen_on_it() -> None:
    """One frame's score is far below the others': only thresholds chosen on it would let it pass."""
    outputs, frames = strip(10, 5, clean_level=0.0)
    scores = outputs.scores.copy()
    scores[3] = 0.1
    lone = RawOutputs(scores=scores, probabilities=outputs.probabilities)

    own = results_from(
        CARD, choose_points(lone, frames, CARD.input, LENIENT)["plant"], scores, lone.probabilities
    )
    fitted = cross_fitted(lone, frames, CARD, MissBound(share=0.2, confidence=0.6))["plant"]

    assert [r.gate_score for r in fitted] == scores.tolist()
    assert not fitted[3].defective
    assert [r.defective for r in own].count(False) <= 1


def test_cross_fitting_keeps_the_parts_that_it_is_given() -> None:
    """Near-duplicates must be judged together: here each half judges the other."""
    outputs, frames = strip(8, 0, clean_level=0.0)
    scores = np.array([0.9] * 4 + [0.3] * 4, np.float32)
    halves = RawOutputs(scores=scores, probabilities=outputs.probabilities)

    fitted = cross_fitted(halves, frames, CARD, LENIENT, np.array([0, 0, 0, 0, 1, 1, 1, 1]))["plant"]

    assert [r.defective for r in fitted] == [True] * 4 + [False] * 4


def test_counts_say_what_regions_do() -> None:
    """The table and the post-processing that ships agree on every rule, where classes do not overlap."""
    random = np.random.default_rng(1)
    probabilities = np.zeros((3, 4, 32, 200), np.float32)
    probabilities[:, 2] = np.clip(random.normal(0.45, 0.2, (3, 32, 200)), 0, 1)
    frames = [judged_frame("mask", {3: DEFECT}), judged_frame("clean"), judged_frame("mask", {3: DEFECT})]
    counts = count_masks(probabilities, frames, CARD.input)

    for tried in (rule(0.5, 0.3, 0), rule(0.8, 0.45, 900), rule(0.9, 0.9, 0), rule(LEVELS[-1], 0.2, 10**6)):
        point = whole_point(gate_threshold=0, masks=(rule(), rule(), tried, rule()))
        for i, result in enumerate(results_from(CARD, point, np.ones(3, np.float32), probabilities)):
            found = class_masks(result.regions, 256, 1600).get(3, np.zeros((256, 1600), bool))
            truth = frames[i].masks.get(3, np.zeros((256, 1600), bool))
            total = found.sum() + truth.sum()
            expected = 2 * (found & truth).sum() / total if total else 1.0
            assert counts.dice(2, tried)[i] == pytest.approx(expected)


def with_halos(true_masks: int) -> MaskCounts:
    """One class whose truth is 100 px, where .8 finds just that and .5 as much again."""
    level = np.array(LEVELS)
    found = np.where(level <= 0.5, 200, 100)
    return MaskCounts(
        found_px=np.tile(found, (true_masks, 1, 1)),
        shared_px=np.full((true_masks, 1, len(LEVELS)), 100),
        true_px=np.full((true_masks, 1), 100),
    )


@pytest.mark.parametrize(("true_masks", "bottom"), [(ENOUGH_TRUE - 1, 0.5), (ENOUGH_TRUE, 0.55)])
def test_the_plants_masks_are_tuned_only_where_there_are_enough(true_masks: int, bottom: float) -> None:
    (chosen,) = choose_masks(with_halos(true_masks))
    assert chosen.bottom_threshold == bottom
