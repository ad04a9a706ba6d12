"""The models without Kafka: the gate set to pass a given share, and the bare cascade for comparison."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.bundle import find, verify, write_bundle
from model.card import LINE, PLANT, InputSpec
from model.images import decode_grey
from model.inspector import Gated, Inspector, Pixels
from model.load import load_inspector

DECODE_THREADS = 2
GATE_BATCH = 32
SEGMENT_BATCH = 8
SHARE_TOLERANCE = 0.005
AHEAD = 64
"""Frames decoded or being decoded ahead of the gate; the worker's prefetch is deeper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run over all frames."""

    frames_per_s: float
    cpu_ms_a_frame: float
    """Of the process that inspects: what a busy machine does to the rate, it hardly does to this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recut:
    """A bundle whose gate passes a known share of the frames it will see."""

    folder: Path
    share: float


def decode(encoded: bytes, spec: InputSpec) -> Pixels:
    """As the worker decodes."""
    return decode_grey(encoded, width_px=spec.width_px, height_px=spec.height_px, reduce=spec.reduce)


def recut(
    bundle: str, frames: Sequence[bytes], share: float, into: Path, threads: int, preset: str = LINE
) -> Recut:
    """A copy of the bundle, one preset's threshold at the quantile of these frames' own scores.

    `preset` is the copy's `line`: whoever runs the copy as it comes runs that.
    """
    folder = find(bundle)
    card = verify(folder)
    inspector = load_inspector(folder, engine="openvino", threads=threads, preset=preset)
    scores = np.array([gated.score for gated in _scores(inspector, frames)])
    threshold = _threshold(scores, round(share * len(frames)))
    line = card.presets[preset]
    point = line.operating_points[PLANT].model_copy(update={"gate_threshold": threshold})
    line = line.model_copy(update={"operating_points": {PLANT: point}})
    copy = card.model_copy(update={"presets": {LINE: line}})
    files = {name: folder / name for name in card.files}
    passing = float(np.mean(scores >= threshold))
    if abs(passing - share) > SHARE_TOLERANCE:
        raise ValueError(f"the gate's scores tie: {passing:.1%} of the frames pass, not {share:.1%}")
    return Recut(folder=write_bundle(into / card.name, copy, files), share=passing)


def _scores(inspector: Inspector, frames: Sequence[bytes]) -> Iterator[Gated]:
    for start in range(0, len(frames), GATE_BATCH):
        pixels = [decode(frame, inspector.card.input) for frame in frames[start : start + GATE_BATCH]]
        yield from inspector.gate(pixels)


def _threshold(scores: np.ndarray, passing: int) -> float:
    """Half-way between the last score that passes and the first that does not."""
    ranked = np.sort(scores)[::-1]
    return float((ranked[passing - 1] + ranked[passing]) / 2)


def bare_cascade(frames: Sequence[bytes], folder: Path, *, threads: int) -> Run:
    """Decode, gate and segment without Kafka, pipelined like the worker; the engine is warm."""
    inspector = load_inspector(folder, engine="openvino", threads=threads)
    inspector.warm_up()
    with ThreadPoolExecutor(DECODE_THREADS) as pool:
        _run(iter(frames[: 4 * AHEAD]), inspector, pool)
        began_s, used_s = time.perf_counter(), time.process_time()
        _run(iter(frames), inspector, pool)
        took_s, used_s = time.perf_counter() - began_s, time.process_time() - used_s
    return Run(frames_per_s=len(frames) / took_s, cpu_ms_a_frame=1e3 * used_s / len(frames))


def _run(frames: Iterator[bytes], inspector: Inspector, pool: ThreadPoolExecutor) -> None:
    """The calling thread runs the networks while the pool decodes ahead of it."""
    threshold = inspector.point.gate_threshold
    decoding: deque[Future[Pixels]] = deque()
    passed: list[tuple[Pixels, Gated]] = []
    while True:
        while len(decoding) < AHEAD and (frame := next(frames, None)) is not None:
            decoding.append(pool.submit(decode, frame, inspector.card.input))
        if not decoding:
            break
        batch = [decoding.popleft().result() for _ in range(min(GATE_BATCH, len(decoding)))]
        gated = inspector.gate(batch)
        passed += [pair for pair in zip(batch, gated, strict=True) if pair[1].score >= threshold]
        while len(passed) >= SEGMENT_BATCH:
            _segment(inspector, passed[:SEGMENT_BATCH])
            del passed[:SEGMENT_BATCH]
    if passed:
        _segment(inspector, passed)


def _segment(inspector: Inspector, passed: Sequence[tuple[Pixels, Gated]]) -> None:
    pixels, gated = zip(*passed, strict=True)
    inspector.segment(pixels, gated)
