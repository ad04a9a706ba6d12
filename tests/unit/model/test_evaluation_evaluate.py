"""`evaluate` from frames on disk to its three files, and what it refuses; bundles that know grey levels."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from model import rle
from model.bundle import bundle_version, load_card, verify
from model.card import Preset
from model.cli import main
from model.evaluation import evaluate_command
from model.evaluation.evaluate_command import CARD_FILE, EVALUATION_FILE, REPORT_FILE
from model.evaluation.model_card import render_card
from model.frames.frames import ids_sha256
from model.frames.layout import read_layout
from tests.support.bundles import Painted, level_bundle, painted_frame, whole_card, whole_point

WIDTH_PX, HEIGHT_PX = 640, 128
DEFECT = {"rows": (32, 96), "cols": (64, 128)}

HOSTILE = "<script>alert(1)</script>"

Arguments = list[str]


def write_frames(root: Path) -> None:
    """Two folds of 12 frames: 8 with class 1 and 3 in turn, 1 with boxes only, 3 clean ones."""
    (root / "images").mkdir(parents=True)
    listed, codes, boxes = ["ImageId,truth,group,fold,classes"], ["ImageId,ClassId,EncodedPixels"], []
    for index in range(24):
        fold, place = index % 2, index // 2
        name, class_id = f"{index:02d}.jpg", 1 + 2 * (place % 2)
        truth = "mask" if place < 8 else "boxes" if place == 8 else "clean"
        painted = [] if truth == "clean" else [Painted(class_id=class_id, **DEFECT)]
        jpeg = painted_frame(painted, width_px=WIDTH_PX, height_px=HEIGHT_PX)
        (root / "images" / name).write_bytes(jpeg)
        listed.append(f"{name},{truth},{name},{fold},{'' if truth == 'clean' else class_id}")
        if truth == "mask":
            codes.append(f"{name},{class_id},{rle.encode(_mask())}")
        elif truth == "boxes":
            boxes.append(f'{name},{class_id},"[[32, 64, 95, 127]]"')
    (root / "frames.csv").write_text("\n".join(listed) + "\n")
    (root / "train.csv").write_text("\n".join(codes) + "\n")
    (root / "boxes.csv").write_text("\n".join(["ImageId,ClassId,bboxes", *boxes]) + "\n")


def _mask() -> np.ndarray:
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.bool_)
    mask[32:96, 64:128] = True
    return mask


def write_bundle(
    folder: Path, fold: int | None, *, width_px: int = WIDTH_PX, held_out_sha256: str = "of other frames"
) -> Path:
    card = whole_card(name=folder.name, width_px=width_px, height_px=HEIGHT_PX)
    points = {"plant": whole_point(), "kaggle": whole_point(gate_threshold=0.75)}
    line = Preset(gate="gate", operating_points=points, metrics={})
    card = card.model_copy(
        update={
            "data": {} if fold is None else {"held_out_fold": fold, "held_out_sha256": held_out_sha256},
            "presets": card.presets | {"line": line},
        }
    )
    return level_bundle(folder, card=card)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames, and bundles that held out fold 0, fold 1 and no stated one."""
    root = tmp_path_factory.mktemp("evaluate")
    write_frames(root / "frames")
    of_fold_0 = ids_sha256([entry for entry in read_layout(root / "frames") if entry.fold == 0])
    write_bundle(root / "first", 0, held_out_sha256=of_fold_0)
    for name, fold in (("second", 1), ("again", 0), ("silent", None), ("absent", 7)):
        write_bundle(root / name, fold)
    write_bundle(root / "wide", 1, width_px=2 * WIDTH_PX)
    return root


def arguments(place: Path, *bundles: str, out: Path, more: Arguments | None = None) -> Arguments:
    given = [word for name in bundles for word in ("--bundle", str(place / name))]
    frames = ["--frames", str(place / "frames"), "--out", str(out), "--threads", "1"]
    return ["evaluate", *given, *frames, *(more or [])]


@pytest.fixture(scope="module")
def written(place: Path) -> Path:
    out = place / "out"
    assert main(arguments(place, "first", "second", out=out, more=["--speed"])) == 0
    return out


def test_two_bundles_cross_validate(written: Path, place: Path) -> None:
    found = json.loads((written / EVALUATION_FILE).read_text())
    assert [b["as_held_out"] for b in found["bundles"]] == [True, False]
    assert [(b["version"].partition("@")[0], b["fold"]) for b in found["bundles"]] == [
        ("first", 0),
        ("second", 1),
    ]
    assert found["frames"]["by_truth"] == {"mask": 16, "boxes": 2, "clean": 6}
    assert found["gate"]["auc"]["value"] == 1.0
    plant = found["gate"]["points"]["plant"]["cross_fitted"]
    assert (plant["missed"], plant["defective"], plant["clean_rejected"], plant["clean"]) == (0, 18, 6, 6)
    by_class = found["masks"]["plain"]["positive_dice"]["by_class"]
    assert {c: one["n"] for c, one in by_class.items()} == {"1": 8, "2": 0, "3": 8, "4": 0}
    assert by_class["1"]["mean"] > 0.95
    assert found["regions"]["plant"]["confusion"]["3"]["3"] == 8
    assert (found["crops"]["accuracy"], found["crops"]["crops"]) == (1.0, 2 * 22)
    assert found["speed"]["gate_ms"]["median"] > 0
    assert found["anchors"] is None


def test_the_page_stands_alone_and_holds_no_script(written: Path) -> None:
    page = (written / REPORT_FILE).read_text()
    assert "<script" not in page
    assert not re.search(r"""(?:src|href)=["'](?!data:|\#)""", page)
    assert not re.search(r"url\((?!#)", page)
    assert page.count("data:image/jpeg;base64,") >= 8
    assert page.count("<svg") == 5
    assert len(page) < 3e6


@pytest.fixture(scope="module")
def plain(place: Path) -> Path:
    """One bundle that states no fold and names its classes with markup, without pictures."""
    card = verify(place / "silent")
    kinds = tuple(kind.model_copy(update={"name": HOSTILE}) for kind in card.classes)
    level_bundle(place / "hostile", card=card.model_copy(update={"classes": kinds}))
    out = place / "plain"
    assert main(arguments(place, "hostile", out=out, more=["--fold", "1", "--no-pictures"])) == 0
    return out


def test_without_pictures_no_frame_is_in_the_page(plain: Path) -> None:
    page = (plain / REPORT_FILE).read_text()
    assert "image/jpeg" not in page
    assert "<img" not in page
    assert "must not be redistributed" in page


def test_names_from_a_card_are_escaped(plain: Path) -> None:
    page = (plain / REPORT_FILE).read_text()
    assert "&lt;script&gt;" in page
    assert "<script" not in page


def test_a_stated_fold_judges_a_bundle_that_is_silent(plain: Path) -> None:
    found = json.loads((plain / EVALUATION_FILE).read_text())
    assert found["frames"]["folds"] == [1]
    assert found["bundles"][0]["as_held_out"] is None
    assert "Not certain" in (plain / REPORT_FILE).read_text()
    assert found["speed"] is None


def test_the_model_card_is_what_the_renderer_makes(written: Path, place: Path) -> None:
    evaluation = json.loads((written / EVALUATION_FILE).read_text())
    card = (written / CARD_FILE).read_text()
    assert card == render_card(load_card(place / "first"), bundle_version(place / "first"), evaluation)
    assert "| plant | cross-fitted | 0 of 18 |" in card


@pytest.mark.parametrize(
    ("bundles", "more", "says"),
    [
        (["first", "again"], [], "both judged on fold 0"),
        (["silent"], [], "does not say which fold it held out"),
        (["first"], ["--fold", "1"], "held out fold 0 and learnt from fold 1"),
        (["absent"], [], "judged on fold 7, but"),
        (["silent"], ["--fold", "5"], "has folds 0, 1"),
        (["first", "wide"], [], "differ in input or classes"),
        (["first"], ["--preset", "best"], "no preset 'best'"),
        (["nowhere"], [], "there is no bundle"),
    ],
)
def test_what_is_refused(
    place: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    bundles: list[str],
    more: Arguments,
    says: str,
) -> None:
    out = tmp_path / "out"
    assert main(arguments(place, *bundles, out=out, more=more)) == 2
    said = capsys.readouterr().err
    assert says in said
    assert len(said.splitlines()) == 1
    assert not out.exists()


def test_other_peoples_files_are_refused_before_anything_runs(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    assert main(arguments(place, "first", out=tmp_path)) == 2
    assert "thesis.tex" in capsys.readouterr().err
    assert (tmp_path / "thesis.tex").read_text() == "mine"


def test_what_fails_while_writing_leaves_the_earlier_result(place: Path, written: Path) -> None:
    before = {path.name: path.read_bytes() for path in written.iterdir()}
    first = evaluate_command.open_bundles([str(place / "first")], "line", None)[0]
    with pytest.raises(KeyError):
        evaluate_command.write(written, {"half": "an evaluation"}, "<html>", first)
    assert {path.name: path.read_bytes() for path in written.iterdir()} == before
    assert [path.name for path in written.parent.iterdir() if "staging" in path.name] == []
