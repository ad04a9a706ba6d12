"""Damage is held against the decoder that the worker uses: every fault has exactly its reason."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import simplejpeg

from contracts.codec import FrameRejected, Reason, frame_headers, read_frame_header
from contracts.frames import Encoding, FrameHeader
from model.images import ImageInvalid, decode_grey
from model.synthesis import HEIGHT_PX, WIDTH_PX, SyntheticStrip
from producer_sim.damage import corrupt, resize, truncate, with_unknown_version


def image(encoding: Encoding, seed: int) -> bytes:
    pixels = SyntheticStrip(seed, 0.5).frame(0).pixels
    if encoding is Encoding.JPEG:
        return simplejpeg.encode_jpeg(
            pixels[:, :, None], quality=92, colorspace="GRAY", colorsubsampling="Gray"
        )
    return cv2.imencode(".png", pixels)[1].tobytes()


def verdict(encoded: bytes, reduce: int) -> str:
    try:
        decode_grey(encoded, width_px=WIDTH_PX, height_px=HEIGHT_PX, reduce=reduce)
    except ImageInvalid as invalid:
        return invalid.kind
    return "decoded"


@pytest.mark.parametrize("reduce", [1, 2])
@pytest.mark.parametrize("encoding", list(Encoding))
def test_a_strict_decoder_names_every_damage(encoding: Encoding, reduce: int) -> None:
    for seed in range(6):
        whole = image(encoding, seed)
        assert verdict(whole, reduce) == "decoded"
        for draw in range(4):
            rng = np.random.default_rng([seed, draw])
            assert verdict(corrupt(whole, encoding, rng), reduce) == Reason.CORRUPT_IMAGE
            assert verdict(truncate(whole, encoding, rng), reduce) == Reason.TRUNCATED_IMAGE
        assert verdict(resize(whole, encoding), reduce) == Reason.WRONG_SIZE


@pytest.mark.parametrize("encoding", list(Encoding))
def test_corrupt_bytes_keep_their_number(encoding: Encoding) -> None:
    whole = image(encoding, 1)

    assert len(corrupt(whole, encoding, np.random.default_rng(0))) == len(whole)


@pytest.mark.parametrize("encoding", list(Encoding))
def test_what_has_the_wrong_size_is_a_sound_image(encoding: Encoding) -> None:
    smaller = resize(image(encoding, 1), encoding)

    assert verdict(smaller, 1) == Reason.WRONG_SIZE
    assert decode_grey(smaller, width_px=WIDTH_PX * 3 // 4, height_px=HEIGHT_PX, reduce=1).any()


@pytest.mark.parametrize("encoded", [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"])
@pytest.mark.parametrize("encoding", list(Encoding))
def test_no_image_cannot_be_damaged(encoding: Encoding, encoded: bytes) -> None:
    with pytest.raises(ValueError, match="without"):
        corrupt(encoded, encoding, np.random.default_rng(0))


def test_the_unknown_version_is_the_contracts_unknown_version() -> None:
    header = FrameHeader(
        line_id="l", coil_id="c", camera_id="k", frame_index=3, mm_per_px_across=1, mm_per_px_along=1,
        position_mm=0, exposed_at_ns=1, deadline_at_ns=2, width_px=8, height_px=8, encoding=Encoding.JPEG,
    )  # fmt: skip
    assert read_frame_header(header.key, frame_headers(header)) == header

    with pytest.raises(FrameRejected) as rejected:
        read_frame_header(header.key, with_unknown_version(frame_headers(header)))
    assert rejected.value.reason is Reason.UNKNOWN_VERSION
