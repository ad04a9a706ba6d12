"""Try an image: as the line would inspect it, one at a time, with few inspectors alive and few waiting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from model.bundle import bundle_version
from model.inspector import Inspector
from model.load import load_inspector
from model.synthesis import SyntheticStrip
from station.trial.reading import Limits
from station.trial.refusals import Damaged, NotAnImage, TooManyPixels, UnknownBundle
from station.trial.result import MAX_REGIONS
from station.trial.shelf import Shelf
from station.trial.trial import Trial
from tests.support.bundles import LEVEL_BY_CLASS, STRIP_LEVEL, Painted, painted_frame
from tests.support.hostile import good_jpeg, hostile_images
from tests.support.trials import CLEAN, SCRATCH, painted_picture, png, trial_bundles, tried


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trial_bundles(tmp_path_factory.mktemp("trial"))


@pytest.fixture
def trial(folder: Path) -> Iterator[Trial]:
    made = Trial(Shelf(folder))
    yield made
    made.close()


# --- as the line would ---


@pytest.mark.parametrize("preset", ["line", "accurate"])
def test_a_defect_is_found_as_the_line_finds_it(trial: Trial, folder: Path, preset: str) -> None:
    result = tried(trial, painted_frame([SCRATCH]), preset=preset)
    assert (result.bundle, result.preset, result.fitted) == ("level", preset, None)
    assert result.bundle_version == bundle_version(folder / "level", preset)
    assert (result.width_px, result.height_px) == (1600, 256)
    assert result.passed
    assert result.gate_score >= result.gate_threshold == 0.5
    (region,) = result.regions
    assert (region.class_id, region.name) == (3, "kind 3")
    assert (region.row_min, region.row_max, region.col_min, region.col_max) == (64, 127, 400, 639)
    assert 0.95 * 64 * 240 < region.area_px <= 64 * 240
    assert {401, 638} <= {col + side for col, _ in region.contour for side in (-1, 0, 1)}
    assert all(400 <= col <= 639 and 64 <= row <= 127 for col, row in region.contour)
    assert result.regions_left_out == 0


def test_a_clean_frame_is_not_segmented(trial: Trial) -> None:
    result = tried(trial, CLEAN)
    assert not result.passed
    assert result.regions == ()
    assert result.segment_ms is None


def test_the_shipped_synthetic_bundle_says_what_its_worker_would_say() -> None:
    strip = SyntheticStrip(424_242, 1.0)
    images = [png(strip.frame(index).pixels) for index in range(4)]
    trial = Trial(Shelf())
    try:
        results = [tried(trial, image, "synthetic") for image in images]
    finally:
        trial.close()
    inspector = load_inspector("synthetic", threads=1)
    frames = [cv2.resize(strip.frame(i).pixels, (800, 128), interpolation=cv2.INTER_AREA) for i in range(4)]
    for result, expected in zip(results, inspector.inspect(frames), strict=True):
        assert result.gate_score == expected.gate_score
        assert result.passed == expected.defective
        assert sorted(region.area_px for region in result.regions) == sorted(
            region.area_px for region in expected.regions
        )
    assert any(result.regions for result in results)


class Ticks:
    """A clock that goes on by as much more each time it is read: 1 s, then 2, then 3 ..."""

    def __init__(self) -> None:
        self._now_s, self._step_s = 0.0, 0.0

    def __call__(self) -> float:
        self._now_s += self._step_s
        self._step_s += 1
        return self._now_s


def test_the_three_steps_are_timed_apart(folder: Path) -> None:
    trial = Trial(Shelf(folder), clock_s=Ticks())
    result = tried(trial, painted_frame([SCRATCH]))
    trial.close()
    assert (result.decode_ms, result.gate_ms, result.segment_ms) == (1000, 2000, 3000)


def test_noise_gives_no_endless_list(folder: Path) -> None:
    pixels = np.full((256, 1600), STRIP_LEVEL, np.uint8)
    for row in range(0, 256, 16):
        for col in range(0, 1600, 16):
            pixels[row : row + 8, col : col + 8] = LEVEL_BY_CLASS[4]
    trial = Trial(Shelf(folder))
    result = tried(trial, png(pixels))
    trial.close()
    assert len(result.regions) == MAX_REGIONS
    assert result.regions_left_out > 0


# --- pictures that are no frames ---


def test_a_picture_of_another_size_has_its_regions_and_none_of_its_mirror_image(trial: Trial) -> None:
    inside = Painted(class_id=3, rows=(64, 128), cols=(96, 192))
    at_the_edge = Painted(class_id=1, rows=(160, 192), cols=(368, 400))
    result = tried(trial, painted_picture(400, 256, inside, at_the_edge))
    assert result.fitted is not None
    assert (result.fitted.width_px, result.fitted.height_px, result.fitted.scale) == (400, 256, 1.0)
    edge, scratch = sorted(result.regions, key=lambda region: region.class_id)
    assert (scratch.col_min, scratch.col_max, scratch.row_min, scratch.row_max) == (96, 191, 64, 127)
    assert (edge.col_min, edge.col_max) == (368, 399)
    assert 0.9 * 32 * 32 < edge.area_px <= 32 * 32
    assert all(col < 400 for region in result.regions for col, _ in region.contour)


def test_mirror_images_do_not_help_a_class_over_its_least_area(trial: Trial) -> None:
    on_a_picture = tried(trial, painted_picture(400, 256, SCRATCH_OF_400), "strict")
    assert on_a_picture.passed
    assert on_a_picture.regions == ()
    large = Painted(class_id=3, rows=(64, 192), cols=(96, 336))
    assert len(tried(trial, painted_picture(400, 256, large), "strict").regions) == 1


SCRATCH_OF_400 = Painted(class_id=3, rows=(64, 128), cols=(96, 192))
"""6,144 px: with its three mirror images more than the 20,000 that `strict` asks for."""


# --- what is refused, and how ---


def test_hostile_pictures_never_reach_the_networks(folder: Path) -> None:
    def never(_folder: Path, _preset: str) -> Inspector:
        raise AssertionError("an inspector was loaded")

    trial = Trial(Shelf(folder, load=never))
    for hostile in hostile_images():
        if hostile.kind in ("not_an_image", "too_large"):
            with pytest.raises((NotAnImage, TooManyPixels)):
                tried(trial, hostile.encoded)
    trial.close()


def test_a_refused_picture_leaves_the_trial_as_it_was(trial: Trial) -> None:
    with pytest.raises(Damaged):
        tried(trial, CLEAN[: len(CLEAN) // 2])
    assert not tried(trial, CLEAN).passed


@pytest.mark.parametrize(
    "name", ["", "none", "../level", "level/", "level/../level", "/etc", "level\x00", "LEVEL"]
)
def test_a_bundle_is_asked_for_by_its_name_alone(trial: Trial, name: str) -> None:
    with pytest.raises(UnknownBundle, match=r"no such bundle: choose one of level, strict\.$"):
        tried(trial, CLEAN, name)


def test_a_path_to_a_whole_bundle_is_no_name(trial: Trial, folder: Path) -> None:
    with pytest.raises(UnknownBundle):
        tried(trial, CLEAN, str(folder / "level"))


def test_an_unknown_preset_is_answered_with_those_there_are(trial: Trial) -> None:
    with pytest.raises(UnknownBundle, match="choose one of line, accurate"):
        tried(trial, CLEAN, preset="fast")


def test_the_limits_are_those_given(folder: Path) -> None:
    trial = Trial(Shelf(folder), limits=Limits(max_pixels=1000))
    with pytest.raises(TooManyPixels):
        tried(trial, good_jpeg())
    trial.close()
