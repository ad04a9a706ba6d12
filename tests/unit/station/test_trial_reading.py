"""What is read of a stranger's picture, what is refused and from which words on, how others are fitted."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from model.card import InputSpec
from model.images import decode_grey
from station.trial.headers import MAX_PARTS, MAX_SCANS, read_header
from station.trial.reading import Limits, Picture, check_size, read_picture
from station.trial.refusals import Damaged, NotAnImage, TooLarge, TooManyPixels, TooSmall, TrialRefused
from tests.support.hostile import PNG_MAGIC, HostileImage, good_jpeg, good_png, hostile_images, textured

SPEC = InputSpec(width_px=1600, height_px=256, reduce=2, mean=88, std=50)
LIMITS = Limits()

REFUSALS: dict[str, tuple[type[TrialRefused], ...]] = {
    "not_an_image": (NotAnImage,),
    "truncated_image": (Damaged,),
    "corrupt_image": (Damaged,),
    "too_large": (TooManyPixels,),
    "wrong_size": (TooSmall, Damaged),  # or none: a picture of another size is fitted
}


def coded(picture: Image.Image, kind: str, **options: object) -> bytes:
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    segment = exif.tobytes()
    assert segment.startswith(b"Exif\x00\x00")
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:]


def outcome(image: bytes) -> Picture | TrialRefused:
    try:
        return read_picture(image, SPEC, LIMITS)
    except TrialRefused as refused:
        return refused


def cells() -> np.ndarray:
    """Six grey fields, no two alike: whichever way it is turned, it shows."""
    return np.kron(np.array([[40, 90, 140], [190, 240, 10]], np.uint8), np.ones((64, 64), np.uint8))


# --- what is refused ---


@pytest.mark.parametrize("hostile", hostile_images(), ids=lambda one: one.name)
def test_whatever_the_line_refuses_is_refused_with_a_sentence_or_fitted(hostile: HostileImage) -> None:
    said = outcome(hostile.encoded)
    if isinstance(said, Picture):
        assert hostile.kind == "wrong_size"
        assert said.fitted is not None
        assert said.pixels.shape == (128, 800)
    else:
        assert type(said) in REFUSALS[hostile.kind]
        assert str(said).endswith(".")
        assert "send" in str(said).lower() or "cut out" in str(said)
        assert not any(word in str(said) for word in ("OpenCV", "cv2", "/", "\\", "0x"))


@pytest.mark.parametrize(
    ("magic", "name"),
    [
        (b"GIF89a", "GIF"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "WebP"),
        (b"\x00\x00\x00\x18ftypheic", "HEIC"),
        (b"%PDF-1.7", "PDF"),
        (b"BM", "BMP"),
        (b"II*\x00", "TIFF"),
    ],
)
def test_what_people_send_instead_is_named(magic: bytes, name: str) -> None:
    with pytest.raises(NotAnImage, match=name):
        read_header(magic + bytes(100))


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(good_png()[:16] + struct.pack(">II", 65_535, 65_535) + good_png()[24:], id="png"),
        pytest.param(
            PNG_MAGIC + chunk(b"IHDR", struct.pack(">IIBBBBB", 8_000, 4_001, 8, 0, 0, 0, 0)),
            id="no data at all",
        ),
    ],
)
def test_a_header_that_promises_too_many_pixels_is_believed_at_once(image: bytes) -> None:
    with pytest.raises(TooManyPixels, match="32 million pixels"):
        check_size(image, LIMITS)


def test_a_jpeg_of_65535_a_side_is_refused_by_its_header() -> None:
    good = good_jpeg()
    at = good.index(b"\xff\xc0") + 5
    with pytest.raises(TooManyPixels, match="65535 x 65535"):
        check_size(good[:at] + struct.pack(">HH", 65_535, 65_535) + good[at + 4 :], LIMITS)


def test_a_file_that_is_too_long_is_refused_before_its_first_byte_is_looked_at() -> None:
    with pytest.raises(TooLarge, match="1 MiB"):
        check_size(bytes(2**20 + 1), Limits(max_bytes=2**20))


@pytest.mark.parametrize(("width_px", "height_px"), [(1, 1), (31, 400), (400, 31), (65_500, 1)])
def test_a_picture_too_small_to_judge_is_refused(width_px: int, height_px: int) -> None:
    with pytest.raises(TooSmall, match="at least 32 px wide"):
        check_size(coded(Image.new("L", (width_px, height_px)), "PNG"), LIMITS)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(b"\xff\xd8" + b"\xff" * 2**20, id="fill bytes"),
        pytest.param(
            b"\xff\xd8" + b"\xff\xe0\x00\x02" * 2 * MAX_PARTS + good_jpeg()[2:], id="empty segments"
        ),
        pytest.param(b"\xff\xd8" + b"\xff\xd0" * 2 * MAX_PARTS + good_jpeg()[2:], id="restart markers"),
        pytest.param(good_jpeg()[:-2] + b"\xff\xda" * MAX_SCANS + b"\xff\xd9", id="scans"),
        pytest.param(good_png()[:33] + chunk(b"IDAT", b"") * MAX_PARTS + good_png()[33:], id="chunks"),
    ],
)
def test_a_header_that_never_ends_is_not_followed(image: bytes) -> None:
    with pytest.raises(Damaged, match="more parts than any camera"):
        read_header(image)


@pytest.mark.parametrize("end", range(0, 700, 7))
def test_any_beginning_of_an_image_is_refused(end: int) -> None:
    for image in (good_jpeg(), good_png()):
        with pytest.raises((Damaged, NotAnImage)):
            read_picture(image[:end], SPEC, LIMITS)


# --- what is taken ---


@pytest.mark.parametrize("frame", [good_jpeg(), good_png()], ids=["jpeg", "png"])
def test_a_frame_is_read_as_the_line_reads_it(frame: bytes) -> None:
    picture = read_picture(frame, SPEC, LIMITS)
    assert picture.fitted is None
    assert np.array_equal(picture.pixels, decode_grey(frame, width_px=1600, height_px=256, reduce=2))


GREY = Image.fromarray(textured(1600, 256))


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(coded(GREY.convert("CMYK"), "JPEG", quality=95), id="cmyk"),
        pytest.param(coded(GREY.convert("RGB"), "JPEG", quality=95, progressive=True), id="progressive"),
        pytest.param(coded(GREY.convert("RGBA"), "PNG"), id="alpha"),
        pytest.param(coded(GREY.convert("P"), "PNG"), id="palette"),
        pytest.param(
            coded(Image.fromarray(textured(1600, 256).astype(np.uint16) * 257), "PNG"), id="16 bits"
        ),
        pytest.param(
            coded(GREY, "PNG", save_all=True, append_images=[Image.new("L", GREY.size), GREY]), id="animated"
        ),
    ],
)
def test_other_ways_to_store_the_same_frame_are_read_alike(frame: bytes) -> None:
    read = read_picture(frame, SPEC, LIMITS)
    expected = read_picture(good_png(), SPEC, LIMITS)
    assert read.fitted is None
    assert float(np.abs(read.pixels.astype(int) - expected.pixels).mean()) < 2


# --- what is fitted ---


@pytest.mark.parametrize(
    ("width_px", "height_px", "scale", "covered"),
    [
        (800, 256, 1.0, (800, 256)),
        (256, 256, 1.0, (256, 256)),
        (800, 128, 2.0, (1600, 256)),
        (3200, 256, 0.5, (1600, 128)),
        (4000, 3000, 256 / 3000, (342, 256)),
        (1601, 256, 1600 / 1601, (1600, 256)),
        (32, 32, 8.0, (256, 256)),
    ],
)
def test_a_picture_is_shown_whole_and_its_place_in_the_frame_is_said(
    width_px: int, height_px: int, scale: float, covered: tuple[int, int]
) -> None:
    picture = read_picture(coded(Image.new("L", (width_px, height_px), 90), "PNG"), SPEC, LIMITS)
    assert picture.pixels.shape == (128, 800)
    assert picture.pixels.dtype == np.uint8
    assert set(np.unique(picture.pixels)) == {90}  # its mirror image goes on, no edge is made
    fitted = picture.fitted
    assert fitted is not None
    assert (fitted.picture_width_px, fitted.picture_height_px) == (width_px, height_px)
    assert fitted.scale == pytest.approx(scale)
    assert (fitted.width_px, fitted.height_px) == covered
    assert not fitted.turned


def test_the_rest_of_the_frame_is_the_picture_mirrored() -> None:
    pixels = textured(600, 256)
    seen = read_picture(coded(Image.fromarray(pixels), "PNG"), SPEC, LIMITS).pixels
    assert np.array_equal(seen[:, :300], cv2.resize(pixels, (300, 128), interpolation=cv2.INTER_AREA))
    assert np.array_equal(seen[:, 300:600], seen[:, 299::-1])
    assert np.array_equal(seen[:, 600:], seen[:, :200])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_a_browser_shows_it(orientation: int) -> None:
    stored = with_orientation(coded(Image.fromarray(cells()), "JPEG", quality=95), orientation)
    shown = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(stored))).convert("L"))
    picture = read_picture(stored, SPEC, LIMITS)
    assert picture.fitted is not None
    assert (picture.fitted.picture_height_px, picture.fitted.picture_width_px) == shown.shape
    assert picture.fitted.turned == (orientation != 1)
    cols, rows = picture.fitted.width_px // 2, picture.fitted.height_px // 2
    seen = cv2.resize(picture.pixels[:rows, :cols], shown.shape[::-1], interpolation=cv2.INTER_NEAREST)
    assert float(np.abs(seen.astype(int) - shown).mean()) < 6


@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"II*\x00",
        b"II*\x00\xff\xff\xff\xff",
        b"II*\x00\x08\x00\x00\x00\xff\xff",
        b"MM\x00*\x00\x00\x00\x08\x00\x01" + struct.pack(">HHIHH", 0x0112, 3, 1, 9, 0),
        b"MM\x00*\x00\x00\x00\x08\x00\x01" + struct.pack(">HHIHH", 0x0112, 4, 1, 6, 0),
        b"XX" + bytes(40),
    ],
)
def test_exif_that_makes_no_sense_turns_nothing(exif: bytes) -> None:
    segment = b"Exif\x00\x00" + exif
    jpeg = good_jpeg()
    image = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:]
    assert read_header(image).orientation == 1
    assert read_picture(image, SPEC, LIMITS).fitted is None
