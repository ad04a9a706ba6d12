"""The figures of gate, masks, regions and crops, worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from model.evaluation.crops import Crops, best_threshold, judge_crops
from model.evaluation.gate_figures import Scores, curve, judge_auc, judge_point, judge_reliability
from model.evaluation.judgement import FrameLabel, Judgement, Overlap, SeenRegion
from model.evaluation.mask_figures import judge_masks
from model.evaluation.region_figures import confusion, judge_regions, size_of
from model.frames.frames import Truth


def labels(*truths: Truth, folds: Sequence[int] | None = None) -> tuple[FrameLabel, ...]:
    of_fold = folds or [0] * len(truths)
    return tuple(
        FrameLabel(image_id=f"{i}.jpg", group=str(i), fold=fold, truth=truth)
        for i, (truth, fold) in enumerate(zip(truths, of_fold, strict=True))
    )


def seen(score: float, overlaps: dict[int, tuple[int, int, int]] | None, passed: bool = True) -> Judgement:
    """overlaps: class -> true, found, shared pixels."""
    made = (
        None
        if overlaps is None
        else {c: Overlap(true_px=t, found_px=f, shared_px=s) for c, (t, f, s) in overlaps.items()}
    )
    return Judgement(gate_score=score, passed=passed, overlaps=made)


# --- gate ---


def test_auc_compares_only_frames_that_one_network_scored() -> None:
    # In each fold the defective frame scores higher; across folds .3 (defective) is below .4 (clean).
    frames = labels("mask", "clean", "boxes", "clean", folds=[0, 0, 1, 1])
    auc = judge_auc(Scores(labels=frames, values=np.array([0.9, 0.4, 0.3, 0.1])))
    assert auc["value"] == 1.0
    assert auc["pooled"] == 0.75
    assert auc["by_fold"] == {"0": 1.0, "1": 1.0}
    assert (auc["defective"], auc["clean"]) == (2, 2)


def test_leaving_a_frame_out() -> None:
    scores = Scores(labels=labels("mask", "clean", "clean"), values=np.array([0.5, 0.9, 0.1]))
    assert judge_auc(scores)["value"] == 0.5
    assert judge_auc(scores.without({"1.jpg"}))["value"] == 1.0


def test_a_point_misses_and_rejects() -> None:
    passed = np.array([True, True, False, True, False])
    defective = np.array([True, True, True, False, False])
    point = judge_point(passed, defective)
    assert (point["missed"], point["defective"], point["miss_share"]) == (1, 3, 0.3333)
    assert (point["clean_rejected"], point["clean"], point["clean_rejected_share"]) == (1, 2, 0.5)
    assert point["miss_share_below_95"] == pytest.approx(0.8646, abs=1e-4)  # 1 of 3, one-sided


def test_the_curve_rises_from_nothing_passed_to_all_passed() -> None:
    scores = Scores(labels=labels("mask", "mask", "clean"), values=np.array([0.9, 0.2, 0.5]))
    passed, found = curve(scores)
    assert passed.tolist() == [0, 0, 1, 1]
    assert found.tolist() == [0, 0.5, 0.5, 1]


def test_reliability_by_hand_and_reweighted() -> None:
    # Two bins: .9 holds 3 defective, 1 clean; .2 holds 1 clean.
    frames = labels("mask", "mask", "boxes", "clean", "clean")
    scores = Scores(labels=frames, values=np.array([0.9, 0.9, 0.9, 0.9, 0.2]))
    plain = judge_reliability(scores)
    assert [b["n"] for b in plain["bins"]] == [1, 4]
    assert plain["bins"][1]["defective_share"] == 0.75
    assert plain["ece"] == pytest.approx(4 / 5 * 0.15 + 1 / 5 * 0.2)
    half = judge_reliability(scores, clean_share=0.5)
    # Of the weight, defective frames hold a half, each clean one a quarter: .9 is right in .5 of .75.
    assert half["bins"][1]["defective_share"] == pytest.approx(0.6667, abs=1e-4)
    assert half["ece"] == pytest.approx(0.75 * (0.9 - 2 / 3) + 0.25 * 0.2, abs=1e-4)


# --- masks ---


def test_masks_by_hand() -> None:
    frames = labels("mask", "mask", "boxes", "clean", "clean")
    judgements = [
        seen(0.9, {1: (10, 10, 5), 2: (0, 0, 0)}),  # Dice .5, empty
        seen(0.1, {1: (10, 0, 0), 2: (0, 4, 0)}, passed=False),  # missed, false
        seen(0.8, None),
        seen(0.2, {1: (0, 0, 0), 2: (0, 7, 0)}),  # false on clean
        seen(0.1, {1: (0, 0, 0), 2: (0, 0, 0)}),
    ]
    figures = judge_masks(judgements, frames, [1, 2], clean_share=0.5)
    assert figures["frames"] == 4
    positive = figures["positive_dice"]
    assert (positive["n"], positive["mean"]) == (2, 0.25)
    assert positive["by_class"]["1"]["n"] == 2
    assert positive["by_class"]["2"] == {"n": 0, "mean": None, "interval_95": None}
    competition = figures["competition"]
    assert competition["pairs"] == 8
    assert competition["mean_dice"] == pytest.approx((0.5 + 1 + 0 + 0 + 1 + 0 + 1 + 1) / 8)
    assert competition["all_empty"] == pytest.approx(6 / 8)
    assert competition["skill"] == pytest.approx((4.5 / 8 - 6 / 8) / (2 / 8))
    assert figures["competition_reweighted"]["mean_dice"] == competition["mean_dice"]  # half are
    assert figures["false_on_clean"] == {
        "clean": 2,
        "with_masks": 1,
        "with_masks_share_95": [0.0126, 0.9874],
        "by_class": {"1": 0, "2": 1},
    }


# --- regions ---


def region(class_id: int, area_px: int, on_px: dict[int, int]) -> SeenRegion:
    return SeenRegion(class_id=class_id, area_px=area_px, on_px=on_px)


def test_regions_by_hand() -> None:
    judgement = Judgement(
        gate_score=0.9,
        passed=True,
        overlaps={},
        true_regions=(
            region(1, 100, {1: 50}),  # covered to half: found
            region(1, 100, {1: 49}),
            region(2, 20_000, {1: 15_000}),  # taken for class 1
        ),
        found_regions=(region(1, 10, {1: 10}), region(2, 10, {}), region(1, 10, {2: 10})),
    )
    figures = judge_regions([judgement], labels("mask"), [1, 2])
    assert figures["recall"]["1"]["all"]["share"] == 0.5
    assert figures["recall"]["all"]["all"]["share"] == pytest.approx(1 / 3, abs=1e-4)
    assert figures["recall"]["2"][">= 10,000"]["n"] == 1
    assert figures["recall"]["1"][">= 10,000"] == {"n": 0, "share": None, "interval_95": None}
    assert figures["precision"]["all"]["all"]["share"] == pytest.approx(1 / 3, abs=1e-4)
    assert confusion([judgement], [1, 2]) == {
        "1": {"1": 1, "2": 0, "none": 1},
        "2": {"1": 1, "2": 0, "none": 0},
        "none": {"1": 0, "2": 1, "none": 0},
    }


def test_none_of_few_is_not_certainly_none() -> None:
    judgement = Judgement(gate_score=1, passed=True, overlaps={}, true_regions=(region(1, 10, {}),) * 5)
    missed = judge_regions([judgement], labels("mask"), [1])["recall"]["1"]["all"]
    assert (missed["n"], missed["share"]) == (5, 0.0)
    assert missed["interval_95"][1] == pytest.approx(0.4345, abs=1e-4)  # Wilson, 0 of 5


@pytest.mark.parametrize(
    ("area_px", "name"),
    [(999, "< 1,000"), (1000, "1,000-3,000"), (9999, "3,000-10,000"), (10_000, ">= 10,000")],
)
def test_sizes_hold_their_lower_edge(area_px: int, name: str) -> None:
    assert size_of(region(1, area_px, {})) == name


# --- crops ---


@pytest.mark.parametrize(
    ("scores", "defective", "right"),
    [
        ([0.1, 0.4, 0.6, 0.9], [False, False, True, True], 4),
        ([0.1, 0.4, 0.6, 0.9], [True, True, True, True], 4),
        ([0.1, 0.4, 0.6, 0.9], [False, False, False, False], 4),
        ([0.5, 0.5, 0.5, 0.9], [True, False, False, True], 3),
    ],
    ids=["separable", "all defective", "all clean", "ties cannot be cut"],
)
def test_the_best_threshold(scores: list[float], defective: list[bool], right: int) -> None:
    threshold = best_threshold(np.array(scores), np.array(defective))
    assert int(((np.array(scores) >= threshold) == np.array(defective)).sum()) == right


def test_crops_are_judged_by_thresholds_of_other_parts() -> None:
    truths: list[Truth] = ["mask"] * 10
    defective = np.array([[True, False]] * 10)
    scores = np.where(defective, 0.8, 0.2)
    scores[0] = [0.1, 0.9]  # a frame that only its own threshold could save
    figures = judge_crops([Crops(frames=labels(*truths), scores=scores, defective=defective)])
    assert (figures["crops"], figures["defective"]) == (20, 10)
    assert figures["accuracy"] == 0.9
    assert figures["always_the_same"] == 0.5
    assert figures["auc"] == pytest.approx((9 * 9 + 9 * 0 + 9 * 0 + 0) / 100)
