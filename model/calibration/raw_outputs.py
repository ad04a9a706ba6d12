"""What a bundle's graphs say of frames, by the engine that will run them: what is calibrated is what runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from model.calibration.calibration import RawOutputs
from model.calibration.mask_rules import PLAIN
from model.card import Card, OperatingPoint
from model.engines.openvino import OpenVinoInspector

NETWORKS: Final = ("gate", "segmenter")
"""Which can score frames, as `Preset.gate` names them."""

CHUNK: Final = 64


def run_graphs(
    card: Card, graphs: dict[str, ov.Model], pixels: Sequence[NDArray[np.uint8]], threads: int
) -> dict[str, RawOutputs]:
    """Outputs on (h, w) uint8 frames, by the network that scores them.

    graphs: `segmenter`, and `gate` where the design has one. All masks are the segmenter's, so the
    probabilities are shared.
    """
    point = OperatingPoint(gate_threshold=0, masks=(PLAIN,) * len(card.classes), chosen={})
    scores: dict[str, NDArray[np.float32]] = {}
    probabilities = np.zeros((0, len(card.classes), 1, 1), np.float32)
    scoring = [network for network in NETWORKS if network in graphs]
    for network in scoring:
        inspector = OpenVinoInspector(
            card=card, point=point, gate=graphs[network], segmenter=graphs["segmenter"], threads=threads
        )
        scores[network] = np.array([g.score for g in inspector.gate(pixels)], np.float32)
        if network == scoring[0] and pixels:
            chunks = [pixels[i : i + CHUNK] for i in range(0, len(pixels), CHUNK)]
            probabilities = np.stack([p for chunk in chunks for p in inspector.probabilities(chunk)])
    return {n: RawOutputs(scores=scores[n], probabilities=probabilities) for n in scoring}
