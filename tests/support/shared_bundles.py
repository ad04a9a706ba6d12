"""Bundles of the designs with one encoder, from the weights of a bundle that has a gate network as well."""

from __future__ import annotations

from pathlib import Path

from model.bundle import load_card, write_bundle
from model.card import LINE, Card, Design


def shared_card(card: Card, design: Design, gate_threshold: float) -> Card:
    """The card of `design`: no gate, and one preset, `line`, that the segmenter's own head scores."""
    line = card.presets["accurate"]
    plant = line.operating_points["plant"].model_copy(update={"gate_threshold": gate_threshold})
    return card.model_copy(
        update={
            "design": design,
            "gate": None,
            "presets": {LINE: line.model_copy(update={"operating_points": {"plant": plant}})},
        }
    )


def shared_bundle(folder: Path, of: Path, design: Design, gate_threshold: float = 0.5) -> Path:
    """Write the segmenter of bundle `of` as a bundle of `design`."""
    card = load_card(of)
    files = {name: of / name for name in card.files if not name.startswith("gate.")}
    return write_bundle(folder, shared_card(card, design, gate_threshold), files)
