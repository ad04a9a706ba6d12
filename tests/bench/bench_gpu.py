"""The `line` preset on a GPU: decoding on the CPU's cores and by nvJPEG, batches, the cascade from JPEGs.

    tests/bench/gpu.sh [--bundle severstal] [--frames 4096] [--repeats 3]

Without a GPU every row says "not measured". The gate's threshold is set so that 5 % of the frames pass.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import simplejpeg
import torch

from model.bundle import find
from model.card import Card
from model.images import ImageInvalid
from model.inspector import Gated, Pixels
from model.load import load_inspector
from model.synthesis import SyntheticStrip
from tests.bench.cascade import decode
from tests.bench.frames import frame_folder, repeated
from tests.bench.measure import SEED, Figures, median

if TYPE_CHECKING:
    from torch import Tensor

    from model.engines.torch import TorchInspector

SHARE = 0.05
BATCH = 64
AHEAD = 8
"""Batches decoded or being decoded ahead of the gate."""
NOT_MEASURED = "not measured"
DECODED_ON = ("the CPU", "the GPU")
SYNTHETIC_FRAMES = 64


def main() -> None:
    given = _arguments()
    figures = Figures("gpu", vars(given) | {"share": SHARE, "batch": BATCH})
    cuda = torch.cuda.is_available()
    figures.add("GPU", torch.cuda.get_device_name() if cuda else "no CUDA device", "")
    figures.add("torch", torch.__version__, "")
    if cuda:
        _measure(figures, given)
    else:
        print("  no CUDA device: nothing is measured", flush=True)
        for row, unit, goal in _rows():
            figures.add(row, NOT_MEASURED, unit, goal)
    figures.write(given.out)


def _rows() -> Iterator[tuple[str, str, str]]:
    """Name, unit and goal of every row, in the order in which `_measure` fills them."""
    yield "decode on the CPU's cores", "frames/s", ""
    for threads in (1, 2, 4):
        yield f"decode by nvJPEG, {threads} threads", "frames/s", ""
    for bucket in (1, 8, 32, BATCH):
        yield f"gate, batches of {bucket}", "frames/s", ""
        yield f"segmenter with regions, batches of {bucket}", "frames/s", ""
    for where in DECODED_ON:
        yield f"cascade from JPEG bytes, decoded on {where}", "frames/s", ">= 5000"


def _measure(figures: Figures, given: argparse.Namespace) -> None:
    from model.engines.decoding import DeviceDecoder

    inspector: TorchInspector = load_inspector(given.bundle, engine="torch")  # type: ignore[assignment]
    inspector.warm_up()
    card, cores = inspector.card, len(os.sched_getaffinity(0))
    distinct, kind = _frames(card)
    figures.add("frames", f"{len(distinct)} {kind}", "")
    encoded = repeated(distinct, given.frames)
    pixels = [decode(frame, card.input) for frame in distinct]
    goals = {row: (unit, goal) for row, unit, goal in _rows()}

    def add(row: str, run: Callable[[], object], frames: int) -> None:
        run()  # warms up: kernels are chosen, graphs captured, memory taken
        figures.add(row, median([frames / _seconds(run) for _ in range(given.repeats)]), *goals[row])

    with ThreadPoolExecutor(cores) as pool:
        add(
            "decode on the CPU's cores",
            lambda: list(pool.map(lambda frame: decode(frame, card.input), encoded, chunksize=BATCH)),
            len(encoded),
        )
    for threads in (1, 2, 4):
        decoders = threading.local()

        def on_the_gpu(batch: Sequence[bytes], of_thread: threading.local = decoders) -> object:
            if not hasattr(of_thread, "decoder"):
                of_thread.decoder = DeviceDecoder(card.input, inspector.device)
            return of_thread.decoder.decode(batch)

        with ThreadPoolExecutor(threads) as pool:
            run = pool.map
            add(
                f"decode by nvJPEG, {threads} threads",
                lambda run=run, decoding=on_the_gpu: list(run(decoding, _batches(encoded))),
                len(encoded),
            )
    for bucket in (1, 8, 32, BATCH):
        _networks(inspector, bucket, repeated(pixels, max(16 * bucket, 64)), add)
    threshold = _threshold([gated.score for gated in inspector.gate(pixels)])
    for where in DECODED_ON:
        cascade = Cascade(inspector, threshold, on_the_gpu=where == "the GPU", cores=cores)
        add(
            f"cascade from JPEG bytes, decoded on {where}",
            lambda cascade=cascade: cascade.run(encoded),
            len(encoded),
        )
        cascade.close()


def _networks(
    inspector: TorchInspector,
    bucket: int,
    pixels: list[Pixels],
    add: Callable[[str, Callable[[], object], int], None],
) -> None:
    """Both networks, called with `bucket` frames at a time."""
    gated = [Gated(score=1.0)] * bucket
    batches = [pixels[first : first + bucket] for first in range(0, len(pixels), bucket)]
    add(f"gate, batches of {bucket}", lambda: [inspector.gate(batch) for batch in batches], len(pixels))
    add(
        f"segmenter with regions, batches of {bucket}",
        lambda: [inspector.segment(batch, gated) for batch in batches],
        len(pixels),
    )


class Cascade:
    """Decoders ahead of one thread that infers, as in the worker; frames stay on the GPU if decoded there."""

    def __init__(self, inspector: TorchInspector, threshold: float, *, on_the_gpu: bool, cores: int) -> None:
        from model.engines.decoding import DeviceDecoder

        self._inspector = inspector
        self._threshold = threshold
        self._pool = ThreadPoolExecutor(2 if on_the_gpu else max(1, cores - 1))
        self._spec = inspector.card.input
        # One a thread would also do; a decoder's calls are taken in turn, two threads keep one waiting.
        self._decoder = DeviceDecoder(self._spec, inspector.device) if on_the_gpu else None
        self._turn = threading.Lock()

    def run(self, encoded: Sequence[bytes]) -> int:
        """Inspect all; returns how many were segmented."""
        batches = iter(_batches(encoded))
        decoding: deque[Future[list[Pixels] | list[Tensor]]] = deque()
        passed: list[Pixels | Tensor] = []
        segmented = 0
        while True:
            while len(decoding) < AHEAD and (batch := next(batches, None)) is not None:
                decoding.append(self._pool.submit(self._decode, batch))
            if not decoding:
                break
            frames = decoding.popleft().result()
            gated = self._inspector.gate(frames)
            passed += [f for f, g in zip(frames, gated, strict=True) if g.score >= self._threshold]
            if len(passed) >= BATCH // 2:
                segmented += self._segment(passed)
        return segmented + self._segment(passed)

    def close(self) -> None:
        """End the decoders."""
        self._pool.shutdown()

    def _segment(self, passed: list[Pixels | Tensor]) -> int:
        count = len(passed)
        if passed:
            self._inspector.segment(passed, [Gated(score=1.0)] * count)  # type: ignore[arg-type]
            passed.clear()
        return count

    def _decode(self, batch: Sequence[bytes]) -> list[Pixels] | list[Tensor]:
        if self._decoder is None:
            return [decode(frame, self._spec) for frame in batch]
        with self._turn:
            found = self._decoder.decode(batch)
        if refused := [one for one in found if isinstance(one, ImageInvalid)]:
            raise refused[0]
        return found  # type: ignore[return-value]  # what was refused has been raised


def _batches(encoded: Sequence[bytes]) -> list[Sequence[bytes]]:
    return [encoded[first : first + BATCH] for first in range(0, len(encoded), BATCH)]


def _threshold(scores: Sequence[float]) -> float:
    return float(np.quantile(scores, 1 - SHARE))


def _seconds(run: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    run()
    return time.perf_counter() - began_s


def _frames(card: Card) -> tuple[list[bytes], str]:
    """Real frames where there are some, else drawn ones of the bundle's size."""
    paths = sorted(frame_folder().glob("*.jpg"))[:1024]
    if paths:
        return [path.read_bytes() for path in paths], "real"
    strip = SyntheticStrip(SEED, 0.5, width_px=card.input.width_px, height_px=card.input.height_px)
    drawn = [strip.frame(index).pixels for index in range(SYNTHETIC_FRAMES)]
    return [
        bytes(simplejpeg.encode_jpeg(np.repeat(p[..., None], 3, axis=2), quality=95, colorspace="RGB"))
        for p in drawn
    ], "synthetic"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", default="severstal", type=find)
    parser.add_argument("--frames", type=int, default=4096)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
