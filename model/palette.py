"""A defect class's colour, the same in every picture."""

from __future__ import annotations

from typing import Final

OKABE_ITO: Final = ("#E69F00", "#0072B2", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
"""Told apart by colour-blind eyes too. Source: Okabe and Ito, "Color Universal Design", 2008."""


def colour_of(class_id: int) -> str:
    """As `#RRGGBB`; `class_id` counts from 1."""
    return OKABE_ITO[(class_id - 1) % len(OKABE_ITO)]
