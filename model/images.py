"""Encoded frames to grey pixels. An image is refused from its header, before a single pixel is allocated.

Sources: ITU-T T.81 annex B (JPEG markers), W3C PNG third edition, section 5 (chunks).
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import Final, Literal, NamedTuple

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

Kind = Literal["not_an_image", "corrupt_image", "truncated_image", "wrong_size", "too_large"]

MAX_PIXELS: Final = 64 * 2**20
"""Above it an image is absurd, whatever its record promised: 64 Mpx is 160 frames of 256x1600."""

_JPEG_MAGIC: Final = b"\xff\xd8\xff"
_PNG_MAGIC: Final = b"\x89PNG\r\n\x1a\n"
_SOF_MARKERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SOS: Final = 0xDA
_EOI: Final = b"\xff\xd9"
_BASELINE: Final = 0xC0
_NOT_IN_A_SCAN: Final = re.compile(rb"\xff[^\x00\xd0-\xd7]")
"""Within a scan 0xFF is stuffed with 0x00 or is a restart marker; anything else ends it."""
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_PNG_CRITICAL: Final = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})


class ImageInvalid(Exception):
    """Bytes that are no usable frame and never will be; `kind` says why, `detail` with which figures."""

    def __init__(self, kind: Kind, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind: Kind = kind
        self.detail = detail


class _JpegHeader(NamedTuple):
    width_px: int
    height_px: int
    scan_at: int
    plain: bool = False
    """Baseline, 8 bits, one or three components, all of them in the first scan."""


def decode_grey(
    encoded: bytes, *, width_px: int, height_px: int, reduce: int, max_pixels: int = MAX_PIXELS
) -> NDArray[np.uint8]:
    """Decode a JPEG or PNG that must be `height_px` x `width_px` to (height/reduce, width/reduce) uint8.

    A JPEG is reduced inside its DCT: cheaper than decoding all of it and resizing, and 0.13 grey levels from
    an area average (mean over 30 real frames). Raises ImageInvalid for whatever the bytes are guilty of,
    ValueError when the size asked for cannot be divided by `reduce`. Releases the interpreter lock while it
    decodes: another thread stalled for at most 1 ms during a decode of 270 ms.
    """
    if reduce not in (1, 2) or width_px % reduce or height_px % reduce:
        raise ValueError(f"cannot reduce {height_px}x{width_px} by {reduce}")
    if encoded.startswith(_JPEG_MAGIC):
        header = _read_jpeg_header(encoded)
        _check_size(header.width_px, header.height_px, width_px, height_px, max_pixels)
        return _decode_jpeg(encoded, header.scan_at, height_px // reduce, width_px // reduce)
    if encoded.startswith(_PNG_MAGIC):
        _check_size(*_read_png_size(encoded), width_px, height_px, max_pixels)
        return _decode_png(encoded, height_px, width_px, reduce)
    raise ImageInvalid("not_an_image", f"starts with {encoded[:8].hex() or 'nothing: no bytes at all'}")


def is_plain_jpeg(encoded: bytes, *, width_px: int, height_px: int, max_pixels: int = MAX_PIXELS) -> bool:
    """Whether this is one whole baseline scan of 8 bits, grey or YCbCr: what every JPEG decoder reads alike.

    For decoders that are less strict than `decode_grey`, which is to judge all others. Nothing is decoded.
    Raises ImageInvalid as `decode_grey` does for a header that is damaged or of another size.
    """
    if not encoded.startswith(_JPEG_MAGIC):
        return False
    header = _read_jpeg_header(encoded)
    _check_size(header.width_px, header.height_px, width_px, height_px, max_pixels)
    at = header.scan_at
    if not header.plain or b"Adobe" in encoded[:at]:  # its marker can say that the colours are RGB
        return False
    scan = at + 2 + int.from_bytes(encoded[at + 2 : at + 4], "big")
    ended = _NOT_IN_A_SCAN.search(encoded, scan)
    return ended is not None and ended.group() == _EOI


def _check_size(width_px: int, height_px: int, expected_width: int, expected_height: int, limit: int) -> None:
    size = f"{height_px}x{width_px}"
    if width_px * height_px > limit:
        raise ImageInvalid("too_large", f"{size} is more than {limit} pixels")
    if (width_px, height_px) != (expected_width, expected_height):
        raise ImageInvalid("wrong_size", f"{size}, expected {expected_height}x{expected_width}")


def _read_jpeg_header(encoded: bytes) -> _JpegHeader:
    """Walk the segments to the first scan; nothing is decoded."""
    at, end = 2, len(encoded)
    size: tuple[int, int] | None = None
    baseline, components = False, b""
    while at + 4 <= end:
        if encoded[at] != 0xFF:
            raise ImageInvalid("corrupt_image", f"no JPEG marker at byte {at}")
        marker = encoded[at + 1]
        if marker == 0xFF or marker in _STANDALONE:  # fill byte, or a marker without a segment
            at += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(encoded[at + 2 : at + 4], "big")
        if length < 2 or marker in (0x00, 0xD8, 0xD9):
            raise ImageInvalid("corrupt_image", f"marker {marker:#04x} with length {length} at byte {at}")
        if marker in _SOF_MARKERS and size is None:
            if at + 9 > end:
                break
            height_px, width_px = struct.unpack_from(">HH", encoded, at + 5)
            if not height_px or not width_px:
                raise ImageInvalid("corrupt_image", f"JPEG header says {height_px}x{width_px}")
            size = (width_px, height_px)
            components = encoded[at + 9 : at + 10]
            baseline = marker == _BASELINE and encoded[at + 4] == 8 and components in (b"\x01", b"\x03")
            baseline &= encoded[at + 10 : at + 11] != b"R"  # the first of three components named R, G, B
        if marker == _SOS:
            if size is None:
                raise ImageInvalid("corrupt_image", "JPEG scan before any frame header")
            whole = baseline and encoded[at + 4 : at + 5] == components
            return _JpegHeader(*size, scan_at=at, plain=whole)
        at += 2 + length
    if size is not None:  # the size is known: a wrong one is the better reason, so the caller hears it first
        return _JpegHeader(*size, scan_at=end)
    raise ImageInvalid("truncated_image", f"JPEG ends after {end} bytes, before its frame header")


def _decode_jpeg(encoded: bytes, scan_at: int, height_px: int, width_px: int) -> NDArray[np.uint8]:
    # Inside a scan 0xFF is always followed by a stuffed 0x00 or a restart marker: this can only be the end.
    if encoded.rfind(_EOI) < scan_at:  # from the end, where it is: 89 us a frame less than from the scan
        raise ImageInvalid("truncated_image", f"JPEG of {len(encoded)} bytes has no end marker")
    # The decoder writes into our pixels, so it cannot allocate more, should it read another size than we did.
    pixels = np.empty((height_px, width_px, 1), np.uint8)
    try:
        decoded = simplejpeg.decode_jpeg(
            encoded, colorspace="GRAY", min_height=height_px, min_width=width_px, buffer=pixels, strict=True
        )
    except ValueError as refused:
        detail = str(refused)
        cut = "Premature end of JPEG file" in detail
        raise ImageInvalid("truncated_image" if cut else "corrupt_image", detail) from refused
    if decoded.shape != pixels.shape:
        raise ImageInvalid("corrupt_image", f"decoder gave {decoded.shape}, not {height_px}x{width_px}")
    return pixels.reshape(height_px, width_px)


def _read_png_size(encoded: bytes) -> tuple[int, int]:
    if len(encoded) < 33:  # magic, and the IHDR chunk with its checksum
        raise ImageInvalid("truncated_image", f"PNG ends after {len(encoded)} bytes, inside its header")
    if encoded[12:16] != b"IHDR":
        raise ImageInvalid("corrupt_image", "PNG does not start with IHDR")
    width_px, height_px = struct.unpack_from(">II", encoded, 16)
    if not width_px or not height_px:
        raise ImageInvalid("corrupt_image", f"PNG header says {height_px}x{width_px}")
    return width_px, height_px


def _critical_chunks(encoded: bytes) -> bytes:
    """The PNG with only the chunks that hold pixels, each checked against its CRC.

    Text, colour profiles and animations are dropped: they can inflate to any size, and are not the frame.
    """
    kept, at, end = [_PNG_MAGIC], len(_PNG_MAGIC), len(encoded)
    while at + 12 <= end:
        (length,), name = struct.unpack_from(">I", encoded, at), encoded[at + 4 : at + 8]
        following = at + 12 + length
        if following > end:
            break
        if name in _PNG_CRITICAL:
            (stated,) = struct.unpack_from(">I", encoded, following - 4)
            if zlib.crc32(encoded[at + 4 : following - 4]) != stated:
                raise ImageInvalid("corrupt_image", f"PNG chunk {name.decode()} at byte {at} has a wrong CRC")
            kept.append(encoded[at:following])
        if name == b"IEND":
            return b"".join(kept)
        at = following
    raise ImageInvalid("truncated_image", f"PNG of {end} bytes has no end chunk")


def _decode_png(encoded: bytes, height_px: int, width_px: int, reduce: int) -> NDArray[np.uint8]:
    try:
        pixels = cv2.imdecode(np.frombuffer(_critical_chunks(encoded), np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error as refused:
        raise ImageInvalid("corrupt_image", str(refused).strip()) from refused
    if pixels is None or pixels.shape != (height_px, width_px):
        raise ImageInvalid("corrupt_image", "PNG data cannot be decoded")
    if reduce == 1:
        return np.asarray(pixels, np.uint8)
    half = (width_px // reduce, height_px // reduce)
    return np.asarray(cv2.resize(pixels, half, interpolation=cv2.INTER_AREA), np.uint8)
