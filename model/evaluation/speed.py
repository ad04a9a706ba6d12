"""How long a frame takes on this machine: decode, gate, segmenter with its regions."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from model.card import InputSpec
from model.images import decode_grey
from model.inspector import Inspector

FRAMES: Final = 32
REPEATS: Final = 9
WARM_UPS: Final = 2


def measure(inspector: Inspector, spec: InputSpec, encoded: Sequence[bytes], threads: int) -> dict[str, Any]:
    """Milliseconds a frame over FRAMES frames at once: the median of REPEATS, with the fastest and slowest.

    Decoding is on one core; gate and segmenter use what the inspector was given. Repeat after repeat, all
    three in turn, so that whoever else is at work disturbs them alike.
    """
    encoded = [encoded[i % len(encoded)] for i in range(FRAMES)]
    frames = _decoded(encoded, spec)
    gated = inspector.gate(frames)
    steps: dict[str, Callable[[], object]] = {
        "decode": lambda: _decoded(encoded, spec),
        "gate": lambda: inspector.gate(frames),
        "segment": lambda: inspector.segment(frames, gated),
    }
    taken_ms: dict[str, list[float]] = {name: [] for name in steps}
    for repeat in range(WARM_UPS + REPEATS):
        for name, step in steps.items():
            started = time.perf_counter()
            step()
            if repeat >= WARM_UPS:
                taken_ms[name].append(1000 * (time.perf_counter() - started) / len(frames))
    return {"threads": threads, "frames": len(frames), "repeats": REPEATS} | {
        f"{name}_ms": {
            "median": round(statistics.median(times), 3),
            "least": round(min(times), 3),
            "most": round(max(times), 3),
        }
        for name, times in taken_ms.items()
    }


def _decoded(encoded: Sequence[bytes], spec: InputSpec) -> list[Any]:
    return [
        decode_grey(each, width_px=spec.width_px, height_px=spec.height_px, reduce=spec.reduce)
        for each in encoded
    ]
