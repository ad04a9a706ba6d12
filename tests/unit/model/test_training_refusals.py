"""What is refused beside single rows, and how it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.card import DefectClass, InputSpec
from model.cli import main
from model.evaluation.opened import Opened
from model.frames.problems import SHOWN, FramesRefused
from model.frames.reading import read_frames
from tests.support.bundles import whole_card
from tests.support.layouts import (
    CLASSES,
    CRACK,
    PIT,
    SPEC,
    cut,
    listed_layout,
    noise_jpeg,
    plain_layout,
    real_frames,
    replaced,
    row_added,
)


def refused(root: Path, held_out_fold: int | None = 0) -> tuple[str, ...]:
    with pytest.raises(FramesRefused) as caught:
        read_frames(root, SPEC, CLASSES, held_out_fold=held_out_fold)
    return caught.value.problems


B_CRACK = f"b.jpg,2,{CRACK}"


def test_the_layout_that_is_harmed_is_sound(tmp_path: Path) -> None:
    assert len(read_frames(listed_layout(tmp_path), SPEC, CLASSES, held_out_fold=0).entries) == 5


def test_classes_must_be_the_recipes(tmp_path: Path) -> None:
    replaced("train.csv", B_CRACK, f"b.jpg,7,{CRACK}")(listed_layout(tmp_path))
    replaced("frames.csv", "b.jpg,mask,b,1,1 2", "b.jpg,mask,b,1,1 7")(tmp_path)

    assert refused(tmp_path) == (
        "train.csv:4: class 7 of b.jpg is not one of the recipe's classes (1, 2); "
        "add it there or drop the row",
    )


def test_an_extra_frame_may_not_be_judged_as_well(tmp_path: Path) -> None:
    (listed_layout(tmp_path) / "extra").mkdir()
    (tmp_path / "extra" / "a.jpg").write_bytes(noise_jpeg(0))
    (tmp_path / "extra.csv").write_text("file,ImageId,truth,classes\na.jpg,a.jpg,clean,\n")

    assert refused(tmp_path) == ("extra.csv:2: a.jpg is in frames.csv:2 too; drop one",)


def test_without_frames_csv_a_row_needs_its_image(tmp_path: Path) -> None:
    row_added("train.csv", f"gone.jpg,1,{PIT}")(plain_layout(tmp_path))

    assert refused(tmp_path) == (
        "train.csv:14: gone.jpg is not among the images; "
        "add it, drop the row, or list what is here in frames.csv",
    )


def test_a_class_that_only_the_held_out_fold_shows_cannot_be_learnt(tmp_path: Path) -> None:
    replaced("frames.csv", "d.jpg,boxes,d,2,2", "d.jpg,boxes,d,1,2")(listed_layout(tmp_path))

    assert refused(tmp_path, held_out_fold=1) == (
        "train.csv:4: class 2 is only in the held-out fold 1, so it cannot be learnt; "
        "hold out another fold, add frames, or take it out of the recipe",
    )
    assert read_frames(tmp_path, SPEC, CLASSES, held_out_fold=0)


def test_a_class_that_no_frame_shows_cannot_be_learnt(tmp_path: Path) -> None:
    root = plain_layout(tmp_path, masked=12)
    (root / "train.csv").write_text((root / "train.csv").read_text().replace(",2,", ",1,"))

    assert refused(root)[0].startswith("train.csv: class 2 is on no frame, so it cannot be learnt")


def test_the_held_out_fold_must_be_there(tmp_path: Path) -> None:
    listed_layout(tmp_path)

    assert refused(tmp_path, held_out_fold=7) == (
        "frames.csv: fold 7 cannot be held out: there are folds 0, 1, 2",
    )
    with pytest.raises(FramesRefused, match="fold 7 cannot be held out"):
        read_frames(tmp_path, SPEC, CLASSES).split(7)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "is no folder that holds train_images/ or images/" in refused(tmp_path / "nowhere")[0]


def test_all_mistakes_are_found_and_the_first_are_shown(tmp_path: Path) -> None:
    root = plain_layout(tmp_path, masked=12)
    for name in ("001.jpg", "002.jpg"):
        cut(f"train_images/{name}")(root)
    (root / "train.csv").write_text((root / "train.csv").read_text().replace(PIT, "0 1"))

    with pytest.raises(FramesRefused) as caught:
        read_frames(root, SPEC, CLASSES)

    assert len(caught.value.problems) == 12 + 2
    lines = str(caught.value).splitlines()
    assert lines[0] == f"the frames in {root} cannot be used, 14 problems:"
    assert len(lines) == 1 + SHOWN + 1
    assert lines[1].startswith("  train.csv:2: the mask of class 2 of 000.jpg cannot be")
    assert lines[-1] == "  and 6 more"


def test_the_real_frames_are_sound() -> None:
    spec = InputSpec(width_px=1600, height_px=256, reduce=2, mean=88, std=50)
    classes = [DefectClass(class_id=c, name=str(c)) for c in (1, 2, 3, 4)]

    found = read_frames(real_frames(), spec, classes, held_out_fold=0)

    boxed = [e for e in found.entries if e.truth == "boxes"]
    assert boxed
    assert all(set(e.boxes_by_class) == set(e.area_px_by_class) == set(e.classes) for e in boxed)
    assert {p.shape for p in found.pixels.values()} == {(128, 800)}


def test_the_command_line_says_it_and_leaves_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch", reason="training needs the torch extra")
    root = plain_layout(tmp_path / "frames")
    row_added("train.csv", f"gone.jpg,1,{PIT}")(root)

    assert (
        main(["train", "--recipe", "severstal", "--frames", str(root), "--out", str(tmp_path / "new")]) == 2
    )

    said = capsys.readouterr().err
    assert f"the frames in {root} cannot be used, a problem:\n  train.csv:14: gone.jpg is not among" in said
    assert sorted(p.name for p in tmp_path.iterdir()) == ["frames"]


def test_a_bundle_that_held_out_other_frames_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Folds that are made change with the frames: what a bundle learnt from could judge it."""
    frames = read_frames(listed_layout(tmp_path), SPEC, CLASSES)
    card = whole_card(name="b")

    def check(described: dict[str, object]) -> str:
        caplog.clear()
        data = card.model_copy(update={"data": described})
        Opened(folder=tmp_path, version="b", card=data, preset="line", fold=1).check_fold(frames)
        return caplog.text

    assert check(frames.split(1).described) == ""
    assert check({}) == ""
    assert "b held out other frames than fold 1" in check(frames.split(0).described)
