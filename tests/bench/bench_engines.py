"""Milliseconds a frame of each stage, on each engine, and the cascade from JPEG bytes, without Kafka.

    python -m tests.bench.bench_engines [--bundles severstal] [--repeats 5] [--engines openvino torch]

Stages of all engines take turns, so that all meet the same machine; a figure is the median of the turns. The
cascade and the reference's design take turns too: their ratio is the median of each turn's own.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from model.bundle import BundleRefused, find, load_card
from model.card import Card
from model.inspector import Gated, Inspector, Pixels
from model.load import ENGINES, load_inspector
from model.regions import RegionFinder
from tests.bench.cascade import GATE_BATCH, SEGMENT_BATCH, bare_cascade, decode, recut
from tests.bench.frames import real_frames, repeated
from tests.bench.measure import Figures, median
from tests.bench.rivals import reference_frames_per_s

SHARE = 0.05
NOT_MEASURED = "not measured"
GATE_GOAL, SEGMENTER_GOAL, CASCADE_GOAL = "<= 3", "<= 10", ">= 150"
"""For the `line` preset on two cores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One thing to time: `run` goes over `frames` frames."""

    name: str
    run: Callable[[], object]
    frames: int
    goal: str = ""


def main() -> None:
    given = _arguments()
    figures = Figures("engines", vars(given) | {"share": SHARE})
    frames = real_frames(given.distinct)
    for bundle in given.bundles:
        stages = list(_stages(figures, bundle, frames, given.engines, given.threads))
        for stage, ms in _in_turns(stages, given.repeats).items():
            figures.add(stage.name, ms, "ms/frame", stage.goal)
    _on_a_gpu(figures, given.bundles)
    if given.cascade_frames:
        _cascades(figures, given, frames)
    figures.write(given.out)


def _stages(
    figures: Figures, bundle: str, frames: Sequence[bytes], engines: Sequence[str], threads: Sequence[int]
) -> Iterator[Stage]:
    card = load_card(find(bundle))
    name = card.name
    sample = list(frames[:GATE_BATCH])
    for count in threads:
        yield _decoding(f"{name}: decode, {count} threads", sample, card, count)
    for preset in card.presets:
        chosen = _defective_first(bundle, preset, frames)
        for engine in engines:
            for count in threads:
                prefix = f"{name} {preset}, {engine}, {count} threads"
                try:
                    inspector = load_inspector(find(bundle), engine=engine, threads=count, preset=preset)
                except BundleRefused as refused:
                    figures.say(f"{prefix}: {refused}")
                    continue
                held = preset == "line" and engine == "openvino" and count == max(threads)
                yield from _of_engine(prefix, inspector, engine, count, chosen, held=held)


def _of_engine(
    prefix: str, inspector: Inspector, engine: str, threads: int, chosen: list[Pixels], *, held: bool
) -> Iterator[Stage]:
    """Gate, segmenter and both with regions, of one engine; `held` against the goals."""
    inspector.warm_up()
    passed = chosen[:SEGMENT_BATCH]
    gated = [Gated(score=1.0)] * len(passed)

    def alone(run: Callable[[], object]) -> Callable[[], object]:
        def with_threads() -> object:
            if engine == "torch":
                _let_torch_use(threads)
            return run()

        return with_threads

    yield Stage(
        name=f"{prefix}: gate",
        run=alone(lambda: inspector.gate(chosen)),
        frames=len(chosen),
        goal=GATE_GOAL if held else "",
    )
    yield Stage(
        name=f"{prefix}: segmenter with regions",
        run=alone(lambda: inspector.segment(passed, gated)),
        frames=len(passed),
        goal=SEGMENTER_GOAL if held else "",
    )
    probabilities = inspector.probabilities(passed)
    card = inspector.card
    finder = RegionFinder(card.input, [kind.class_id for kind in card.classes], inspector.point.masks)
    if threads == 1:
        yield Stage(
            name=f"{prefix}: regions of them",
            run=lambda: [finder.find(one) for one in probabilities],
            frames=len(passed),
        )


def _let_torch_use(threads: int) -> None:
    """Torch's threads are the process's: whoever was loaded last has set them."""
    import torch

    torch.set_num_threads(threads)


def _decoding(name: str, sample: Sequence[bytes], card: Card, threads: int) -> Stage:
    pool = ThreadPoolExecutor(threads)
    return Stage(
        name=name, run=lambda: list(pool.map(lambda one: decode(one, card.input), sample)), frames=len(sample)
    )


def _defective_first(bundle: str, preset: str, frames: Sequence[bytes]) -> list[Pixels]:
    """A gate batch of frames, those first that score highest: what the segmenter would get."""
    inspector = load_inspector(find(bundle), engine="openvino", threads=1, preset=preset)
    pixels = [decode(frame, inspector.card.input) for frame in frames[:GATE_BATCH]]
    scores = [gated.score for gated in inspector.gate(pixels)]
    return [pixels[i] for i in sorted(range(len(pixels)), key=lambda i: -scores[i])]


def _in_turns(stages: Sequence[Stage], repeats: int) -> dict[Stage, float]:
    """The median of each stage's milliseconds a frame; the first turn warms up and does not count."""
    ms: dict[Stage, list[float]] = defaultdict(list)
    for turn in range(repeats + 1):
        for stage in stages:
            began_s = time.perf_counter()
            stage.run()
            if turn:
                ms[stage].append(1e3 * (time.perf_counter() - began_s) / stage.frames)
    return {stage: median(values) for stage, values in ms.items()}


def _on_a_gpu(figures: Figures, bundles: Sequence[str]) -> None:
    """`torch` above ran on the first GPU where there is one; where there is none, nobody measured it."""
    import torch

    if not torch.cuda.is_available():
        for bundle in bundles:
            figures.add(f"{Path(bundle).name}: torch on a GPU, see gpu.sh", NOT_MEASURED, "")


def _cascades(figures: Figures, given: argparse.Namespace, frames: list[bytes]) -> None:
    """Each bundle's presets from JPEG bytes, 5 % segmented, in turns with the reference's design."""
    rates: dict[str, list[float]] = defaultdict(list)
    used: dict[str, list[float]] = defaultdict(list)
    reference: list[float] = []
    threads = max(given.threads)
    with tempfile.TemporaryDirectory() as folder:
        cuts = {
            f"{load_card(find(bundle)).name} {preset}": recut(
                bundle, frames, SHARE, Path(folder, preset), threads, preset
            )
            for bundle in given.bundles
            for preset in load_card(find(bundle)).presets
        }
        sent = repeated(frames, given.cascade_frames)
        _let_torch_use(threads)
        for turn in range(given.repeats):
            for name, cut in cuts.items():
                run = bare_cascade(sent, cut.folder, threads=threads)
                rates[name].append(run.frames_per_s)
                used[name].append(run.cpu_ms_a_frame)
            reference.append(reference_frames_per_s(frames[: given.reference_frames], SHARE))
            figures.say(
                f"turn {turn + 1}: {', '.join(f'{n} {r[-1]:.0f}' for n, r in rates.items())} frames/s"
            )
    figures.add("reference's design, eager torch", median(reference), "frames/s")
    for name, of_turns in rates.items():
        ratio = median([ours / theirs for ours, theirs in zip(of_turns, reference, strict=True)])
        held = name.endswith(" line")
        figures.add(f"{name}: share that passes the gate", 100 * cuts[name].share, "%")
        figures.add(f"{name}: cascade from JPEG bytes", median(of_turns), "frames/s")
        figures.add(f"{name}: CPU time a frame", median(used[name]), "ms")
        figures.add(f"{name}: cascade / reference's design", ratio, "x", CASCADE_GOAL if held else "")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundles", nargs="+", default=["severstal"])
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), choices=ENGINES)
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--distinct", type=int, default=None, help="different frames (default: all)")
    parser.add_argument("--cascade-frames", type=int, default=1306, help="0: leave the cascade out")
    parser.add_argument("--reference-frames", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
