"""What a bundle's gate says of the labels: clean frames that score high, defective ones that score low."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from model.analysis.dataset import Dataset
from model.bundle import bundle_version, choose, find, verify
from model.card import PLANT, Card
from model.frames import frames
from model.frames.frames import FrameEntry
from model.frames.refused import TrainingRefused
from model.load import load_inspector

log = logging.getLogger(__name__)

_AT_ONCE = 64


def open_card(bundle: str, dataset: Dataset) -> Card:
    """A bundle's card. Raises BundleRefused, TrainingRefused when it takes frames of another size."""
    card = verify(find(bundle))
    size, ours = (card.input.height_px, card.input.width_px), (dataset.height_px, dataset.width_px)
    if dataset.entries and size != ours:
        raise TrainingRefused(
            f"bundle {card.name} takes frames of {size[0]}x{size[1]} px, these are {ours[0]}x{ours[1]} px: "
            f"give another --bundle or none"
        )
    return card


def score(bundle: str, preset: str, dataset: Dataset, threads: int | None) -> dict[str, Any]:
    """Every frame that is here through gate and segmenter; those whose label it contradicts, worst first."""
    folder = find(bundle)
    card = verify(folder)
    choose(card, preset, PLANT)
    inspector = load_inspector(folder, preset=preset, threads=threads)
    inspector.warm_up()
    held_out = card.data.get("held_out_fold")
    threshold = inspector.point.gate_threshold
    high: list[dict[str, Any]] = []
    low: list[dict[str, Any]] = []
    entries = [entry for entry in dataset.entries.values() if not entry.only_trains]
    for some in _batches(entries):
        results = inspector.inspect([frames.decode(entry, card.input) for entry in some])
        for entry, result in zip(some, results, strict=True):
            one = {
                "image_id": entry.image_id,
                "at": entry.listed_at,
                "gate_score": round(result.gate_score, 4),
                "classes": list(entry.classes),
                "found_px_by_class": {
                    str(c): sum(r.area_px for r in result.regions if r.class_id == c)
                    for c in sorted({r.class_id for r in result.regions})
                },
                "held_out": None if held_out is None or entry.fold is None else entry.fold == held_out,
            }
            if entry.truth == "clean" and result.defective:
                high.append(one)
            elif entry.truth != "clean" and not result.defective:
                low.append(one)
    log.info("%s: %d clean frames pass, %d defective do not", card.name, len(high), len(low))
    return {
        "version": bundle_version(folder, preset, PLANT),
        "gate_threshold": round(threshold, 6),
        "clean": sum(entry.truth == "clean" for entry in entries),
        "defective": sum(entry.truth != "clean" for entry in entries),
        "clean_that_pass": sorted(
            high, key=lambda one: (-sum(one["found_px_by_class"].values()), -one["gate_score"])
        ),
        "defective_that_do_not": sorted(low, key=lambda one: one["gate_score"]),
    }


def _batches(entries: Sequence[FrameEntry]) -> Iterator[Sequence[FrameEntry]]:
    for start in range(0, len(entries), _AT_ONCE):
        yield entries[start : start + _AT_ONCE]
