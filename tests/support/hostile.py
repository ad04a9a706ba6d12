"""Image payloads that no frame may be, each with the kind of refusal it must get: one corpus for all tests.

The kinds are `model.images.Kind`, which are also values of `contracts.rejections.Reason`. Not here,
because no decoder can tell: a JPEG (it has no checksum) whose damaged scan still decodes to all its blocks.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import cv2
import numpy as np
import simplejpeg

from model.images import Kind

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
EOI = b"\xff\xd9"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileImage:
    """Bytes that claim, or do not claim, to be a frame of the expected size."""

    name: str
    encoded: bytes
    kind: Kind


def textured(width_px: int, height_px: int) -> np.ndarray:
    """A grey frame that no codec reduces to nothing: (H, W) uint8, the same every time."""
    noise = np.random.default_rng(3).integers(0, 40, (height_px, width_px))
    return (noise + np.linspace(60, 160, width_px)).astype(np.uint8)


def good_jpeg(width_px: int = 1600, height_px: int = 256) -> bytes:
    """A frame as the real ones are: grey, coded as a colour JPEG."""
    colour = np.ascontiguousarray(np.repeat(textured(width_px, height_px)[..., None], 3, axis=2))
    return bytes(simplejpeg.encode_jpeg(colour, quality=90, colorspace="RGB", colorsubsampling="420"))


def good_png(width_px: int = 1600, height_px: int = 256) -> bytes:
    """The same frame as a grey PNG."""
    return _coded(".png", textured(width_px, height_px))


def hostile_images(width_px: int = 1600, height_px: int = 256) -> tuple[HostileImage, ...]:
    """Every payload, for a camera whose frames are `height_px` x `width_px`, not square."""
    table: list[tuple[str, bytes, Kind]] = [
        *_no_images(width_px, height_px),
        *_jpegs(width_px, height_px),
        *_pngs(width_px, height_px),
    ]
    return tuple(HostileImage(name=name, encoded=encoded, kind=kind) for name, encoded, kind in table)


def _no_images(width_px: int, height_px: int) -> list[tuple[str, bytes, Kind]]:
    frame = textured(width_px, height_px)
    return [
        ("empty", b"", "not_an_image"),
        ("one_byte", b"\xff", "not_an_image"),
        ("text", b"the camera is rebooting\n", "not_an_image"),
        ("json", b'{"frame": 1}', "not_an_image"),
        ("zeros", bytes(4096), "not_an_image"),
        ("noise", np.random.default_rng(7).bytes(4096), "not_an_image"),
        ("bmp", _coded(".bmp", frame), "not_an_image"),
        ("tiff", _coded(".tiff", frame), "not_an_image"),
        ("webp", _coded(".webp", frame), "not_an_image"),
        ("raw_pixels", frame.tobytes(), "not_an_image"),
        ("jpeg_without_its_first_byte", good_jpeg(width_px, height_px)[1:], "not_an_image"),
    ]


def _jpegs(width_px: int, height_px: int) -> list[tuple[str, bytes, Kind]]:
    good = good_jpeg(width_px, height_px)
    half = len(good) // 2
    size_at = _jpeg_size_at(good)
    return [
        ("jpeg_magic_only", good[:3], "truncated_image"),
        ("jpeg_cut_in_its_header", good[: size_at - 4], "truncated_image"),
        ("jpeg_cut_before_its_scan", good[: good.index(b"\xff\xda")], "truncated_image"),
        ("jpeg_cut_in_the_middle", good[:half], "truncated_image"),
        ("jpeg_without_end_marker", good[:-2], "truncated_image"),
        ("jpeg_cut_but_with_end_marker", good[:half] + EOI, "corrupt_image"),
        ("jpeg_that_ends_in_zeros", good[:half] + bytes(len(good) - half - 2) + EOI, "corrupt_image"),
        ("jpeg_with_markers_in_its_scan", good[:half] + b"\xff" * 64 + good[half + 64 :], "corrupt_image"),
        ("jpeg_without_quantisation", good.replace(b"\xff\xdb", b"\xff\xfe"), "corrupt_image"),
        ("jpeg_with_text_for_segments", good[:2] + b"\xff\xe0" + b"not a segment" * 9000, "corrupt_image"),
        ("jpeg_with_an_empty_segment", good[:2] + b"\xff\xe1\x00\x00" + good[2:], "corrupt_image"),
        ("jpeg_of_no_rows", _jpeg_sized(good, width_px, 0), "corrupt_image"),
        ("jpeg_bomb", _jpeg_sized(good, 65_500, 65_500), "too_large"),
        ("jpeg_bomb_of_one_row", _jpeg_sized(good, 65_500, 1), "wrong_size"),
        ("jpeg_of_half_size", good_jpeg(width_px // 2, height_px // 2), "wrong_size"),
        ("jpeg_one_row_more", good_jpeg(width_px, height_px + 1), "wrong_size"),
        ("jpeg_turned", good_jpeg(height_px, width_px), "wrong_size"),
        ("jpeg_of_wrong_size_and_cut", good_jpeg(width_px * 2, height_px)[:half], "wrong_size"),
    ]


def _pngs(width_px: int, height_px: int) -> list[tuple[str, bytes, Kind]]:
    good = good_png(width_px, height_px)
    half = len(good) // 2
    rows = b"".join(b"\x00" + row.tobytes() for row in textured(width_px, height_px))
    size = struct.pack(">IIBBBBB", width_px, height_px, 8, 0, 0, 0, 0)
    end = _chunk(b"IEND", b"")

    def png(pixels: bytes, header: bytes = size) -> bytes:
        return PNG_MAGIC + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + end

    return [
        ("png_magic_only", good[:8], "truncated_image"),
        ("png_cut_in_the_middle", good[:half], "truncated_image"),
        ("png_without_end_chunk", good[:-12], "truncated_image"),
        (
            "png_with_flipped_bits",
            good[:half] + bytes([good[half] ^ 0xFF]) + good[half + 1 :],
            "corrupt_image",
        ),
        ("png_without_header_chunk", PNG_MAGIC + good[33:], "corrupt_image"),
        ("png_of_no_columns", _png_sized(good, 0, height_px), "corrupt_image"),
        ("png_of_no_pixels", PNG_MAGIC + _chunk(b"IHDR", size) + end, "corrupt_image"),
        ("png_of_half_its_rows", png(zlib.compress(rows[: len(rows) // 2])), "corrupt_image"),
        ("png_that_is_not_deflated", png(b"not deflated" * 50), "corrupt_image"),
        ("png_of_unknown_depth", png(zlib.compress(rows), size[:8] + b"\x07" + size[9:]), "corrupt_image"),
        ("png_bomb", _png_sized(good, 2**31 - 1, 2**31 - 1), "too_large"),
        ("png_of_double_size", good_png(width_px * 2, height_px * 2), "wrong_size"),
        ("png_turned", good_png(height_px, width_px), "wrong_size"),
    ]


def _coded(extension: str, frame: np.ndarray) -> bytes:
    coded, buffer = cv2.imencode(extension, frame)
    assert coded, extension
    return buffer.tobytes()


def _jpeg_size_at(encoded: bytes) -> int:
    """Where height and width stand: 5 bytes after the baseline frame header's marker (ITU-T T.81, B.2.2)."""
    return encoded.index(b"\xff\xc0") + 5


def _jpeg_sized(encoded: bytes, width_px: int, height_px: int) -> bytes:
    at = _jpeg_size_at(encoded)
    return encoded[:at] + struct.pack(">HH", height_px, width_px) + encoded[at + 4 :]


def _png_sized(encoded: bytes, width_px: int, height_px: int) -> bytes:
    header = struct.pack(">II", width_px, height_px) + encoded[24:29]
    return PNG_MAGIC + _chunk(b"IHDR", header) + encoded[33:]


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
