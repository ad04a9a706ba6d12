"""Who is measured: the networks of a bundle, or the reference's architectures, each in three designs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from model.bench.engines import OPENVINO, OPENVINO_FP32, graphs_of, in_int8, on_openvino, on_torch
from model.bundle import BundleRefused, find, load_card
from model.card import (
    FORMAT_VERSION,
    LINE,
    PLANT,
    SEPARATE,
    SHARED_BACKBONE,
    TWO_HEAD,
    Card,
    CropsView,
    DefectClass,
    Design,
    GateSpec,
    InputSpec,
    MaskRule,
    OperatingPoint,
    Preset,
    ResizedView,
    SegmenterSpec,
)
from model.designs import choose_design
from model.inspector import Inspector, Pixels
from model.load import Nets, load_inspector, torch_nets

REFERENCE, REFERENCE_RESIZED = "reference", "reference-resized"
CLASSES: Final = 4
INT8_FRAMES: Final = 8
"""To quantise random weights: their ranges are wanted, not their accuracy."""


class Contenders(ABC):
    """One set of networks; `build` raises BundleRefused where a design or an engine cannot be had."""

    name: str
    input: InputSpec

    @abstractmethod
    def says(self, design: Design) -> str:
        """The networks of a design, in words."""

    @abstractmethod
    def build(self, design: Design, engine: str, threads: int, frames: Sequence[Pixels]) -> Inspector:
        """An inspector that nobody else uses; `frames` are for whoever must quantise."""


class BundleContenders(Contenders):
    """A bundle's networks: `separate` by the preset with a gate, the others by the one without."""

    def __init__(self, bundle: str) -> None:
        self._folder = find(bundle)
        self._card = load_card(self._folder)
        self.name = self._card.name
        self.input = self._card.input

    def says(self, design: Design) -> str:
        """See Contenders."""
        segmenter = self._card.segmenter
        whole = f"{segmenter.architecture} on {segmenter.encoder}"
        gate = self._card.gate
        size = "x".join(map(str, self.input.seen_px))
        return f"{gate.encoder} gate, {whole}, {size}" if design == SEPARATE and gate else f"{whole}, {size}"

    def build(self, design: Design, engine: str, threads: int, frames: Sequence[Pixels]) -> Inspector:
        """See Contenders."""
        preset = self._preset(design)
        if engine in (OPENVINO, OPENVINO_FP32):
            return load_inspector(self._folder, engine=engine, threads=threads, preset=preset, design=design)
        point = self._card.presets[preset].operating_points[PLANT]
        return on_torch(torch_nets(self._folder, self._card), self._card, point, design, engine, threads)

    def _preset(self, design: Design) -> str:
        for preset in self._card.presets:
            try:
                choose_design(self._card, preset, design)
            except BundleRefused:
                continue
            return preset
        raise BundleRefused(f"no preset of bundle {self.name} can run as {design}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Architectures:
    """The networks of one design; a gate only for `separate`."""

    gate: GateSpec | None
    segmenter: SegmenterSpec
    says: str


class RandomContenders(Contenders):
    """Networks with random weights: their speed does not depend on what they learnt.

    Their masks mean nothing, so none is looked for: thresholds are 1.
    """

    def __init__(self, name: str, input_spec: InputSpec, of_design: dict[Design, Architectures]) -> None:
        self.name = name
        self.input = input_spec
        self._of_design = of_design
        self._graphs: dict[tuple[Architectures, str], Any] = {}

    def says(self, design: Design) -> str:
        """See Contenders."""
        return f"{self._of_design[design].says}; random weights"

    def build(self, design: Design, engine: str, threads: int, frames: Sequence[Pixels]) -> Inspector:
        """See Contenders."""
        card = self._card(design)
        point = card.presets[LINE].operating_points[PLANT]
        if engine not in (OPENVINO, OPENVINO_FP32):
            return on_torch(self._nets(design, card, frames), card, point, design, engine, threads)
        key = self._of_design[design], engine
        if key not in self._graphs:  # designs with the same networks are cut from the same graphs
            self._graphs[key] = self._made(design, card, engine, frames)
        return on_openvino(self._graphs[key], card, point, design, threads)

    def _made(self, design: Design, card: Card, engine: str, frames: Sequence[Pixels]) -> Any:
        graphs = graphs_of(self._nets(design, card, frames), card)
        if engine == OPENVINO_FP32:
            return graphs
        try:
            return in_int8(graphs, frames[:INT8_FRAMES])
        except ModuleNotFoundError as absent:
            raise BundleRefused(f"{absent.name} is not installed") from None

    def _card(self, design: Design) -> Card:
        rule = MaskRule(top_threshold=1.0, bottom_threshold=1.0, min_area_px=1)
        point = OperatingPoint(gate_threshold=0.5, masks=(rule,) * CLASSES, chosen={})
        scored_by: Any = "gate" if design == SEPARATE else "segmenter"
        return Card(
            format_version=FORMAT_VERSION,
            name=self.name,
            design=design,
            created_at="",
            classes=tuple(DefectClass(class_id=i, name=str(i)) for i in range(1, CLASSES + 1)),
            input=self.input,
            gate=self._of_design[design].gate,
            segmenter=self._of_design[design].segmenter,
            engines=(),
            data={},
            presets={LINE: Preset(gate=scored_by, operating_points={PLANT: point}, metrics={})},
            score_distribution={},
            files={},
        )

    def _nets(self, design: Design, card: Card, frames: Sequence[Pixels]) -> Nets:
        from model.bench.random_nets import random_nets

        return random_nets(self._of_design[design].gate, card.segmenter, card.input, CLASSES, frames)


def _reference() -> RandomContenders:
    """Its best classifier and segmenter on crops, its networks with one encoder on the same crops."""
    unet = SegmenterSpec(architecture="unet", encoder="efficientnet-b1", gate_head="classifier")
    shared = Architectures(gate=None, segmenter=unet, says="Unet on EfficientNetB1, 5 crops of 256x320")
    separate = Architectures(
        gate=GateSpec(architecture="classifier", encoder="efficientnet-b2"),
        segmenter=SegmenterSpec(architecture="linknet", encoder="efficientnet-b2"),
        says="EfficientNetB2 classifier, LinkNet on EfficientNetB2, 5 crops of 256x320",
    )
    spec = InputSpec(
        width_px=1600, height_px=256, reduce=1, mean=88, std=50, view=CropsView(kind="crops", width_px=320)
    )
    return RandomContenders(REFERENCE, spec, {SEPARATE: separate, TWO_HEAD: shared, SHARED_BACKBONE: shared})


def _reference_resized() -> RandomContenders:
    """Its row with one encoder for all: what the designs cost when nothing else differs."""
    unet = SegmenterSpec(architecture="unet", encoder="efficientnet-b1", gate_head="classifier")
    gate = GateSpec(architecture="classifier", encoder="efficientnet-b1")
    says = "Unet on EfficientNetB1, resized to 256x512"
    shared = Architectures(gate=None, segmenter=unet, says=says)
    separate = Architectures(gate=gate, segmenter=unet, says=f"EfficientNetB1 classifier, {says}")
    view = ResizedView(kind="resized", height_px=256, width_px=512)
    spec = InputSpec(width_px=1600, height_px=256, reduce=1, mean=88, std=50, view=view)
    return RandomContenders(
        REFERENCE_RESIZED, spec, {SEPARATE: separate, TWO_HEAD: shared, SHARED_BACKBONE: shared}
    )


def contenders(name: str) -> Contenders:
    """The reference's by their names, else a bundle's. Raises BundleRefused."""
    known = {REFERENCE: _reference, REFERENCE_RESIZED: _reference_resized}
    return known[name]() if name in known else BundleContenders(name)
