"""One bundle on the fold that it held out: its outputs, and every frame judged under thresholds not its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.card import Card, MaskRule, OperatingPoint
from model.inspector import FrameResult
from model.regions import RegionFinder
from model.training.calibration import RawOutputs
from model.training.crops import PARTS, Crops, parts_of
from model.training.frames import JudgedFrame
from model.training.intervals import Floats
from model.training.judgement import FrameLabel, Judgement, judge_frame

PLAIN: Final = MaskRule(top_threshold=0.5, bottom_threshold=0.5, min_area_px=0)
"""As most publish: half, and no least area."""

Choose = Callable[[RawOutputs, Sequence[JudgedFrame]], Mapping[str, OperatingPoint]]
"""How operating points are chosen on held-out frames: name -> thresholds."""


class Setting(NamedTuple):
    """Under which thresholds frames are judged.

    cross_fitted: chosen on the other parts of the fold. as_shipped: the card's, chosen on these very frames.
    plain: PLAIN for every class, on every frame whatever the gate says.
    """

    point: str
    how: Literal["cross_fitted", "as_shipped", "plain"]


NO_GATE: Final = Setting("plain", "plain")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """What one bundle said of the frames that it held out. scores: (n,); described: for the report."""

    described: dict[str, Any]
    labels: tuple[FrameLabel, ...]
    scores: Floats
    judged: dict[Setting, tuple[Judgement, ...]]
    results: dict[Setting, tuple[FrameResult, ...]]
    crops: Crops | None


def judge_held_out(
    card: Card,
    preset: str,
    outputs: RawOutputs,
    frames: Sequence[JudgedFrame],
    labels: Sequence[FrameLabel],
    choose: Choose,
    *,
    described: dict[str, Any],
    crops: Crops | None = None,
) -> HeldOut:
    """Judge every frame under each setting, from outputs that are already there."""
    results = _results(card, preset, outputs, frames, labels, choose)
    class_ids = [kind.class_id for kind in card.classes]
    size_px = card.input.height_px, card.input.width_px
    return HeldOut(
        described=described,
        labels=tuple(labels),
        scores=np.asarray(outputs.scores, np.float64),
        judged={
            setting: tuple(
                judge_frame(r, f, class_ids, size_px, with_regions=setting.how == "cross_fitted")
                for r, f in zip(of_setting, frames, strict=True)
            )
            for setting, of_setting in results.items()
        },
        results={s: tuple(r) for s, r in results.items() if s.how == "cross_fitted"},
        crops=crops,
    )


def _results(
    card: Card,
    preset: str,
    outputs: RawOutputs,
    frames: Sequence[JudgedFrame],
    labels: Sequence[FrameLabel],
    choose: Choose,
) -> dict[Setting, list[FrameResult]]:
    points = card.presets[preset].operating_points
    every = np.arange(len(frames))
    results = {
        Setting(name, "as_shipped"): results_of(card, point, outputs, every) for name, point in points.items()
    }
    results |= _cross_fitted(card, outputs, frames, labels, choose, sorted(points))
    plain = OperatingPoint(gate_threshold=0.0, masks=(PLAIN,) * len(card.classes), chosen={})
    results[NO_GATE] = results_of(card, plain, outputs, every)
    return results


def _cross_fitted(
    card: Card,
    outputs: RawOutputs,
    frames: Sequence[JudgedFrame],
    labels: Sequence[FrameLabel],
    choose: Choose,
    names: Sequence[str],
) -> dict[Setting, list[FrameResult]]:
    """Each part of the fold under points chosen on the other parts; near-duplicates are in one part."""
    part = stratified_parts(labels)
    results: dict[Setting, dict[int, FrameResult]] = {Setting(name, "cross_fitted"): {} for name in names}
    for judged in range(PARTS):
        inside, outside = np.flatnonzero(part == judged), np.flatnonzero(part != judged)
        chosen = choose(outputs.take(outside), [frames[i] for i in outside.tolist()])
        for setting, found in results.items():
            of_part = results_of(card, chosen[setting.point], outputs, inside)
            found |= dict(zip(inside.tolist(), of_part, strict=True))
    return {setting: [found[i] for i in range(len(frames))] for setting, found in results.items()}


def stratified_parts(labels: Sequence[FrameLabel]) -> NDArray[np.int64]:
    """Each frame's part, 0 .. PARTS - 1: clean frames are dealt out among themselves, so every part has some."""
    clean_groups = {label.group for label in labels if label.truth == "clean"}
    of_clean = np.array([label.group in clean_groups for label in labels])
    part = np.zeros(len(labels), np.int64)
    for kind in (of_clean, ~of_clean):
        part[kind] = parts_of([labels[i].group for i in np.flatnonzero(kind).tolist()])
    return part


def results_of(
    card: Card, point: OperatingPoint, outputs: RawOutputs, chosen: NDArray[np.intp]
) -> list[FrameResult]:
    """What an inspector at this operating point answers for the chosen frames."""
    finder = RegionFinder(card.input, [kind.class_id for kind in card.classes], point.masks)
    results = []
    for i in chosen.tolist():
        score = float(outputs.scores[i])
        passed = score >= point.gate_threshold
        regions = finder.find(outputs.probabilities[i]) if passed else ()
        results.append(FrameResult(gate_score=score, defective=passed, regions=regions))
    return results
