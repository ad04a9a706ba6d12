"""Trained networks to a finished bundle: export, calibrate on held-out frames, measure what int8 costs."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from model.bundle import write_bundle
from model.calibration.calibrated import calibrated, presets_that_pay
from model.calibration.miss_bound import MissBound, check_enough
from model.calibration.raw_outputs import run_graphs
from model.card import FORMAT_VERSION, LINE, PLANT, Card
from model.export.export import QUANTISATION_FRAMES, export_files
from model.export.quantisation_drop import measure_drop, spelled
from model.frames.frames import FrameSplit
from model.nets import GateNet, SegmenterNet
from model.training.recipe import Recipe

log = logging.getLogger(__name__)

ENGINES: Final = ("openvino", "openvino-fp32", "torch")


def draft_card(recipe: Recipe, described: dict[str, Any]) -> Card:
    """The recipe's card before calibration, measurement and files."""
    return Card(
        format_version=FORMAT_VERSION,
        name=recipe.name,
        design=recipe.design,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        classes=recipe.classes,
        input=recipe.input,
        gate=recipe.gate,
        segmenter=recipe.segmenter,
        engines=ENGINES,
        data=described,
        presets={},
        score_distribution={},
        files={},
    )


def assemble(
    recipe: Recipe,
    gate: GateNet | None,
    segmenter: SegmenterNet,
    trained: dict[str, str],
    split: FrameSplit,
    work: Path,
    out: Path,
    *,
    bound: MissBound | None = None,
    threads: int = 2,
) -> Card:
    """Write the bundle `out`, with intermediate files in `work`; returns its card.

    `gate` is None in the designs with one encoder. trained: one sentence for each network. Raises
    TooFewFrames before anything is exported.
    """
    bound = bound or MissBound()
    check_enough(split.judged, bound)
    card = draft_card(recipe, {**split.described, "trained": trained})
    seen = np.random.default_rng(0).permutation(len(split.train))[:QUANTISATION_FRAMES]
    seen_pixels = [split.train[i].pixels for i in seen]
    exported = export_files(gate, segmenter, trained, card.input, seen_pixels, work / "files")
    pixels = [frame.pixels for frame in split.judged]
    int8 = run_graphs(card, exported.int8, pixels, threads)
    presets = presets_that_pay(int8, split.judged, bound)
    where = _held_out(card)
    finished = calibrated(card, int8, split.judged, bound, presets=presets, where=where)
    rules = finished.presets[LINE].operating_points[PLANT].masks
    fp32 = run_graphs(card, exported.fp32, pixels, threads)
    drop = measure_drop(fp32, int8, split.judged, card.input, rules)
    for line in spelled(drop):
        log.info("%s", line)
    finished = finished.model_copy(update={"data": {**finished.data, "int8_against_fp32": drop}})
    write_bundle(out, finished, exported.files)
    megabytes = sum(path.stat().st_size for path in out.iterdir()) / 1e6
    log.info("%s: %.1f MB, presets %s", out, megabytes, ", ".join(presets))
    return finished


def _held_out(card: Card) -> str:
    fold = card.data.get("held_out_fold")
    return "held out from training" if fold is None else f"fold {fold}, held out from training"
