"""Bundles opened for evaluation: which fold each is judged on, what it says of its frames, what it shows."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from model.bundle import GATE_GRAPH, SEGMENTER_GRAPH, bundle_version, choose, find, verify
from model.calibration.calibration import RawOutputs, cross_fitted
from model.calibration.miss_bound import MissBound
from model.card import PLANT, Card, OperatingPoint
from model.engines.core import runtime
from model.evaluation import speed
from model.evaluation.crops import cropped
from model.evaluation.galleries import Shown
from model.evaluation.held_out import HeldOut, judge_held_out, stratified_parts
from model.evaluation.judgement import FrameLabel
from model.evaluation.pictures import data_uri, draw
from model.frames import frames as labelled_frames
from model.frames.frames import FrameEntry, JudgedFrame
from model.frames.reading import Frames
from model.frames.refused import TrainingRefused
from model.images import decode_grey
from model.load import load_inspector, torch_nets

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One bundle, the preset to run, and the fold to judge it on."""

    folder: Path
    version: str
    card: Card
    preset: str
    fold: int

    def entries(self, frames: Frames) -> list[FrameEntry]:
        """The frames of its fold."""
        return [entry for entry in frames.entries if entry.fold == self.fold]

    def as_held_out(self, frames: Frames) -> bool | None:
        """Whether its fold holds the very frames that it held out; None when its card does not say."""
        stated = self.card.data.get("held_out_sha256")
        return None if stated is None else stated == labelled_frames.ids_sha256(self.entries(frames))

    def check_fold(self, frames: Frames) -> None:
        """Raises TrainingRefused when its fold is not there, or lacks defective or clean frames."""
        here = sorted({entry.fold for entry in frames.entries if entry.fold is not None})
        if self.fold not in here:
            raise TrainingRefused(
                f"{self.version} is judged on fold {self.fold}, but {frames.root} has folds "
                f"{', '.join(map(str, here)) or 'none'}: give the frames that it was trained on"
            )
        if self.as_held_out(frames) is False:
            log.warning(
                "%s held out other frames than fold %d of %s holds: it may have learnt from some of these. "
                "The frames.csv beside its weights, put beside train.csv, gives back the folds it knew",
                self.version,
                self.fold,
                frames.root,
            )
        truths = {entry.truth for entry in self.entries(frames)}
        for truth, word in (("clean", "clean"), ("mask", "masked")):
            if truth not in truths:
                raise TrainingRefused(
                    f"fold {self.fold} of {frames.root} holds no {word} frame: judge on a fold that has both"
                )


def open_bundles(names: Sequence[str], preset: str, fold: int | None) -> list[Opened]:
    """Check bundles and that they can be judged together, each on a fold of its own.

    Raises BundleRefused or TrainingRefused with one sentence.
    """
    opened = [_open(name, preset, fold) for name in names]
    by_fold: dict[int, Opened] = {}
    for bundle in opened:
        if (other := by_fold.setdefault(bundle.fold, bundle)) is not bundle:
            raise TrainingRefused(
                f"{other.version} and {bundle.version} are both judged on fold {bundle.fold}: give bundles "
                f"that held out different folds"
            )
        if (bundle.card.input, bundle.card.classes) != (opened[0].card.input, opened[0].card.classes):
            raise TrainingRefused(
                f"{opened[0].version} and {bundle.version} differ in input or classes: evaluate them apart"
            )
    return opened


def _open(name: str, preset: str, fold: int | None) -> Opened:
    folder = find(name)
    card = verify(folder)
    choose(card, preset, PLANT)
    stated = card.data.get("held_out_fold")
    if fold is not None and stated is not None and fold != stated:
        raise TrainingRefused(
            f"{card.name} held out fold {stated} and learnt from fold {fold}: judge it without --fold {fold}"
        )
    if (judged := stated if stated is not None else fold) is None:
        raise TrainingRefused(
            f"the card of {folder} does not say which fold it held out: say so with --fold, if you know"
        )
    return Opened(folder=folder, version=bundle_version(folder), card=card, preset=preset, fold=int(judged))


def held_out(bundle: Opened, frames: Frames, *, engine: str, threads: int) -> HeldOut:
    """Run one bundle over its fold and judge it."""
    card, preset, entries = bundle.card, bundle.card.presets[bundle.preset], bundle.entries(frames)
    log.info("%s: %d frames of fold %d", bundle.version, len(entries), bundle.fold)
    judged = [labelled_frames.judged(e, frames.pixels[e.image_id], card.input) for e in entries]
    labels = [
        FrameLabel(image_id=e.image_id, group=e.group, fold=bundle.fold, truth=e.truth) for e in entries
    ]
    inspector = load_inspector(bundle.folder, engine=engine, threads=threads, preset=bundle.preset)
    pixels = [frame.pixels for frame in judged]
    scores = np.array([gated.score for gated in inspector.gate(pixels)], np.float32)
    probabilities = np.stack(inspector.probabilities(pixels))
    outputs = RawOutputs(scores=scores, probabilities=probabilities)
    bound = bound_of(preset.operating_points[PLANT])
    fitted = cross_fitted(outputs, judged, card, bound, stratified_parts(labels))
    crops = cropped(gate_graph(bundle, engine), card, judged, labels)
    return judge_held_out(
        card,
        bundle.preset,
        scores,
        probabilities,
        judged,
        labels,
        fitted,
        described=_described(bundle, labels) | {"as_held_out": bundle.as_held_out(frames)},
        crops=crops,
    )


def bound_of(point: OperatingPoint) -> MissBound:
    """The bound that an operating point was chosen for; the usual one where its card does not say."""
    usual = MissBound()
    return MissBound(
        share=float(point.chosen.get("miss_bound", usual.share)),
        confidence=float(point.chosen.get("confidence", usual.confidence)),
    )


def gate_graph(bundle: Opened, engine: str) -> ov.Model:
    """The graph that scores frames, int8 for engine `openvino`, else made of the weights in fp32."""
    small = bundle.card.presets[bundle.preset].gate == "gate"
    if engine == "openvino":
        return runtime().read_model(bundle.folder / (GATE_GRAPH if small else SEGMENTER_GRAPH))
    from model.engines.conversion import to_openvino

    nets = torch_nets(bundle.folder, bundle.card)
    if small:
        return to_openvino(nets.own_gate(), bundle.card.input, "scores")
    return to_openvino(nets.segmenter, bundle.card.input, "probabilities", "scores")


def speed_of(bundle: Opened, frames: Frames, *, engine: str, threads: int) -> dict[str, Any]:
    """Milliseconds a frame of the first frames of its fold."""
    encoded = [entry.path.read_bytes() for entry in bundle.entries(frames)[: speed.FRAMES]]
    inspector = load_inspector(bundle.folder, engine=engine, threads=threads, preset=bundle.preset)
    return speed.measure(inspector, bundle.card.input, encoded, threads)


def pictures_of(galleries: Mapping[str, Sequence[Shown]], frames: Frames) -> dict[str, str]:
    """Image id -> data URI of every frame that is shown, at full size decoded anew."""
    entries = {entry.image_id: entry for entry in frames.entries if entry.fold is not None}
    pictures: dict[str, str] = {}
    for shown in (one for some in galleries.values() for one in some):
        entry = entries[shown.label.image_id]
        truth: JudgedFrame = labelled_frames.judged(entry, frames.pixels[entry.image_id], frames.spec)
        pictures[entry.image_id] = data_uri(
            draw(_full_size(entry, frames), shown.result.regions, truth.masks, truth.boxes_by_class)
        )
    return pictures


def _full_size(entry: FrameEntry, frames: Frames) -> NDArray[np.uint8]:
    spec = frames.spec
    return decode_grey(entry.path.read_bytes(), width_px=spec.width_px, height_px=spec.height_px, reduce=1)


def _described(bundle: Opened, labels: Sequence[FrameLabel]) -> dict[str, Any]:
    truths = [label.truth for label in labels]
    points = bundle.card.presets[bundle.preset].operating_points
    return {
        "version": bundle.version,
        "fold": bundle.fold,
        "by_truth": {truth: truths.count(truth) for truth in ("mask", "boxes", "clean")},
        "points": {
            name: {
                "gate_threshold": round(point.gate_threshold, 6),
                "masks": [rule.model_dump(mode="json") for rule in point.masks],
            }
            for name, point in points.items()
        },
    }
