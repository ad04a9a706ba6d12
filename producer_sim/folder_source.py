"""Real frames of a folder, sent byte for byte."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import simplejpeg

from contracts.frames import Encoding
from producer_sim.arrangement import Exposure
from producer_sim.folder_marks import FolderMarks
from producer_sim.manifest import Truth
from producer_sim.refused import SimulatorRefused
from producer_sim.roll_marks import PutMark
from producer_sim.sources import Picture

_ENCODINGS = {".jpg": Encoding.JPEG, ".jpeg": Encoding.JPEG, ".png": Encoding.PNG}
_STREAM = 3
"""Keeps these draws apart from the faults'."""

CACHE_BYTES = 512 * 2**20
"""Frames kept in memory, 5,000 of the real set; those beyond are read again each time."""


def list_frames(folder: Path, distinct: int | None = None) -> tuple[Path, ...]:
    """The folder's images by name, the first `distinct` of them. Raises SimulatorRefused when it has none."""
    if not folder.is_dir():
        raise SimulatorRefused(f"There is no folder {folder}.")
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENCODINGS)
    if not found:
        raise SimulatorRefused(f"{folder} holds no JPEG or PNG.")
    return tuple(found[:distinct])


class FolderSource:
    """Sends the folder's frames over and over, in the order of their names.

    With `defect_share` they are drawn instead, so that this share of them is defective: for that both kinds
    must be among those of known truth. `marks` says which frames a roll's mark comes in the place of.
    Raises SimulatorRefused.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        truths: Mapping[str, Truth],
        *,
        seed: int = 0,
        defect_share: float | None = None,
        marks: FolderMarks | None = None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self.name = paths[0].parent.name
        self._folder = paths[0].parent
        self._truths = truths
        self._marks = marks
        self._choose = (
            _in_order(paths) if defect_share is None else _by_share(paths, truths, defect_share, seed)
        )
        self._kept: dict[Path, Picture] = {}
        self._room_bytes = cache_bytes
        self.width_px, self.height_px = frame_size(paths[0])

    def picture(self, exposure: Exposure) -> Picture:
        """The frame of an exposure."""
        path = self._marked(exposure) or self._choose(exposure.serial)
        kept = self._kept.get(path)
        if kept is None:
            kept = self._read(path)
            if len(kept.encoded) <= self._room_bytes:
                self._kept[path] = kept
                self._room_bytes -= len(kept.encoded)
        return kept

    def marks_of(self, line: int, coil: int) -> tuple[PutMark, ...]:
        """What a coil's frames are arranged to show."""
        return () if self._marks is None else self._marks.of_coil((line, coil))

    def let_go(self, line: int, coil: int) -> None:
        """The coil has passed: forget where its marks were."""
        if self._marks is not None:
            self._marks.let_go((line, coil))

    def _marked(self, exposure: Exposure) -> Path | None:
        if self._marks is None:
            return None
        name = self._marks.on_frame((exposure.line, exposure.coil), exposure.camera, exposure.frame_index)
        return None if name is None else self._folder / name

    def _read(self, path: Path) -> Picture:
        encoded, encoding, (width_px, height_px) = _opened(path)
        return Picture(
            encoded=encoded,
            encoding=encoding,
            width_px=width_px,
            height_px=height_px,
            truth=self._truths.get(path.name),
            origin=path.name,
        )


def frame_size(path: Path) -> tuple[int, int]:
    """(width, height) px of a JPEG or PNG. Raises SimulatorRefused."""
    return _opened(path)[2]


def _opened(path: Path) -> tuple[bytes, Encoding, tuple[int, int]]:
    try:
        encoded, encoding = path.read_bytes(), _ENCODINGS[path.suffix.lower()]
        return encoded, encoding, _size(encoded, encoding)
    except (OSError, ValueError) as error:
        raise SimulatorRefused(f"{path} cannot be sent: {error}.") from None


def _in_order(paths: Sequence[Path]) -> Callable[[int], Path]:
    return lambda serial: paths[serial % len(paths)]


def _by_share(
    paths: Sequence[Path], truths: Mapping[str, Truth], defect_share: float, seed: int
) -> Callable[[int], Path]:
    defective = [path for path in paths if path.name in truths and truths[path.name].defective]
    clean = [path for path in paths if path.name in truths and not truths[path.name].defective]
    if (defect_share > 0 and not defective) or (defect_share < 1 and not clean):
        raise SimulatorRefused(
            f"--defect-share {defect_share:g} needs frames known to be defective and clean ones; "
            f"the labels know {len(defective)} and {len(clean)}."
        )

    def choose(serial: int) -> Path:
        rng = np.random.default_rng([seed, _STREAM, serial])
        pool = defective if rng.random() < defect_share else clean
        return pool[int(rng.integers(0, len(pool)))]

    return choose


def _size(encoded: bytes, encoding: Encoding) -> tuple[int, int]:
    """(width, height) px as the file says."""
    if encoding is Encoding.JPEG:
        height_px, width_px, *_ = simplejpeg.decode_jpeg_header(encoded)
        return width_px, height_px
    if len(encoded) < 24 or encoded[12:16] != b"IHDR":
        raise ValueError("it is no PNG")
    width_px, height_px = struct.unpack_from(">II", encoded, 16)
    return width_px, height_px
