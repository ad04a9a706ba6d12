"""`analyse` from a folder to its two files, and what it refuses."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from model import rle
from model.cli import main
from tests.support.bundles import HEIGHT_PX, WIDTH_PX, Painted, painted_frame
from tests.support.layouts import PIT, listed_layout, row_added

HOSTILE = "<script>alert(1)</script>.jpg"


def steel_layout(root: Path) -> Path:
    """Whole-size frames: a, b and its copy with class 3, c clean, d clean with something painted on it."""
    (root / "images").mkdir(parents=True)
    rows, columns = slice(64, 192), slice(200, 520)
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.bool_)
    mask[rows, columns] = True
    painted = [Painted(class_id=3, rows=(64, 192), cols=(200, 520))]
    grain = np.random.default_rng(3)
    coded = ["ImageId,ClassId,EncodedPixels"]
    listed = ["ImageId,truth,group,fold,classes"]
    for name, defects, classes in (
        ("a", painted, "3"),
        ("b", painted, "1"),
        ("c", [], ""),
        ("d", painted, ""),
    ):
        shown = cv2.imdecode(np.frombuffer(painted_frame(defects), np.uint8), cv2.IMREAD_GRAYSCALE)
        if name in "cd":  # or all four would be one picture
            shown = (shown + grain.integers(0, 12) * 1.0).astype(np.uint8)
            coarse = grain.integers(0, 8, (HEIGHT_PX // 16, WIDTH_PX // 16), np.uint8)
            shown += cv2.resize(coarse, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_NEAREST)
        (root / "images" / f"{name}.jpg").write_bytes(cv2.imencode(".jpg", shown)[1].tobytes())
        listed.append(f"{name}.jpg,{'mask' if classes else 'clean'},{name}.jpg,0,{classes}")
        if classes:
            coded.append(f"{name}.jpg,{classes},{rle.encode(mask)}")
    (root / "frames.csv").write_text("\n".join(listed) + "\n")
    (root / "train.csv").write_text("\n".join(coded) + "\n")
    return root


def analysed(root: Path, out: Path, *more: str) -> tuple[dict[str, Any], str]:
    assert main(["analyse", str(root), "--out", str(out), *more]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["analysis.json", "report.html"]
    return json.loads((out / "analysis.json").read_text()), (out / "report.html").read_text()


def test_a_folder_of_frames_becomes_a_table_and_one_page(
    tmp_path: Path, level_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = steel_layout(tmp_path / "steel")

    figures, page = analysed(root, tmp_path / "out", "--bundle", str(level_bundle), "--threads", "1")

    assert "4 frames: 2 defective (2 with one class), 2 clean" in capsys.readouterr().out
    assert figures["images"] == 4
    alike = figures["duplicates"]["groups"][0]
    assert {"a.jpg", "b.jpg"} <= set(alike["image_ids"])
    assert alike["least_bits"] == 0
    odd = figures["suspicious"]
    assert odd["duplicate"]["n"] == 1
    assert odd["rectangle"]["n"] == 2
    assert [one["image_id"] for one in figures["bundle"]["clean_that_pass"]] == ["d.jpg"]
    assert odd["scores_high"]["listed"][0]["says"].startswith("labelled clean; gate ")
    assert set(figures["margins"]) == {"1", "3"}
    # One page: pictures and plots inside, nothing that runs, nothing from elsewhere.
    assert page.count("data:image/jpeg;base64,") > 4
    assert page.count("<svg") == 6
    assert "<script" not in page
    assert set(re.findall(r"https?://[^\"'<> ]+", page)) <= {
        "http://www.w3.org/1999/xlink",
        "http://www.w3.org/2000/svg",
    }


def test_an_earlier_analysis_is_replaced_and_pictures_can_be_left_out(tmp_path: Path) -> None:
    root, out = listed_layout(tmp_path / "steel"), tmp_path / "out"

    figures, before = analysed(root, out)
    _, page = analysed(root, out, "--no-pictures")

    assert "data:image" in before
    assert f"All {figures['suspicious']['disagree']['n']}" in before
    assert "data:image" not in page
    assert "This page shows no frames" in page


def test_tables_alone_suffice(tmp_path: Path) -> None:
    root = listed_layout(tmp_path / "steel")
    shutil.rmtree(root / "images")

    figures, page = analysed(root, tmp_path / "out")

    assert (figures["images"], figures["masks"], figures["duplicates"]) == (0, 4, None)
    assert "How wide areas are drawn" not in page
    (root / "labels.csv").rename(kept := tmp_path / "labels.csv")
    figures, _ = analysed(root, tmp_path / "out")
    assert (figures["counted_from"], figures["clean_is_known"]) == ("train.csv", False)
    kept.rename(root / "labels.csv")
    (root / "train.csv").unlink()
    (root / "boxes.csv").unlink()
    figures, page = analysed(root, tmp_path / "out")
    assert (figures["table"]["frames"], figures["masks"], figures["suspicious"]) == (2, 0, {})
    assert "Needs masks" in page


def test_names_from_a_table_cannot_write_the_page(tmp_path: Path) -> None:
    root = listed_layout(tmp_path / "steel")
    row_added("train.csv", f"{HOSTILE},1,{PIT}")(root)

    _, page = analysed(root, tmp_path / "out")

    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_what_cannot_be_analysed_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, out = listed_layout(tmp_path / "steel"), tmp_path / "out"

    def refused(*more: str, folder: Path = root) -> str:
        assert main(["analyse", str(folder), "--out", str(out), *more]) == 2
        return capsys.readouterr().err

    assert "is no folder" in refused(folder=tmp_path / "nowhere")
    assert "takes frames of 256x1600 px, these are 32x64 px" in refused("--bundle", "severstal")
    cut = (root / "images" / "b.jpg").read_bytes()[:-200]
    (root / "images" / "b.jpg").write_bytes(cut)
    assert "images/b.jpg: truncated image" in refused()
    row_added("train.csv", "z.jpg,1,9000 5")(root)
    assert "train.csv:6: the mask of class 1 of z.jpg cannot be" in refused()
    assert not out.exists()
    out.mkdir()
    (out / "thesis.tex").write_text("years of work")
    assert "holds thesis.tex, which is no earlier analysis" in refused()
