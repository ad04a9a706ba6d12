"""Figures of a card, against values worked out by hand or in tables."""

from __future__ import annotations

import numpy as np
import pytest

from model import rle
from model.inspector import FrameResult, Region
from model.training.evaluation import dice, exact_interval, judge, roc_auc
from tests.support.labelled import judged_frame, scored

LEFT, RIGHT = (slice(0, 100), slice(0, 100)), (slice(0, 100), slice(100, 200))


def found(class_id: int, where: tuple[slice, slice]) -> FrameResult:
    mask = np.zeros((256, 1600), np.bool_)
    mask[where] = True
    region = Region(
        class_id=class_id,
        score=0.9,
        area_px=int(mask.sum()),
        row_min=0,
        col_min=0,
        row_max=1,
        col_max=1,
        rle=rle.encode(mask),
    )
    return FrameResult(gate_score=0.9, defective=True, regions=(region,))


def test_auc_counts_ordered_pairs_and_halves_ties() -> None:
    assert roc_auc([0.9, 0.8], [0.1, 0.2]) == 1.0
    assert roc_auc([0.9, 0.1], [0.5]) == 0.5
    assert roc_auc([0.5], [0.5]) == 0.5


@pytest.mark.parametrize(
    ("hits", "n", "expected"),
    [(0, 13, (0.0, 0.2471)), (10, 13, (0.4619, 0.9496)), (13, 13, (0.7529, 1.0)), (5, 100, (0.0164, 0.1128))],
)
def test_exact_interval_matches_the_published_tables(
    hits: int, n: int, expected: tuple[float, float]
) -> None:
    assert exact_interval(hits, n) == pytest.approx(expected, abs=1e-4)


def test_dice_of_half_an_overlap() -> None:
    whole, half = np.ones((2, 4), np.bool_), np.zeros((2, 4), np.bool_)
    half[:, :2] = True
    assert dice(half, whole) == pytest.approx(2 * 4 / 12)
    assert dice(None, whole) == 0.0


def test_judge_separates_misses_false_masks_and_frames_without_masks() -> None:
    frames = [
        judged_frame("mask", {3: LEFT}),
        judged_frame("mask", {1: LEFT}),
        judged_frame("boxes"),
        judged_frame("clean"),
        judged_frame("clean"),
    ]
    results = [
        found(3, LEFT),
        scored(0.1, defective=False),
        scored(0.8, defective=True),
        found(3, RIGHT),
        scored(0.2, defective=False),
    ]
    figures = judge(results, frames)
    assert (figures["gate"]["defective_frames"], figures["gate"]["defective_missed"]) == (3, 1)
    assert (figures["gate"]["clean_frames"], figures["gate"]["clean_passed_on"]) == (2, 1)
    masks = figures["masks"]
    assert masks["positive_dice_by_class"]["3"] == 1.0
    assert masks["positive_dice_by_class"]["1"] == 0.0
    assert masks["positive_pairs_by_class"] == {"1": 1, "2": 0, "3": 1, "4": 0}
    assert masks["pairs"] == 16
    assert masks["dice_with_empty_as_1"] == pytest.approx(14 / 16)
    assert masks["dice_of_silence"] == pytest.approx(14 / 16)
    assert masks["skill"] == pytest.approx(0.0)
    assert masks["clean_frames_with_mask_by_class"] == {"1": 0, "2": 0, "3": 1, "4": 0}
