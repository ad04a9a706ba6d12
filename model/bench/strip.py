"""The frames that a bench runs over: as the line sends them, in JPEG."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import simplejpeg

from model.card import InputSpec
from model.frames.refused import TrainingRefused
from model.images import ImageInvalid, decode_grey
from model.inspector import Pixels
from model.synthesis import SyntheticStrip

SEED: Final = 20_260
SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png"})


class Strip(NamedTuple):
    """Distinct encoded frames, and in words which they are."""

    frames: list[bytes]
    says: str


def strip_of(folder: Path | None, count: int, spec: InputSpec) -> Strip:
    """`count` frames of a folder, taken evenly by name, or drawn ones without a folder.

    A folder may be in the competition's layout, with its frames in `images/`. Raises TrainingRefused for one
    without frames, and for a frame that is not of the networks' size.
    """
    if folder is None:
        drawn = SyntheticStrip(SEED, 0.5, width_px=spec.width_px, height_px=spec.height_px)
        frames = [_encoded(drawn.frame(index).pixels) for index in range(count)]
        return Strip(frames, f"{len(frames)} synthetic frames")
    inside = folder / "images" if (folder / "images").is_dir() else folder
    paths = _listed(inside)
    chosen = [paths[i * len(paths) // count] for i in range(count)] if len(paths) > count else paths
    frames = [path.read_bytes() for path in chosen]
    for path, frame in zip(chosen, frames, strict=True):
        try:
            decode(frame, spec)
        except ImageInvalid as invalid:
            raise TrainingRefused(
                f"{path} cannot be inspected ({invalid}): give --frames a folder of frames of "
                f"{spec.height_px}x{spec.width_px}, or leave it out for synthetic ones"
            ) from None
    return Strip(frames, f"{len(frames)} frames of {folder.resolve().name}")


def decode(encoded: bytes, spec: InputSpec) -> Pixels:
    """As the worker decodes."""
    return decode_grey(encoded, width_px=spec.width_px, height_px=spec.height_px, reduce=spec.reduce)


def decode_all(encoded: Sequence[bytes], spec: InputSpec, pool: Executor) -> list[Pixels]:
    """On all of the pool's threads, in order."""
    return list(pool.map(lambda frame: decode(frame, spec), encoded))


def _listed(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise TrainingRefused(f"{folder} is no folder: give --frames one that holds frames")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise TrainingRefused(f"{folder} holds no .jpg or .png: give --frames a folder of frames")
    return paths


def _encoded(pixels: Pixels) -> bytes:
    """A grey picture in a colour JPEG, as the real ones are."""
    colour = np.repeat(pixels[..., None], 3, axis=2)
    return bytes(simplejpeg.encode_jpeg(colour, quality=95, colorspace="RGB"))
