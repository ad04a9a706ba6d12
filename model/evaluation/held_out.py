"""One bundle on the fold that it held out: every frame judged under thresholds that are not its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.calibration.calibration import results_from
from model.calibration.mask_rules import PLAIN
from model.card import Card, OperatingPoint
from model.evaluation.crops import Crops
from model.evaluation.intervals import Floats
from model.evaluation.judgement import FrameLabel, Judgement, judge_frame, parts_of
from model.frames.frames import JudgedFrame
from model.inspector import FrameResult

PARTS: Final = 40
"""Of a fold, for cross-fitting. Five would leave 198 of its 248 defective frames to choose on, too few for
any miss at 2 % and 95 % confidence, where all of them allow one (236 do): another rule than the shipped one
would be judged. Forty leave 238 or more."""


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
    scores: NDArray[np.float32],
    probabilities: NDArray[np.floating],
    frames: Sequence[JudgedFrame],
    labels: Sequence[FrameLabel],
    fitted: Mapping[str, Sequence[FrameResult]],
    *,
    described: dict[str, Any],
    crops: Crops | None = None,
) -> HeldOut:
    """Judge every frame under each setting, from outputs that are already there.

    fitted: by operating point, under thresholds chosen on other frames. scores: (n,), of the network that the
    preset's gate is; probabilities: (n, classes, h, w).
    """
    points = {n: p for n, p in card.presets[preset].operating_points.items() if n in fitted}
    crossed = {Setting(name, "cross_fitted"): tuple(fitted[name]) for name in points}
    fixed = {Setting(name, "as_shipped"): point for name, point in points.items()}
    fixed[NO_GATE] = OperatingPoint(gate_threshold=0.0, masks=(PLAIN,) * len(card.classes), chosen={})
    class_ids = [kind.class_id for kind in card.classes]
    size_px = card.input.height_px, card.input.width_px

    def judged(results: Sequence[FrameResult], *, with_regions: bool) -> tuple[Judgement, ...]:
        return tuple(
            judge_frame(r, f, class_ids, size_px, with_regions=with_regions)
            for r, f in zip(results, frames, strict=True)
        )

    return HeldOut(
        described=described,
        labels=tuple(labels),
        scores=np.asarray(scores, np.float64),
        judged={setting: judged(results, with_regions=True) for setting, results in crossed.items()}
        | {
            setting: judged(results_from(card, point, scores, probabilities), with_regions=False)
            for setting, point in fixed.items()
        },
        results=crossed,
        crops=crops,
    )


def stratified_parts(labels: Sequence[FrameLabel]) -> NDArray[np.int64]:
    """Each frame's part, 0 .. PARTS - 1: clean frames are dealt out apart from the others."""
    clean_groups = {label.group for label in labels if label.truth == "clean"}
    of_clean = np.array([label.group in clean_groups for label in labels])
    part = np.zeros(len(labels), np.int64)
    for kind in (of_clean, ~of_clean):
        part[kind] = parts_of([labels[i].group for i in np.flatnonzero(kind).tolist()], PARTS)
    return part
