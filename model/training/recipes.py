"""What each shipped bundle is: its classes, input and networks, before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from torch import nn

from model.card import FORMAT_VERSION, Card, DefectClass, GateSpec, InputSpec, SegmenterSpec
from model.nets import GateNet, SegmenterNet
from model.training.frames import JudgedFrame, LabelledFrame

ENGINES = ("openvino", "openvino-fp32", "torch")

CLASSES = (
    DefectClass(class_id=1, name="pit"),
    DefectClass(class_id=2, name="crack"),
    DefectClass(class_id=3, name="scratch"),
    DefectClass(class_id=4, name="scab"),
)
"""The competition numbers its classes without naming them; these names say what most of each look like."""

INPUT = InputSpec(width_px=1600, height_px=256, reduce=2, mean=88.0, std=50.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSplit:
    """Frames to learn from, frames to be judged by (never learnt from), and what a card says of both."""

    train: Sequence[LabelledFrame]
    judged: Sequence[JudgedFrame]
    described: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one training run may use. `weights`: a folder with published starts, or None: random ones."""

    minutes: float
    weights: Path | None
    work: Path
    seed: int = 0

    def part(self, share: float) -> Budget:
        """The same with a share of its minutes."""
        return replace(self, minutes=self.minutes * share)


class Recipe(Protocol):
    """How one bundle comes to be."""

    name: str
    gate: GateSpec
    segmenter: SegmenterSpec

    def read(self, frames: Path | None) -> FrameSplit:
        """Load the frames; `frames` is the folder from the command line."""

    def gate_share(self, budget: Budget) -> float:
        """The share of the minutes that the gate gets, 0..1; the segmenter gets the rest."""

    def train_segmenter(self, net: SegmenterNet, split: FrameSplit, budget: Budget) -> tuple[nn.Module, str]:
        """The trained segmenter, and one sentence on how it was trained."""

    def train_gate(
        self, net: GateNet, split: FrameSplit, budget: Budget, segmenter: nn.Module
    ) -> tuple[nn.Module, str]:
        """The trained gate, and one sentence on how it was trained; the segmenter is there to start from."""


def draft_card(recipe: Recipe, described: dict[str, Any]) -> Card:
    """The recipe's card before calibration, measurement and files."""
    return Card(
        format_version=FORMAT_VERSION,
        name=recipe.name,
        design="separate",
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        classes=CLASSES,
        input=INPUT,
        gate=recipe.gate,
        segmenter=recipe.segmenter,
        engines=ENGINES,
        data=described,
        presets={},
        score_distribution={},
        files={},
    )
