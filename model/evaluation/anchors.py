"""Figures of others on the same data, to stand beside ours, and what is known of single frames."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """What others reached. Dice: (low, high) by class where truth is not empty; shares are 0..1."""

    clean_share: float
    doubtful_clean: tuple[str, ...]
    frames: int
    positive_dice: dict[str, tuple[float, float]]
    mean_dice: float
    all_empty: float
    skill: float
    auc: float
    recall: float
    recall_rejects: float
    crop_accuracy: float
    says: str


SEVERSTAL = Anchors(
    clean_share=5_902 / 12_568,
    doubtful_clean=("fef40d085.jpg",),  # looks truly scabbed to whoever looks
    frames=12_568,
    positive_dice={"1": (0.618, 0.618), "2": (0.594, 0.642), "3": (0.724, 0.724), "4": (0.735, 0.735)},
    mean_dice=0.9533,
    all_empty=0.8589,
    skill=0.669,
    auc=0.9959,
    recall=0.9993,
    recall_rejects=0.818,
    crop_accuracy=0.958,
    says="Public solutions of the competition, judged offline on their own validation frames; they were "
    "trained on all 12,568 frames, ten times as many as here. Crop accuracy: the reference project.",
)

_BY_NAME = {"severstal": SEVERSTAL}


def anchors_of(bundle_name: str) -> Anchors | None:
    """The anchors of a bundle named `severstal` or `severstal-anything`; None for frames of one's own."""
    return _BY_NAME.get(bundle_name.partition("-")[0])


def described(anchors: Anchors) -> dict[str, Any]:
    """For JSON."""
    return asdict(anchors)
