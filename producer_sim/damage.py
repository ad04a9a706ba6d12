"""What faults do to a frame's bytes, so that a strict decoder is certain to notice.

Sources: ITU-T T.81 annex B (JPEG markers), W3C PNG third edition, section 5 (chunks).
"""

from __future__ import annotations

import cv2
import numpy as np

from contracts.cloudevents import type_name
from contracts.frame_codec import FRAME_KIND
from contracts.frames import Encoding

UNKNOWN_MAJOR = 99
_PNG_MAGIC_BYTES = 8
_PNG_END_BYTES = 12
_EOI = b"\xff\xd9"
# Restart markers in a scan that may hold none, or not these here: the entropy decoder must stumble over them,
# whatever it has read before. Random bytes would now and then decode to other pixels and pass.
_FOREIGN_MARKERS = b"\xff\xd3\xff\xd6\xff\xd1\xff\xd4"


def corrupt(encoded: bytes, encoding: Encoding, rng: np.random.Generator) -> bytes:
    """Damage the pixels' data in place; size, header and end marker stay."""
    if encoding is Encoding.PNG:
        start, length = _png_data(encoded)
        at = start + int(rng.integers(0, length))
        return encoded[:at] + bytes([encoded[at] ^ 0x55]) + encoded[at + 1 :]  # its CRC no longer holds
    start, end = _jpeg_scan(encoded)
    at = start + int((end - start) * rng.uniform(0.1, 0.7))
    return encoded[:at] + _FOREIGN_MARKERS + encoded[at + len(_FOREIGN_MARKERS) :]


def truncate(encoded: bytes, encoding: Encoding, rng: np.random.Generator) -> bytes:
    """Cut the bytes off inside the pixels' data, as a camera that lost its connection does."""
    if encoding is Encoding.PNG:
        start, length = _png_data(encoded)
    else:
        start, end = _jpeg_scan(encoded)
        length = end - start
    return encoded[: start + int(length * rng.uniform(0.1, 0.9))]


def resize(encoded: bytes, encoding: Encoding) -> bytes:
    """A valid image of another size: the left three quarters."""
    pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        raise ValueError("no image that can be decoded")
    cropped = pixels[:, : max(1, pixels.shape[1] * 3 // 4)]
    done, smaller = cv2.imencode(".png" if encoding is Encoding.PNG else ".jpg", cropped)
    if not done:
        raise ValueError(f"cannot encode {cropped.shape}")
    return smaller.tobytes()


def with_unknown_version(headers: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """The same headers, of a major version that nobody knows yet."""
    future = type_name(FRAME_KIND, UNKNOWN_MAJOR).encode()
    return [(name, future if name == "ce_type" else value) for name, value in headers]


def _jpeg_scan(encoded: bytes) -> tuple[int, int]:
    """Where the first scan's data starts, and where its end marker is."""
    at = 2
    while at + 4 <= len(encoded):
        marker, length = encoded[at + 1], int.from_bytes(encoded[at + 2 : at + 4], "big")
        if marker == 0xDA:
            start = at + 2 + length
            end = encoded.find(_EOI, start)
            return start, end if end > start else len(encoded)
        at += 1 if marker == 0xFF else 2 + length
    raise ValueError("a JPEG without a scan")


def _png_data(encoded: bytes) -> tuple[int, int]:
    """Start and length of the first IDAT chunk's data."""
    at = _PNG_MAGIC_BYTES
    while at + _PNG_END_BYTES <= len(encoded):
        length = int.from_bytes(encoded[at : at + 4], "big")
        if encoded[at + 4 : at + 8] == b"IDAT" and length:
            return at + 8, length
        at += _PNG_END_BYTES + length
    raise ValueError("a PNG without data")
