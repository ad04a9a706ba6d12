"""What every engine holds its networks to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.card import Card


def input_shape(card: Card) -> tuple[int, int, int, int]:
    """(1, 1, height, width) of a decoded frame."""
    spec = card.input
    return (1, 1, spec.height_px // spec.reduce, spec.width_px // spec.reduce)


def gate_score(scores: NDArray[np.float32]) -> float:
    """The one score of a gate's output (1,). Raises RuntimeError for what no sigmoid gives.

    A network that gives NaN has failed; NaN is not below any threshold, nor above it.
    """
    score = float(scores.reshape(1)[0])
    if not -1e-3 <= score <= 1 + 1e-3:
        raise RuntimeError(f"the gate scored {score}")
    return min(1.0, max(0.0, score))
