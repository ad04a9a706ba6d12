"""Mask rules from counted pixels: which thresholds and least areas held-out frames speak for.

Few frames decide here (13 with class 2, 13 clean ones in fold 0), so the best rule of a grid is mostly
luck. The most moderate rule that is hardly worse is taken instead: within half a standard error of the
best, over frames. Judged on frames that it was not chosen on (the scouted segmenter on fold 0, six times
fivefold), that raised the Dice of true defects under the competition's aim from .594 to .620 (mean of the
classes) at the same mean Dice (.878 -> .882), under the plant's from .626 to .634. Keeping only components
that reach the top threshold (.607, .881) and filling holes (+.000) changed nothing that can be measured
there, so a class that is there keeps its whole mask, holes and all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.calibration.mask_counts import LEVELS, MaskCounts
from model.card import MaskRule

MODERATE: Final = 0.5
"""The threshold that a rule is as near to as the frames allow."""

PLAIN: Final = MaskRule(top_threshold=MODERATE, bottom_threshold=MODERATE, min_area_px=0)
"""As most publish: half, and no least area."""

TOLERATED_ERRORS: Final = 0.5
"""Standard errors of the difference to the best rule within which a more moderate one is taken."""

ENOUGH_TRUE: Final = 100
"""At the plant a class with fewer true masks keeps thresholds of .5 and no least area. Over folds 0 and 1,
rules chosen on 11 to 27 of them came to a Dice of .590 / .582 / .721 (classes 1, 2, 4) on frames that they
were not chosen on, plain .5 to .639 / .651 / .733, with as many clean frames that show a mask."""

AREA_QUANTILE: Final = 0.02
"""No least area above this quantile of true areas, as the competition's winners had it: mean Dice would buy
silence with true defects. (At .05 the plant's Dice of true defects was .004 lower.)"""

FALSE_MASK_COST: Final = 0.05
"""At the plant a false mask on a frame that passed costs a look; a defect without a mask, its place. From .1
to .02 the Dice of true defects rises by .004, and false masks in 203 frames from 30 to 33."""

CLEAN_SHARE: Final = 5902 / 12_568
"""Of clean frames in the competition's set; held-out clean frames are weighted to stand for them ..."""

LARGEST_CLEAN_WEIGHT: Final = 5.0
"""... but not above this: at the full 14 of fold 0, 13 frames would decide alone."""

GATE_GRID: Final = tuple(round(0.05 * step, 2) for step in range(20))
"""Here too the most moderate threshold is taken, not the lowest: with the scouted head clean frames' Dice was
.981 instead of .942 on frames that it was not chosen on, that of defective ones .868 instead of .869."""

_ROUNDS: Final = 2

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class KaggleChoice:
    """A gate threshold and rules for the competition's mean Dice; mean_dice: of the frames they rest on."""

    gate_threshold: float
    masks: tuple[MaskRule, ...]
    mean_dice: float
    clean_weight: float


def choose_masks(counts: MaskCounts) -> tuple[MaskRule, ...]:
    """A rule for each class, for the Dice of what is there; `counts` are of frames that pass the gate."""
    chosen = []
    for c in range(counts.true_px.shape[1]):
        rules, there = _grid(counts, c), counts.true_px[:, c] > 0
        if there.sum() < ENOUGH_TRUE:
            chosen.append(PLAIN)
            continue
        dice = np.stack([counts.dice(c, rule) for rule in rules])
        chosen.append(_moderate(rules, np.where(there, dice, FALSE_MASK_COST * (dice - 1))))
    return tuple(chosen)


def choose_kaggle(counts: MaskCounts, scores: NDArray[np.floating], clean: NDArray[np.bool_]) -> KaggleChoice:
    """Rules and gate in turn, each the best for the other. scores, clean: (n,) of the counted frames."""
    weight = _clean_weight(clean)
    weights = np.where(clean, weight, 1.0)
    weights = weights / max(1.0, float(weights.sum()))
    classes = range(counts.true_px.shape[1])
    grids = [_grid(counts, c) for c in classes]
    tables = [np.stack([counts.dice(c, rule) for rule in grids[c]]) for c in classes]
    silent = (counts.true_px == 0).astype(np.float64)
    gate = 0.0
    for _ in range(_ROUNDS):
        passed = scores >= gate
        picked = [_pick(grids[c], np.where(passed, tables[c], silent[:, c]) * weights) for c in classes]
        of_masks = np.stack([tables[c][picked[c]] for c in classes], axis=1)
        by_gate = np.stack([_gated(of_masks, silent, scores >= g) * weights for g in GATE_GRID])
        gate = GATE_GRID[_nearest_to_best(by_gate, np.abs(np.array(GATE_GRID) - MODERATE))]
    return KaggleChoice(
        gate_threshold=gate,
        masks=tuple(grids[c][picked[c]] for c in classes),
        mean_dice=float(by_gate[GATE_GRID.index(gate)].sum()),
        clean_weight=weight,
    )


def _gated(of_masks: Floats, silent: Floats, passed: NDArray[np.bool_]) -> Floats:
    """(n,) each frame's mean Dice over classes when only some frames pass."""
    return np.asarray(np.where(passed[:, None], of_masks, silent).mean(axis=1), np.float64)


def _clean_weight(clean: NDArray[np.bool_]) -> float:
    cleans, others = int(clean.sum()), int((~clean).sum())
    if not cleans or not others:
        return 1.0
    return min(LARGEST_CLEAN_WEIGHT, CLEAN_SHARE / (1 - CLEAN_SHARE) * others / cleans)


def _grid(counts: MaskCounts, class_index: int) -> list[MaskRule]:
    areas = counts.true_px[:, class_index]
    largest = float(np.quantile(areas[areas > 0], AREA_QUANTILE)) if (areas > 0).any() else 0.0
    least = sorted({round(share * largest / 10) * 10 for share in (0, 0.25, 0.5, 1)})
    return [
        MaskRule(top_threshold=top, bottom_threshold=bottom, min_area_px=area)
        for bottom in LEVELS
        for top in LEVELS
        if top >= bottom
        for area in least
    ]


def _moderate(rules: Sequence[MaskRule], gains: Floats) -> MaskRule:
    return rules[_pick(rules, gains)]


def _pick(rules: Sequence[MaskRule], gains: Floats) -> int:
    """The index of the rule to take. gains: (rules, n), each frame's part of the sum to maximise."""
    largest = max(1, max(rule.min_area_px for rule in rules))
    distance = [
        abs(rule.top_threshold - MODERATE)
        + abs(rule.bottom_threshold - MODERATE)
        + 0.25 * rule.min_area_px / largest
        for rule in rules
    ]
    return _nearest_to_best(gains, np.array(distance))


def _nearest_to_best(gains: Floats, distance: Floats) -> int:
    """Of the candidates that are hardly worse than the best, the one with the least distance."""
    best = int(gains.sum(axis=1).argmax())
    behind = gains[best] - gains
    errors = np.sqrt(gains.shape[1] * behind.var(axis=1))
    close = behind.sum(axis=1) <= TOLERATED_ERRORS * errors + 1e-9
    return int(np.where(close, distance, np.inf).argmin())
