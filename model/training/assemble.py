"""Trained networks to a finished bundle: export, calibrate on held-out frames, measure as the line runs."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from model.bundle import GATE_GRAPH, SEGMENTER_GRAPH, write_bundle
from model.card import Card
from model.load import load_inspector
from model.nets import GateNet, SegmenterNet
from model.training import calibration
from model.training.calibration import RawOutputs
from model.training.evaluation import JudgedFrame, exact_interval, judge
from model.training.export import QUANTISATION_FRAMES, export_files
from model.training.recipes import FrameSplit, Recipe, draft_card

log = logging.getLogger(__name__)

ENGINE = "openvino"


def run_graph(path: Path, frames: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """The first output of an exported graph for each (h, w) uint8 frame, stacked."""
    compiled = ov.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.concatenate([np.array(compiled(pixels[None, None])[0]) for pixels in frames])


def assemble(
    recipe: Recipe,
    gate: GateNet,
    segmenter: SegmenterNet,
    trained: dict[str, str],
    split: FrameSplit,
    work: Path,
    out: Path,
) -> Card:
    """Write the bundle `out`, with intermediate files in `work`; returns its card."""
    card = draft_card(recipe, {**split.described, "trained": trained})
    seen = np.random.default_rng(0).permutation(len(split.train))[:QUANTISATION_FRAMES]
    seen_pixels = [split.train[i].pixels for i in seen]
    files = export_files(gate, segmenter, trained, card.input, seen_pixels, work / "files")
    return finish(card, files, split, work, out)


def finish(card: Card, files: dict[str, Path], split: FrameSplit, work: Path, out: Path) -> Card:
    """Calibrate and measure exported files, and write them as the bundle `out`; returns its card."""
    pixels = [frame.pixels for frame in split.judged]
    outputs = RawOutputs(
        scores=run_graph(files[GATE_GRAPH], pixels), probabilities=run_graph(files[SEGMENTER_GRAPH], pixels)
    )
    chosen = calibration.calibrate(card, outputs, split.judged)
    chosen = chosen.model_copy(update={"calibration": _calibration(chosen, split.judged)})
    draft = write_bundle(work / "draft", chosen, files)
    metrics = {
        "engine": f"{ENGINE} int8, one frame at a time",
        "cross_fitted": judge(calibration.cross_fitted(card, outputs, split.judged), split.judged),
        "as_shipped": judge(load_inspector(draft, engine=ENGINE, threads=2).inspect(pixels), split.judged),
    }
    finished = chosen.model_copy(update={"metrics": metrics})
    write_bundle(out, finished, files)
    megabytes = sum(path.stat().st_size for path in out.iterdir()) / 1e6
    log.info("%s: %.1f MB, %s", out, megabytes, metrics)
    return finished


def _calibration(card: Card, frames: Sequence[JudgedFrame]) -> dict[str, Any]:
    defective = sum(f.truth != "clean" for f in frames)
    allowed = math.floor(calibration.MISS_SHARE * defective)
    return {
        "gate": f"threshold between the {allowed}. and {allowed + 1}. lowest score of {defective} held-out "
        f"defective frames: at most {calibration.MISS_SHARE:.0%} of them missed",
        "gate_miss_share_95": [round(bound, 4) for bound in exact_interval(allowed, defective)],
        "masks": "threshold and least area of each class with the best mean Dice (empty = 1) over held-out "
        f"frames with masks and clean ones that pass the gate (counted {calibration.CLEAN_WEIGHT:g} times)",
        "frames_by_truth": {t: sum(f.truth == t for f in frames) for t in ("mask", "boxes", "clean")},
        "on": "int8 graphs",
        "thresholds": {
            "gate": card.gate.threshold,
            "masks": card.segmenter.thresholds,
            "min_area_px": card.segmenter.min_area_px,
        },
    }
