"""Where a damaged roll prints: on synthetic steel and, by arranging them, on real frames."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from model import rle
from producer_sim.arrangement import Exposure
from producer_sim.folder_marks import FolderMarks
from producer_sim.folder_source import FolderSource, list_frames
from producer_sim.manifest import Truth
from producer_sim.refused import SimulatorRefused
from producer_sim.roll_marks import Marking, RollMark, parse_roll_mark
from producer_sim.sources import FrameSource
from producer_sim.synthetic_marks import SyntheticMarks
from producer_sim.synthetic_source import SyntheticSource

MM = 0.5
FRAME_MM, CAMERA_MM = 256 * MM, 1600 * MM
PLACE = (0, 0)


def marking(*marks: RollMark, seed: int = 3, cameras: int = 1, frames: int = 200) -> Marking:
    return Marking(marks=marks, seed=seed, mm_per_px=MM, cameras=cameras, frames_per_coil=frames)


def roll(**changes: float) -> RollMark:
    values = {"diameter_mm": 300.0, "class_id": 1, "lane_mm": 400.0, **changes}
    return RollMark(**values)  # type: ignore[arg-type]


def turns(mark: RollMark, *, seed: int = 3, place: tuple[int, int] = PLACE, length_mm: float = 5e4) -> list:
    return list(
        marking(mark, seed=seed).turns(
            0, place, length_mm=length_mm, period_mm=mark.period_mm, phase_mm=100.0
        )
    )


def exposure(index: int, *, coil: int = 0, camera: int = 0) -> Exposure:
    return Exposure(line=0, coil=coil, camera=camera, frame_index=index, serial=index, fault=None)


# --- what is asked for ---


def test_a_mark_is_read() -> None:
    assert parse_roll_mark("diameter=300, class=2,lane=640.5,jitter=.01,miss=.3,from=10,to=2e4") == RollMark(
        diameter_mm=300, class_id=2, lane_mm=640.5, jitter=0.01, miss=0.3, from_mm=10, to_mm=20_000
    )
    plain = parse_roll_mark("diameter=300,class=2,lane=0")
    assert (plain.jitter, plain.miss, plain.from_mm, plain.to_mm) == (0, 0, 0, math.inf)
    assert plain.period_mm == pytest.approx(942.478, abs=1e-3)


# --- where its hits lie ---


def test_without_jitter_the_spacing_is_the_circumference() -> None:
    along = [turn.along_mm for turn in turns(roll())]

    assert along[0] == 100.0
    np.testing.assert_allclose(np.diff(along), math.pi * 300, rtol=1e-12)
    assert len(along) == math.ceil((5e4 - 100) / (math.pi * 300))


def test_jitter_is_a_share_of_the_period_and_does_not_add_up() -> None:
    mark = roll(jitter=0.02)
    shifts = [
        turn.along_mm - 100 - k * mark.period_mm for k, turn in enumerate(turns(mark, length_mm=1e6)) if k
    ]

    assert np.std(shifts) == pytest.approx(0.02 * mark.period_mm, rel=0.1)
    assert abs(np.mean(shifts)) < 0.002 * mark.period_mm


def test_misses_are_as_asked() -> None:
    missed = [turn.missed for turn in turns(roll(miss=0.3), length_mm=2e6)]

    assert np.mean(missed) == pytest.approx(0.3, abs=0.03)


def test_a_mark_may_begin_late_and_end_early() -> None:
    whole = [turn.along_mm for turn in turns(roll())]
    part = [turn.along_mm for turn in turns(roll(from_mm=8e3, to_mm=2e4))]

    assert part == [along for along in whole if 8e3 <= along < 2e4]


def test_turns_depend_on_seed_place_and_number_alone() -> None:
    mark = roll(jitter=0.01, miss=0.5)
    whole = turns(mark)

    assert turns(mark, length_mm=1e4) == whole[: len(turns(mark, length_mm=1e4))]
    assert turns(mark, seed=4) != whole
    assert turns(mark, place=(0, 1)) != whole
    assert turns(mark, place=(1, 0)) != turns(mark, place=(0, 1))


# --- on synthetic steel ---


def test_synthetic_frames_show_every_hit_and_the_others_are_untouched() -> None:
    marks = SyntheticMarks(marking(roll(miss=0.3), frames=40), width_px=1600, height_px=256)
    source = SyntheticSource(5, 0.0, with_masks=True, marks=marks)
    plain = SyntheticSource(5, 0.0)
    (put,) = source.marks_of(0, 0)
    assert put.hits_mm
    assert put.missed_mm

    middles = []
    for index in range(40):
        picture = source.picture(exposure(index))
        assert picture.truth is not None
        assert picture.truth.rle_by_class is not None
        if not picture.truth.defective:
            assert picture.encoded == plain.picture(exposure(index)).encoded
            continue
        rows, columns = np.nonzero(rle.decode(picture.truth.rle_by_class[1], 256, 1600))
        assert abs(columns.mean() * MM - 400) < 10
        middles.append((index * 256 + (rows.min() + rows.max()) / 2) * MM)
    assert all(min(abs(middle - hit) for middle in middles) < 20 for hit in put.hits_mm)
    assert all(min(abs(middle - hit) for hit in put.hits_mm) < 20 for middle in middles)


def test_a_hit_on_a_border_is_on_both_frames() -> None:
    marks = SyntheticMarks(marking(roll(), frames=400), width_px=1600, height_px=256)
    (put,) = marks.of_coil(PLACE, lambda camera: (0, 1600))
    cut = [hit for hit in put.hits_mm if min(hit % FRAME_MM, -hit % FRAME_MM) < 5 and hit > FRAME_MM]
    assert cut, "no hit of this seed lies on a border: the test proves nothing"

    for hit in cut:
        after = round(hit / FRAME_MM)
        assert marks.on_frame(PLACE, 0, after - 1) == marks.on_frame(PLACE, 0, after) != []


def test_a_lane_between_two_cameras_is_on_both() -> None:
    both = marking(roll(lane_mm=CAMERA_MM), cameras=2)
    marks = SyntheticMarks(both, width_px=1600, height_px=256)
    (put,) = marks.of_coil(PLACE, lambda camera: (0, 1600))
    index = int(put.hits_mm[0] // FRAME_MM)
    (left,), (right,) = (marks.on_frame(PLACE, camera, index) for camera in (0, 1))

    assert left.column_px == right.column_px + 1600
    assert right.column_px < 0 < right.column_px + right.stamp.shape.shape[1]


def test_a_roll_leaves_nothing_where_there_is_no_steel() -> None:
    marks = SyntheticMarks(marking(roll()), width_px=1600, height_px=256)
    (put,) = marks.of_coil(PLACE, lambda camera: (900, 1600))

    assert put.hits_mm == ()
    assert put.missed_mm
    assert not any(marks.on_frame(PLACE, 0, index) for index in range(200))


# --- on real frames ---


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(6):
        cv2.imwrite(str(tmp_path / f"{number}.jpg"), np.full((256, 1600), 20 * number, np.uint8))
    return tmp_path


def masked(class_id: int, rows: slice, columns: slice | np.ndarray) -> Truth:
    mask = np.zeros((256, 1600), np.bool_)
    mask[rows, columns] = True
    return Truth(classes=(class_id,), rle_by_class={class_id: rle.encode(mask)})


TRUTHS = {
    "0.jpg": Truth(classes=(), rle_by_class={}),
    "1.jpg": masked(1, slice(100, 120), slice(780, 800)),  # near lane 400, small
    "2.jpg": masked(1, slice(40, 80), slice(790, 830)),  # near lane 400, the larger one
    "3.jpg": masked(1, slice(0, 256), slice(700, 1200)),  # reaches far from it
    "6.jpg": masked(1, slice(0, 256), np.r_[760:780, 790:860]),  # the largest, in two pieces
    "7.jpg": Truth(  # larger than 2.jpg, but not alone
        classes=(1, 4),
        rle_by_class={
            **(masked(1, slice(0, 200), slice(780, 830)).rle_by_class or {}),
            **(masked(4, slice(0, 9), slice(0, 9)).rle_by_class or {}),
        },
    ),
    "4.jpg": masked(3, slice(0, 256), slice(0, 20)),
    "5.jpg": Truth(classes=(1,)),  # nobody has its mask
}


def arranged(folder: Path, *marks: RollMark, cameras: int = 1, frames: int = 200) -> FolderSource:
    paths = list_frames(folder)
    put = FolderMarks(marking(*marks, cameras=cameras, frames=frames), TRUTHS, width_px=1600, height_px=256)
    return FolderSource(paths, TRUTHS, marks=put)


@pytest.mark.parametrize("kind", ["synthetic", "folder"])
def test_a_coil_that_was_let_go_would_come_again_the_same(kind: str, folder: Path) -> None:
    marks = SyntheticMarks(marking(roll()), width_px=1600, height_px=256)
    source: FrameSource = (
        SyntheticSource(5, 0.0, marks=marks) if kind == "synthetic" else arranged(folder, roll())
    )
    before, picture = source.marks_of(0, 0), source.picture(exposure(3))

    source.let_go(0, 0)
    source.let_go(0, 7)  # never came

    assert source.marks_of(0, 0) is not before
    assert source.marks_of(0, 0) == before
    assert source.picture(exposure(3)) == picture


def test_one_real_frame_comes_again_at_the_period(folder: Path) -> None:
    source = arranged(folder, roll())
    (put,) = source.marks_of(0, 0)
    period = round(math.pi * 300 / FRAME_MM)

    assert put.origin == "2.jpg"
    assert put.period_mm == period * FRAME_MM == 896.0
    indices = [round((hit - 60 * MM) / FRAME_MM) for hit in put.hits_mm]
    assert set(np.diff(indices)) == {period}
    assert 0 <= indices[0] < period
    origins = [source.picture(exposure(index)).origin for index in range(200)]
    assert all(origins[index] == "2.jpg" for index in indices)
    others = [index for index in range(200) if index not in indices]
    assert all(origins[index] == f"{index % 6}.jpg" for index in others)


def test_misses_and_jitter_are_whole_frames(folder: Path) -> None:
    (put,) = arranged(folder, roll(miss=0.4, jitter=0.2), frames=2000).marks_of(0, 0)
    steps = np.array([*put.hits_mm, *put.missed_mm]) - 60 * MM

    assert len(put.missed_mm) / steps.size == pytest.approx(0.4, abs=0.1)
    np.testing.assert_allclose(steps / FRAME_MM, np.round(steps / FRAME_MM))
    assert len(set(np.diff(np.sort(steps)))) > 3


def test_the_lane_chooses_the_camera(folder: Path) -> None:
    source = arranged(folder, roll(lane_mm=CAMERA_MM + 400), cameras=2)
    (put,) = source.marks_of(0, 0)
    index = int(put.hits_mm[0] // FRAME_MM)
    index += 0 if index % 6 != 2 else round(put.period_mm / FRAME_MM)

    assert source.picture(exposure(index, camera=1)).origin == "2.jpg"
    assert source.picture(exposure(index, camera=0)).origin == f"{index % 6}.jpg"


def test_where_two_marks_meet_the_first_is_shown(folder: Path) -> None:
    source = arranged(folder, roll(), roll(class_id=3, lane_mm=10.0, diameter_mm=150.0), frames=400)
    first, second = source.marks_of(0, 0)

    assert {put.origin for put in (first, second)} == {"2.jpg", "4.jpg"}
    frames = [{int(hit // FRAME_MM) for hit in put.hits_mm} for put in (first, second)]
    assert not frames[0] & frames[1]
    assert first.missed_mm == ()


@pytest.mark.parametrize(
    ("mark", "sentence"),
    [
        (roll(class_id=2), "know no frame's mask of that class"),
        (roll(class_id=3), "the nearest one is at lane=5"),
        (roll(lane_mm=800.0), "800 mm wide: choose a lane within it"),
        (roll(diameter_mm=40.0), "choose 40.7 mm or more"),
    ],
    ids=["class without masks", "nothing near the lane", "beside the strip", "more than one a frame"],
)
def test_what_cannot_be_arranged_is_refused(folder: Path, mark: RollMark, sentence: str) -> None:
    with pytest.raises(SimulatorRefused, match=sentence):
        arranged(folder, mark)
