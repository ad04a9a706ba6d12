"""A folder of images through a bundle: every frame inspected, what cannot be read said with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model.card import InputSpec
from model.images import ImageInvalid, decode_grey
from model.inspector import FrameResult, Inspector, Pixels

IMAGE_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png"})
BATCH_FRAMES: Final = 16
DECODE_THREADS: Final = 2


class PredictRefused(Exception):
    """A folder that cannot be run; the message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """One image's result, with its bytes for whoever draws on it."""

    image_id: str
    encoded: bytes
    result: FrameResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """One image that could not be inspected."""

    image_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decoded:
    image_id: str
    encoded: bytes
    pixels: Pixels


def list_images(folder: Path, limit: int | None = None) -> list[Path]:
    """The first `limit` JPEGs and PNGs of a folder, by name. Raises PredictRefused when there are none."""
    if not folder.is_dir():
        raise PredictRefused(f"{folder} is no folder: give one that holds images")
    images = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    if not images:
        raise PredictRefused(f"{folder} holds no .jpg or .png: give a folder that holds images")
    return images[:limit]


def predict(images: Sequence[Path], inspector: Inspector) -> Iterator[Predicted | Unreadable]:
    """Inspect images in their order; the next batch is decoded while one is inspected.

    Raises what the inspector raises.
    """
    with ThreadPoolExecutor(DECODE_THREADS, thread_name_prefix="decode") as pool:
        upcoming = _submit(pool, images[:BATCH_FRAMES], inspector.card.input)
        for first in range(BATCH_FRAMES, len(images) + BATCH_FRAMES, BATCH_FRAMES):
            read = [future.result() for future in upcoming]
            upcoming = _submit(pool, images[first : first + BATCH_FRAMES], inspector.card.input)
            yield from _inspect(read, inspector)


def _submit(pool: Executor, images: Sequence[Path], spec: InputSpec) -> list[Future[_Decoded | Unreadable]]:
    return [pool.submit(_read, path, spec) for path in images]


def _read(path: Path, spec: InputSpec) -> _Decoded | Unreadable:
    try:
        encoded = path.read_bytes()
        pixels = decode_grey(encoded, width_px=spec.width_px, height_px=spec.height_px, reduce=spec.reduce)
    except ImageInvalid as invalid:
        return Unreadable(image_id=path.name, reason=str(invalid))
    except OSError as failed:
        return Unreadable(image_id=path.name, reason=f"cannot be opened: {failed.strerror}")
    return _Decoded(image_id=path.name, encoded=encoded, pixels=pixels)


def _inspect(read: Sequence[_Decoded | Unreadable], inspector: Inspector) -> Iterator[Predicted | Unreadable]:
    decoded = [item for item in read if isinstance(item, _Decoded)]
    results = iter(inspector.inspect([item.pixels for item in decoded]))
    for item in read:
        if isinstance(item, Unreadable):
            yield item
        else:
            yield Predicted(image_id=item.image_id, encoded=item.encoded, result=next(results))
