from __future__ import annotations

from pathlib import Path

import pytest

from producer_sim.labels import read_truths
from producer_sim.manifest import Truth
from producer_sim.refused import SimulatorRefused

TRAIN = "ImageId,ClassId,EncodedPixels\na.jpg,3,1 4\na.jpg,1,9 2\nb.jpg,4,\nelse.jpg,2,5 5\n"
FRAMES = """ImageId,truth,group,fold,classes
a.jpg,mask,a,0,1 3
c.jpg,clean,c,1,
d.jpg,boxes,d,2,4
e.jpg,unsure,e,2,
"""
NAMES = ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"]


def lay(root: Path, folder: str, **files: str) -> Path:
    (root / folder).mkdir()
    for name, text in files.items():
        (root / f"{name}.csv").write_text(text)
    return root / folder


def test_in_the_competitions_layout_what_is_not_listed_is_clean(tmp_path: Path) -> None:
    folder = lay(tmp_path, "train_images", train=TRAIN)

    truths = read_truths(NAMES, folder, None, with_masks=True)

    assert truths["a.jpg"] == Truth(classes=(1, 3), rle_by_class={1: "9 2", 3: "1 4"})
    assert truths["b.jpg"] == truths["c.jpg"] == Truth(classes=(), rle_by_class={})
    assert set(truths) == set(NAMES)


def test_a_train_csv_beside_another_folder_is_not_trusted_to_list_all(tmp_path: Path) -> None:
    folder = lay(tmp_path, "images", train=TRAIN)

    assert read_truths(NAMES, folder, None, with_masks=False) == {}
    assert read_truths(NAMES, folder, tmp_path / "train.csv", with_masks=False)["c.jpg"] == Truth(classes=())


def test_frames_csv_names_what_it_knows(tmp_path: Path) -> None:
    folder = lay(tmp_path, "images", frames=FRAMES, train=TRAIN)

    truths = read_truths(NAMES, folder, None, with_masks=True)

    assert truths == {
        "a.jpg": Truth(classes=(1, 3), rle_by_class={1: "9 2", 3: "1 4"}),
        "c.jpg": Truth(classes=(), rle_by_class={}),
        "d.jpg": Truth(classes=(4,), rle_by_class=None),
    }
    without = read_truths(NAMES, folder, None, with_masks=False)
    assert all(truth.rle_by_class is None for truth in without.values())
    assert {name: t.classes for name, t in without.items()} == {name: t.classes for name, t in truths.items()}


def test_without_labels_nothing_is_known(tmp_path: Path) -> None:
    assert read_truths(NAMES, lay(tmp_path, "images"), None, with_masks=True) == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds no labels"),
        ("file,label\na.jpg,1\n", "holds no labels"),
        ("ImageId,ClassId,EncodedPixels\na.jpg,three,1 1\n", "name a class 'three'"),
        ("ImageId,truth,classes\na.jpg,mask,1;3\n", "name a class '1;3'"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, sentence: str) -> None:
    folder = lay(tmp_path, "images", labels=text)

    with pytest.raises(SimulatorRefused, match=sentence):
        read_truths(NAMES, folder, tmp_path / "labels.csv", with_masks=False)


def test_labels_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SimulatorRefused, match="cannot be read"):
        read_truths(NAMES, lay(tmp_path, "images"), tmp_path / "none.csv", with_masks=False)
