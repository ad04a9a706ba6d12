"""Decoding on a device: with a lax stand-in for nvJPEG it still refuses what the CPU's decoder refuses."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from model.card import InputSpec
from model.engines.decoding import DeviceDecoder
from model.images import ImageInvalid, decode_grey, is_plain_jpeg
from tests.support.hostile import HostileImage, good_jpeg, good_png, hostile_images, textured

WIDTH_PX, HEIGHT_PX = 320, 64
SPEC = InputSpec(width_px=WIDTH_PX, height_px=HEIGHT_PX, reduce=2, mean=0, std=1)
CPU = torch.device("cpu")
UNNOTICED = ("jpeg_that_ends_in_zeros",)
"""Its markers are whole and its bits decode to something: only a strict decoder refuses it."""


class Lax:
    """Decodes as OpenCV does, which forgives much; fails for the whole batch when asked to."""

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails
        self.batches: list[int] = []

    def __call__(self, encoded: list[Tensor], device: torch.device) -> list[Tensor]:
        self.batches.append(len(encoded))
        if self.fails:
            raise RuntimeError("nvjpegDecodeBatched failed: 2")
        decoded = [cv2.imdecode(image.numpy(), cv2.IMREAD_GRAYSCALE) for image in encoded]
        if any(pixels is None for pixels in decoded):
            raise RuntimeError("nvjpegDecodeBatched failed: 5")
        return [torch.from_numpy(pixels)[None].to(device) for pixels in decoded]


def decoder(lax: Lax, reduce: int = 2) -> DeviceDecoder:
    return DeviceDecoder(SPEC.model_copy(update={"reduce": reduce}), CPU, lax)


def on_the_cpu(encoded: bytes, reduce: int = 2) -> np.ndarray:
    return decode_grey(encoded, width_px=WIDTH_PX, height_px=HEIGHT_PX, reduce=reduce)


def jpeg(*options: int) -> bytes:
    return cv2.imencode(".jpg", textured(WIDTH_PX, HEIGHT_PX), list(options))[1].tobytes()


@pytest.mark.parametrize("reduce", [1, 2])
def test_a_batch_comes_back_whole_in_order_at_the_size_asked_for(reduce: int) -> None:
    lax = Lax()
    images = [
        good_jpeg(WIDTH_PX, HEIGHT_PX),
        good_png(WIDTH_PX, HEIGHT_PX),
        jpeg(cv2.IMWRITE_JPEG_QUALITY, 70),
    ]

    found = decoder(lax, reduce).decode(images)

    assert lax.batches == [2]
    for frame, image in zip(found, images, strict=True):
        assert isinstance(frame, Tensor)
        assert (frame.dtype, tuple(frame.shape)) == (torch.uint8, (HEIGHT_PX // reduce, WIDTH_PX // reduce))
        differs = np.abs(frame.numpy().astype(int) - on_the_cpu(image, reduce)).mean()
        assert differs < 0.5, "half-size decoding in the DCT and an area average differ by rounding only"


def test_no_frames_are_no_batch() -> None:
    lax = Lax()
    assert decoder(lax).decode([]) == []
    assert lax.batches == []


@pytest.mark.parametrize(
    ("image", "fails"),
    [
        pytest.param(image, fails, id=f"{image.name}-{'failing' if fails else 'lax'}")
        for image in hostile_images(WIDTH_PX, HEIGHT_PX)
        for fails in (False, True)
        if fails or image.name not in UNNOTICED
    ],
)
def test_what_the_cpu_refuses_is_refused_for_the_same_reason_and_alone(
    image: HostileImage, fails: bool
) -> None:
    good = good_jpeg(WIDTH_PX, HEIGHT_PX)
    with pytest.raises(ImageInvalid) as refused:
        on_the_cpu(image.encoded)

    first, found, last = decoder(Lax(fails)).decode([good, image.encoded, good])

    assert isinstance(found, ImageInvalid)
    assert (found.kind, found.detail) == (refused.value.kind, refused.value.detail)
    assert isinstance(first, Tensor)
    assert isinstance(last, Tensor)
    assert torch.equal(first, last)


def test_when_the_device_fails_the_cpu_judges_each() -> None:
    lax, good = Lax(fails=True), good_jpeg(WIDTH_PX, HEIGHT_PX)
    (found,) = decoder(lax).decode([good])
    assert lax.batches == [1]
    assert isinstance(found, Tensor)
    assert (found.numpy() == on_the_cpu(good)).all()


@pytest.mark.parametrize(
    ("encoded", "plain"),
    [
        (good_jpeg(WIDTH_PX, HEIGHT_PX), True),
        (jpeg(cv2.IMWRITE_JPEG_RST_INTERVAL, 4), True),
        (jpeg(cv2.IMWRITE_JPEG_PROGRESSIVE, 1), False),
        (good_jpeg(WIDTH_PX, HEIGHT_PX)[:-2], False),
        (good_jpeg(WIDTH_PX, HEIGHT_PX)[:-40] + b"\xff\xc4\xff\xd9", False),
        (good_png(WIDTH_PX, HEIGHT_PX), False),
    ],
    ids=["as_cameras_send", "with_restarts", "progressive", "without_end", "marker_inside", "png"],
)
def test_only_whole_baseline_scans_are_plain(encoded: bytes, plain: bool) -> None:
    assert is_plain_jpeg(encoded, width_px=WIDTH_PX, height_px=HEIGHT_PX) is plain


def test_a_jpeg_that_may_be_rgb_is_not_plain() -> None:
    adobe = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
    good = good_jpeg(WIDTH_PX, HEIGHT_PX)
    assert not is_plain_jpeg(good[:2] + adobe + good[2:], width_px=WIDTH_PX, height_px=HEIGHT_PX)
