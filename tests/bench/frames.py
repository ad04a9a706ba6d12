"""The real frames that the benchmarks send."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench.measure import ROOT

FRAMES = ROOT.parent / "shared" / "data" / "severstal" / "images"


def frame_folder() -> Path:
    """The folder of real frames; COILWATCH_FRAMES names another than the shared one."""
    return Path(os.environ.get("COILWATCH_FRAMES", FRAMES))


def real_frames(limit: int | None = None) -> list[bytes]:
    """The encoded frames in the order of their names."""
    folder = frame_folder()
    paths = sorted(folder.glob("*.jpg"))[:limit]
    if not paths:
        sys.exit(f"{folder} holds no JPEG: set COILWATCH_FRAMES to a folder of real frames")
    return [path.read_bytes() for path in paths]


def repeated(frames: Sequence[bytes], count: int) -> list[bytes]:
    """The frames over and over, `count` of them; no copies."""
    return [frames[index % len(frames)] for index in range(count)]
