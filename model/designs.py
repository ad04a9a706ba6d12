"""Which of the three designs a preset of a bundle can run by, and which it runs by unless told otherwise."""

from __future__ import annotations

from typing import Final

from model.bundle import BundleRefused
from model.card import DESIGNS, SEPARATE, SHARED_BACKBONE, TWO_HEAD, Card, Design

_BY_GATE: Final[dict[str, tuple[Design, ...]]] = {
    "gate": (SEPARATE,),
    "segmenter": (SHARED_BACKBONE, TWO_HEAD),
}
"""Which network scores the frames -> the designs that can; the first is natural in a card of `separate`."""


def choose_design(card: Card, preset: str, design: str | None) -> Design:
    """The design asked for, or the preset's natural one for None. Raises BundleRefused where it cannot be.

    A preset that is scored by the segmenter's own head runs by the card's design, or as `shared_backbone` in
    a card of design `separate`.
    """
    gate = card.presets[preset].gate
    possible = _BY_GATE[gate]
    if design is None:
        return card.design if card.design in possible else possible[0]
    for known in possible:
        if known == design:
            return known
    if design not in DESIGNS:
        raise BundleRefused(f"there is no design {design!r}: choose one of {', '.join(DESIGNS)}")
    raise BundleRefused(
        f"preset {preset} of bundle {card.name} cannot run as {design}: {_WHY[gate]}; "
        f"{_instead(card, design, possible)}"
    )


_WHY: Final = {
    "gate": "a gate network of its own scores its frames, so gate and segmenter share no encoder",
    "segmenter": "a head on the segmenter's encoder scores its frames, so no gate network runs apart",
}


def _instead(card: Card, design: str, possible: tuple[Design, ...]) -> str:
    others = [name for name, preset in card.presets.items() if design in _BY_GATE[preset.gate]]
    preset = f", or preset {' or '.join(others)}" if others else ""
    return f"choose {' or '.join(possible)}{preset}"
