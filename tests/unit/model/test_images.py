"""What decoding accepts, what it refuses, and that refusing costs nothing."""

from __future__ import annotations

import resource
import struct
import threading
import zlib

import cv2
import numpy as np
import pytest
import simplejpeg

from contracts.rejections import Reason
from model.images import ImageInvalid, decode_grey
from tests.support.hostile import HostileImage, good_jpeg, good_png, hostile_images, textured
from tests.support.layouts import real_frames

WIDTH_PX, HEIGHT_PX = 320, 64


def decode(
    encoded: bytes, *, width_px: int = WIDTH_PX, height_px: int = HEIGHT_PX, reduce: int = 2
) -> np.ndarray:
    return decode_grey(encoded, width_px=width_px, height_px=height_px, reduce=reduce)


@pytest.mark.parametrize("reduce", [1, 2])
@pytest.mark.parametrize("encoded", [good_jpeg(320, 64), good_png(320, 64)], ids=["jpeg", "png"])
def test_a_good_frame_is_read_at_the_size_asked_for(encoded: bytes, reduce: int) -> None:
    pixels = decode(encoded, reduce=reduce)

    assert pixels.shape == (HEIGHT_PX // reduce, WIDTH_PX // reduce)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    truth = textured(WIDTH_PX, HEIGHT_PX)
    if reduce == 2:
        truth = cv2.resize(truth, (WIDTH_PX // 2, HEIGHT_PX // 2), interpolation=cv2.INTER_AREA)
    assert np.abs(pixels.astype(int) - truth).mean() < 4


@pytest.mark.parametrize("reduce", [1, 2])
def test_a_png_is_read_without_any_loss(reduce: int) -> None:
    flat_cells = np.kron(np.arange(320 * 64 // 4, dtype=np.uint8).reshape(32, 160), np.ones((2, 2), np.uint8))
    encoded = cv2.imencode(".png", flat_cells)[1].tobytes()

    assert (decode(encoded, reduce=reduce) == flat_cells[::reduce, ::reduce]).all()


def test_real_frames_are_halved_inside_the_jpeg_decoder_and_look_as_if_resized() -> None:
    """Bit for bit what libjpeg's own scaling gives (OpenCV asks for it by name), not a resize of all pixels.

    Seen on 51 frames: .14 grey levels from an area average, .19 in the worst frame, 5 in the worst pixel.
    """
    for path in sorted((real_frames() / "images").glob("*.jpg"))[::26]:
        encoded = path.read_bytes()
        half = decode(encoded, width_px=1600, height_px=256)
        scaled = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_2)
        whole = decode(encoded, width_px=1600, height_px=256, reduce=1)
        difference = np.abs(half.astype(int) - cv2.resize(whole, (800, 128), interpolation=cv2.INTER_AREA))

        assert (half == scaled).all(), path.name
        assert 0 < difference.mean() < 0.25, path.name
        assert difference.max() <= 8, path.name


def progressive_jpeg() -> bytes:
    return cv2.imencode(".jpg", textured(WIDTH_PX, HEIGHT_PX), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()


def jpeg_with_restarts() -> bytes:
    return cv2.imencode(".jpg", textured(WIDTH_PX, HEIGHT_PX), [cv2.IMWRITE_JPEG_RST_INTERVAL, 4])[
        1
    ].tobytes()


def jpeg_with_a_thumbnail() -> bytes:
    """A cut thumbnail of another size inside an application segment must not be taken for the frame."""
    good = good_jpeg(WIDTH_PX, HEIGHT_PX)
    thumbnail = b"Exif\0\0" + good_jpeg(64, 32)
    return good[:2] + b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail + good[2:]


def png_with_an_inflating_text() -> bytes:
    text = b"bomb\0\0" + zlib.compress(bytes(50_000_000))
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    good = good_png(WIDTH_PX, HEIGHT_PX)
    return good[:33] + chunk + good[33:]


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param(cv2.imencode(".jpg", textured(WIDTH_PX, HEIGHT_PX))[1].tobytes(), id="one_channel_jpeg"),
        pytest.param(progressive_jpeg(), id="progressive_jpeg"),
        pytest.param(jpeg_with_restarts(), id="jpeg_with_restart_markers"),
        pytest.param(jpeg_with_a_thumbnail(), id="jpeg_with_a_thumbnail"),
        pytest.param(good_jpeg(WIDTH_PX, HEIGHT_PX) + bytes(100), id="jpeg_padded_by_the_camera"),
        pytest.param(
            good_jpeg(WIDTH_PX, HEIGHT_PX).replace(b"\xff\xdb", b"\xff\xff\xdb", 1),
            id="jpeg_with_a_fill_byte",
        ),
        pytest.param(png_with_an_inflating_text(), id="png_with_an_inflating_text"),
        pytest.param(
            cv2.imencode(".png", np.dstack([textured(WIDTH_PX, HEIGHT_PX)] * 3))[1].tobytes(), id="colour_png"
        ),
    ],
)
def test_unusual_but_whole_images_are_read(encoded: bytes) -> None:
    truth = cv2.resize(
        textured(WIDTH_PX, HEIGHT_PX), (WIDTH_PX // 2, HEIGHT_PX // 2), interpolation=cv2.INTER_AREA
    )

    assert np.abs(decode(encoded).astype(int) - truth).mean() < 3


@pytest.mark.parametrize("image", hostile_images(WIDTH_PX, HEIGHT_PX), ids=lambda image: image.name)
@pytest.mark.parametrize("reduce", [1, 2])
def test_hostile_images_are_refused_for_their_reason(image: HostileImage, reduce: int) -> None:
    with pytest.raises(ImageInvalid) as refused:
        decode(image.encoded, reduce=reduce)

    assert refused.value.kind == image.kind
    assert refused.value.detail


@pytest.mark.parametrize("image", hostile_images(), ids=lambda image: image.name)
def test_hostile_images_of_the_real_size_are_refused_too(image: HostileImage) -> None:
    with pytest.raises(ImageInvalid) as refused:
        decode(image.encoded, width_px=1600, height_px=256)

    assert refused.value.kind == image.kind
    assert refused.value.detail


def test_every_kind_is_a_dead_letter_reason_and_has_an_example() -> None:
    kinds = {image.kind for image in hostile_images(WIDTH_PX, HEIGHT_PX)}

    assert kinds == {"not_an_image", "corrupt_image", "truncated_image", "wrong_size", "too_large"}
    assert kinds <= set(Reason)


def test_an_absurd_image_is_refused_even_when_its_record_promised_it() -> None:
    bomb = next(image for image in hostile_images(WIDTH_PX, HEIGHT_PX) if image.name == "jpeg_bomb")

    with pytest.raises(ImageInvalid) as refused:
        decode(bomb.encoded, width_px=65_500, height_px=65_500)

    assert refused.value.kind == "too_large"


def test_refusing_a_bomb_allocates_nothing() -> None:
    bombs = [image.encoded for image in hostile_images(WIDTH_PX, HEIGHT_PX) if image.kind == "too_large"]
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    for bomb in bombs:
        with pytest.raises(ImageInvalid):
            decode(bomb)

    # 65,500 x 65,500 grey pixels would be 4 GiB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 64 * 1024


@pytest.mark.parametrize(
    ("width_px", "height_px", "reduce"), [(321, 64, 2), (320, 65, 2), (320, 64, 3), (320, 64, 0)]
)
def test_a_size_that_cannot_be_reduced_is_the_callers_mistake(
    width_px: int, height_px: int, reduce: int
) -> None:
    with pytest.raises(ValueError, match="cannot reduce"):
        decode(good_jpeg(WIDTH_PX, HEIGHT_PX), width_px=width_px, height_px=height_px, reduce=reduce)


def test_decoding_is_the_same_in_many_threads() -> None:
    encoded = good_jpeg(WIDTH_PX, HEIGHT_PX)
    alone = decode(encoded)
    together: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: together.append(decode(encoded))) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(together) == 8
    assert all((pixels == alone).all() for pixels in together)


def test_the_corpus_decodes_where_it_should() -> None:
    """The corpus can only prove refusals when its own good frames are good."""
    assert simplejpeg.decode_jpeg(good_jpeg(), colorspace="GRAY").shape == (256, 1600, 1)
    assert decode_grey(good_png(), width_px=1600, height_px=256, reduce=2).shape == (128, 800)
