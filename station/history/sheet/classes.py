"""How a class looks on paper: a colour and a shape, for a printer may know only grey."""

from __future__ import annotations

from model.palette import colour_of

MARKERS = ("o", "^", "s", "D", "v", "P", "X")
"""Seven, as the palette has six colours: 42 classes differ in one or the other."""


def look_of(class_id: int) -> tuple[str, str]:
    """Marker and colour; `class_id` counts from 1."""
    return MARKERS[(class_id - 1) % len(MARKERS)], colour_of(class_id)
