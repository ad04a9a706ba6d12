from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from contracts.frames import Encoding
from model import rle
from model.images import decode_grey
from model.synthesis import SyntheticStrip
from producer_sim.arrangement import Exposure
from producer_sim.folder_source import FolderSource, list_frames
from producer_sim.manifest import Truth
from producer_sim.refused import SimulatorRefused
from producer_sim.synthetic_source import SyntheticSource


def exposure(serial: int, *, coil: int = 0, camera: int = 0) -> Exposure:
    return Exposure(line=0, coil=coil, camera=camera, frame_index=serial, serial=serial, fault=None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six frames: 0, 2 and 4 JPEG, the others PNG."""
    rng = np.random.default_rng(0)
    for number in range(6):
        pixels = rng.integers(0, 255, (16, 48), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}{'.PNG' if number % 2 else '.jpg'}"), pixels)
    (tmp_path / "notes.txt").write_text("no frame")
    return tmp_path


class TestSynthetic:
    def test_a_frame_depends_on_seed_and_place_alone(self) -> None:
        forward = [SyntheticSource(1, 0.5).picture(exposure(i)) for i in range(3)]
        source = SyntheticSource(1, 0.5)
        backward = [source.picture(exposure(i)) for i in (2, 1, 0)]

        assert forward == backward[::-1]
        others = [
            SyntheticSource(2, 0.5).picture(exposure(0)),
            source.picture(exposure(0, coil=1)),
            source.picture(exposure(0, camera=1)),
        ]
        assert len({hashlib.sha256(p.encoded).digest() for p in [forward[0], *others]}) == 4

    def test_its_truth_is_the_strips(self) -> None:
        source = SyntheticSource(3, 1.0, with_masks=True)
        picture = source.picture(exposure(4))
        _, seed, index = picture.origin.split("/")
        drawn = SyntheticStrip(int(seed), 1.0).frame(int(index))

        assert picture.truth is not None
        assert picture.truth.rle_by_class is not None
        assert picture.truth.classes == tuple(sorted(drawn.masks)) != ()
        for class_id, mask in drawn.masks.items():
            decoded = rle.decode(picture.truth.rle_by_class[class_id], 256, 1600)
            np.testing.assert_array_equal(decoded, mask)
        pixels = decode_grey(picture.encoded, width_px=1600, height_px=256, reduce=1)
        assert np.abs(pixels.astype(int) - drawn.pixels).mean() < 3

    def test_masks_are_left_out_unless_asked_for(self) -> None:
        truth = SyntheticSource(3, 1.0).picture(exposure(4)).truth

        assert truth is not None
        assert truth.defective
        assert truth.rle_by_class is None

    def test_few_distinct_frames_come_again_and_again(self) -> None:
        source = SyntheticSource(5, 0.5, distinct=3)
        pictures = [source.picture(exposure(i, coil=i % 2)) for i in range(7)]

        assert len({id(p) for p in pictures}) == 3
        assert pictures[0] is pictures[3] is pictures[6]


class TestFolder:
    def test_files_are_sent_byte_for_byte_over_and_over(self, folder: Path) -> None:
        paths = list_frames(folder)
        source = FolderSource(paths, {})
        pictures = [source.picture(exposure(i)) for i in range(13)]

        assert [p.origin for p in pictures[:7]] == [
            "0.jpg",
            "1.PNG",
            "2.jpg",
            "3.PNG",
            "4.jpg",
            "5.PNG",
            "0.jpg",
        ]
        assert all(p.encoded == (folder / p.origin).read_bytes() for p in pictures)
        assert [p.encoding for p in pictures[:2]] == [Encoding.JPEG, Encoding.PNG]
        assert all((p.width_px, p.height_px) == (48, 16) for p in pictures)
        assert (source.width_px, source.height_px) == (48, 16)
        assert pictures[0].truth is None

    def test_what_does_not_fit_the_memory_is_read_again(self, folder: Path) -> None:
        paths = list_frames(folder)
        source = FolderSource(paths, {}, cache_bytes=paths[0].stat().st_size)
        before = [source.picture(exposure(i)) for i in range(6)]
        again = [source.picture(exposure(i)) for i in range(6)]

        assert before == again
        assert [a is b for a, b in zip(before, again, strict=True)] == [True] + [False] * 5

    def test_only_the_first_distinct_ones(self, folder: Path) -> None:
        assert [path.name for path in list_frames(folder, 2)] == ["0.jpg", "1.PNG"]

    def test_a_share_of_defective_frames_is_drawn(self, folder: Path) -> None:
        truths = {f"{n}.jpg": Truth(classes=(3,) if n == 2 else ()) for n in (0, 2, 4)}
        source = FolderSource(list_frames(folder), truths, seed=1, defect_share=0.25)
        drawn = [source.picture(exposure(i)) for i in range(2000)]

        assert {p.origin for p in drawn} == {"0.jpg", "2.jpg", "4.jpg"}, "of the others nothing is known"
        assert sum(p.truth is not None and p.truth.defective for p in drawn) == pytest.approx(500, abs=80)
        again = FolderSource(list_frames(folder), truths, seed=1, defect_share=0.25)
        assert again.picture(exposure(1999)) == drawn[1999]

    def test_a_share_without_known_frames_is_refused(self, folder: Path) -> None:
        truths = {"0.jpg": Truth(classes=(1,))}
        with pytest.raises(SimulatorRefused, match=r"needs frames known .* the labels know 1 and 0"):
            FolderSource(list_frames(folder), truths, defect_share=0.5)

        FolderSource(list_frames(folder), truths, defect_share=1.0)

    def test_a_file_that_is_no_image_is_refused_by_name(self, folder: Path) -> None:
        (folder / "0.jpg").write_bytes(b"no image")

        with pytest.raises(SimulatorRefused, match=r"0\.jpg cannot be sent"):
            FolderSource(list_frames(folder), {})

    @pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\nrubbish and more of it"])
    def test_a_png_that_is_none_is_refused_by_name(self, folder: Path, content: bytes) -> None:
        (folder / "1.PNG").write_bytes(content)
        source = FolderSource(list_frames(folder), {})

        with pytest.raises(SimulatorRefused, match=r"1\.PNG cannot be sent"):
            source.picture(exposure(1))

    def test_no_frames_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(SimulatorRefused, match="no JPEG or PNG"):
            list_frames(tmp_path)
        with pytest.raises(SimulatorRefused, match="no folder"):
            list_frames(tmp_path / "none")
