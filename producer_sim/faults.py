"""Which frames a run spoils: drawn for each frame from the seed and its place alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from producer_sim.manifest import Fault
from producer_sim.refused import SimulatorRefused

_STREAM = 2
"""Keeps these draws apart from the synthetic strip's."""


class Faults:
    """At most one fault a frame, each with exactly its probability. Raises SimulatorRefused beyond 1."""

    def __init__(self, probabilities: Mapping[Fault, float], seed: int) -> None:
        for fault, probability in probabilities.items():
            if not 0 <= probability <= 1:
                raise SimulatorRefused(f"--fault {fault}={probability}: a probability is within 0..1.")
        total = sum(probabilities.values())
        if total > 1 + 1e-9:
            raise SimulatorRefused(f"The --fault probabilities add up to {total:g}: a frame has at most one.")
        self.probabilities = dict(probabilities)
        self._seed = seed

    def at(self, line: int, coil: int, camera: int, frame_index: int) -> Fault | None:
        """The fault of one frame; numbers count from 0."""
        if not self.probabilities:
            return None
        drawn = np.random.default_rng([self._seed, _STREAM, line, coil, camera, frame_index]).random()
        for fault, probability in self.probabilities.items():
            if drawn < probability:
                return fault
            drawn -= probability
        return None


def parse_fault(text: str) -> tuple[Fault, float]:
    """`drop=0.01` as given on the command line. Raises ValueError with one sentence."""
    name, equals, probability = text.partition("=")
    known = ", ".join(Fault)
    if name not in set(Fault) or not equals:
        raise ValueError(f"'{text}' is no fault: give NAME=PROBABILITY with one of {known}")
    try:
        return Fault(name), float(probability)
    except ValueError:
        raise ValueError(f"'{text}': '{probability}' is no probability") from None
