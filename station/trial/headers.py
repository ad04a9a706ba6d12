"""What an image says of itself before its first pixel: its kind, its size, which way is up.

A few bytes are read, none is decoded, and no header can keep the reader longer than `MAX_PARTS` steps.
Sources: ITU-T T.81 annex B (JPEG markers), W3C PNG third edition section 5, CIPA DC-008 (Exif) section 4.6.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from station.trial.refusals import Damaged, NotAnImage

MAX_PARTS: Final = 10_000
"""Segments and fill bytes of a JPEG's header, chunks of a PNG: a picture of 16 MiB has a few hundred."""
MAX_SCANS: Final = 64
"""A progressive JPEG has about 10. Each scan walks over all pixels again, and may be 20 bytes long."""

_JPEG: Final = b"\xff\xd8\xff"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_OTHERS: Final = (
    (b"GIF8", 0, "a GIF"),
    (b"BM", 0, "a BMP"),
    (b"II*\x00", 0, "a TIFF"),
    (b"MM\x00*", 0, "a TIFF"),
    (b"WEBP", 8, "a WebP"),
    (b"ftyp", 4, "a HEIC, an AVIF or a film"),
    (b"%PDF", 0, "a PDF"),
)
_SOF: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SOS: Final = 0xDA
_APP1: Final = 0xE1
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_EXIF: Final = b"Exif\x00\x00"
_ORIENTATION: Final = 0x0112

_BROKEN: Final = "The image's header is damaged: save the image again and send the new file."
_ENDS: Final = "The image ends inside its header: it was cut off on its way. Send the whole file."
_ENDLESS: Final = (
    "The image is built of more parts than any camera writes: save it again and send the new file."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A picture's size as it is stored, and how it is to be turned."""

    width_px: int
    height_px: int
    orientation: int = 1
    """Exif's 1..8; 1 is upright, from 5 on width and height change places. A PNG is taken as it is stored."""


def read_header(image: bytes) -> Header:
    """What a JPEG or PNG says of itself. Raises NotAnImage or Damaged."""
    if image.startswith(_JPEG):
        return _read_jpeg(image)
    if image.startswith(_PNG):
        return _read_png(image)
    for magic, at, name in _OTHERS:
        if image[at : at + len(magic)] == magic:
            raise NotAnImage(f"This is {name}: save it as JPEG or PNG and send that.")
    raise NotAnImage("This is no image that can be inspected: send a JPEG or a PNG.")


def _read_jpeg(image: bytes) -> Header:
    """Walk from segment to segment to the first scan."""
    if image.count(bytes((0xFF, _SOS))) > MAX_SCANS:
        raise Damaged(_ENDLESS)
    at, orientation = 2, 1
    size: tuple[int, int] | None = None
    for _ in range(MAX_PARTS):
        if at + 4 > len(image):
            raise Damaged(_ENDS)
        marker = image[at + 1]
        if image[at] != 0xFF:
            raise Damaged(_BROKEN)
        if marker == 0xFF or marker in _STANDALONE:  # a fill byte, or a marker without a segment
            at += 1 if marker == 0xFF else 2
            continue
        segment = image[at + 4 : at + 2 + int.from_bytes(image[at + 2 : at + 4], "big")]
        if marker in _SOF and size is None and len(segment) >= 5:
            size = (int.from_bytes(segment[3:5], "big"), int.from_bytes(segment[1:3], "big"))
        if marker == _APP1 and segment.startswith(_EXIF):
            orientation = _orientation(segment[len(_EXIF) :])
        if marker == _SOS:
            return _sized(size, orientation)
        at += max(2, 2 + int.from_bytes(image[at + 2 : at + 4], "big"))
    raise Damaged(_ENDLESS)


def _read_png(image: bytes) -> Header:
    if len(image) < 33:  # the magic, and the header chunk with its checksum
        raise Damaged(_ENDS)
    if image[12:16] != b"IHDR":
        raise Damaged(_BROKEN)
    at = len(_PNG)
    for _ in range(MAX_PARTS):
        if at + 12 > len(image):
            return _sized(struct.unpack_from(">II", image, 16), 1)
        at += 12 + int.from_bytes(image[at : at + 4], "big")
    raise Damaged(_ENDLESS)


def _sized(size: tuple[int, ...] | None, orientation: int) -> Header:
    if size is None or not all(size):
        raise Damaged(_BROKEN)
    return Header(width_px=size[0], height_px=size[1], orientation=orientation)


def _orientation(tiff: bytes) -> int:
    """The first directory's orientation; 1 where there is none, or what stands there makes no sense."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, directory)
        for entry in range(entries):
            tag, kind, count, value = struct.unpack_from(f"{order}HHIH", tiff, directory + 2 + 12 * entry)
            if tag == _ORIENTATION:
                return value if (kind, count) == (3, 1) and 1 <= value <= 8 else 1
    except struct.error:  # it points beyond its end
        return 1
    return 1
