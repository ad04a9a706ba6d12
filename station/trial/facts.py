"""What a bundle's card says of it, for the page that lets people choose one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model.card import PLANT, Card, Preset


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFacts:
    """One kind of defect that a bundle knows, and from which probability and area on it is there."""

    class_id: int
    name: str
    mask_threshold: float
    min_area_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """How the preset did on frames that it did not learn from; None where the card does not say."""

    frames: str | None
    """Which frames, in the card's words."""
    auc: float | None
    defective: int | None
    missed: int | None
    miss_share_below_95: float | None
    """The share of missed defective frames lies below it, with 95 % confidence."""
    clean: int | None
    clean_rejected: int | None
    positive_dice: float | None
    """Mean Dice of masks over the defects that are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetFacts:
    """One way to run a bundle, at the operating point of the plant."""

    name: str
    gate_threshold: float
    classes: tuple[ClassFacts, ...]
    held_out: HeldOut


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleFacts:
    """One bundle that can be tried."""

    name: str
    version: str
    """`name@<12 hex>`, as a worker's results carry it."""
    created_at: str
    width_px: int
    height_px: int
    """Of its frames; a picture of another size is fitted."""
    presets: tuple[PresetFacts, ...]


def bundle_facts(name: str, version: str, card: Card) -> BundleFacts:
    """`name` is the one to ask for it by: its folder's."""
    return BundleFacts(
        name=name,
        version=version,
        created_at=card.created_at,
        width_px=card.input.width_px,
        height_px=card.input.height_px,
        presets=tuple(_preset(key, preset, card) for key, preset in card.presets.items()),
    )


def _preset(name: str, preset: Preset, card: Card) -> PresetFacts:
    point = preset.operating_points[PLANT]
    classes = tuple(
        ClassFacts(
            class_id=kind.class_id,
            name=kind.name,
            mask_threshold=rule.top_threshold,
            min_area_px=rule.min_area_px,
        )
        for kind, rule in zip(card.classes, point.masks, strict=True)
    )
    return PresetFacts(
        name=name, gate_threshold=point.gate_threshold, classes=classes, held_out=_held_out(preset.metrics)
    )


def _held_out(metrics: Mapping[str, Any]) -> HeldOut:
    """The cross-fitted figures: thresholds chosen on other frames than those that judge them."""
    gate = _at(metrics, PLANT, "cross_fitted", "gate")
    frames = _at(metrics, "frames")
    return HeldOut(
        frames=frames if isinstance(frames, str) else None,
        auc=_share(_at(metrics, "auc", "value")),
        defective=_count(_at(gate, "defective")),
        missed=_count(_at(gate, "missed")),
        miss_share_below_95=_share(_at(gate, "miss_share_below_95")),
        clean=_count(_at(gate, "clean")),
        clean_rejected=_count(_at(gate, "clean_rejected")),
        positive_dice=_share(_at(metrics, PLANT, "cross_fitted", "masks", "positive_dice", "mean")),
    )


def _at(tree: object, *keys: str) -> object:
    """What lies under a path of keys; a card's metrics have no fixed shape, and may be empty."""
    for key in keys:
        if not isinstance(tree, Mapping):
            return None
        tree = tree.get(key)
    return tree


def _share(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) else None
