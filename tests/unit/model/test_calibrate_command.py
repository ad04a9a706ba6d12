"""`python -m model calibrate`: other thresholds for the same networks, on frames of whoever runs it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from model import rle
from model.bundle import bundle_version, load_card, verify
from model.cli import DONE, REFUSED, main
from tests.support.bundles import HEIGHT_PX, WIDTH_PX, Painted, painted_frame

BOUND = ("--miss", "0.4", "--confidence", "0.6", "--threads", "1")
"""Two defective frames show it."""


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """Folds 0 and 1: in each three defects of class 3, one of each other class, one clean frame."""
    root = tmp_path / "steel"
    (root / "images").mkdir(parents=True)
    rows, codes = ["ImageId,truth,group,fold,classes"], ["ImageId,ClassId,EncodedPixels"]
    for fold in (0, 1):
        for number, class_id in enumerate((3, 3, 3, 1, 2, 4, None)):
            name = f"{fold}-{number}.jpg"
            columns = (80 * number + 400 * fold, 80 * number + 400 * fold + 160)
            defects = [] if class_id is None else [Painted(class_id=class_id, rows=(64, 128), cols=columns)]
            (root / "images" / name).write_bytes(painted_frame(defects))
            rows.append(f"{name},{'clean' if class_id is None else 'mask'},{name},{fold},{class_id or ''}")
            for defect in defects:
                mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.bool_)
                mask[slice(*defect.rows), slice(*defect.cols)] = True
                codes.append(f"{name},{defect.class_id},{rle.encode(mask)}")
    (root / "frames.csv").write_text("\n".join(rows) + "\n")
    (root / "train.csv").write_text("\n".join(codes) + "\n")
    return root


def test_thresholds_are_chosen_anew_and_everything_else_stays(
    frames: Path, level_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ours"
    given = ["calibrate", "--bundle", str(level_bundle), "--frames", str(frames), "--out", str(out)]

    assert main([*given, "--fold", "1", *BOUND]) == DONE

    former, card = load_card(level_bundle), verify(out)
    assert card.files == former.files
    assert card.classes == former.classes
    assert set(card.presets) == {"line", "accurate"}
    plant = card.presets["line"].operating_points["plant"]
    assert plant.chosen["frames"] == "fold 1 of steel, chosen anew by `calibrate`"
    assert plant.chosen["by_truth"] == {"mask": 6, "boxes": 0, "clean": 1}
    assert (plant.chosen["allowed_misses"], plant.chosen["clean_passed_on"]) == (1, 0)
    assert card.presets["accurate"].metrics["kaggle"]["cross_fitted"]["masks"]["positive_dice"]["mean"] > 0.9
    assert card.score_distribution["line"]["defective"]["n"] == 6
    printed = json.loads(capsys.readouterr().out)
    assert printed["line/plant"]["gate_threshold"] == plant.gate_threshold
    assert bundle_version(out) != bundle_version(level_bundle)


def test_a_bundle_can_be_calibrated_in_its_place_on_all_frames(
    frames: Path, level_bundle: Path, tmp_path: Path
) -> None:
    given = ["calibrate", "--frames", str(frames), "--out", str(tmp_path / "ours"), *BOUND, "--all"]
    assert main([*given, "--bundle", str(level_bundle)]) == DONE
    assert main([*given, "--bundle", str(tmp_path / "ours")]) == DONE

    chosen = verify(tmp_path / "ours").presets["line"].operating_points["plant"].chosen
    assert chosen["by_truth"] == {"mask": 12, "boxes": 0, "clean": 2}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            ("--all",),
            "12 defective frames cannot show a miss bound of 0.02 at 95%: give at least 149, or ask for ",
        ),
        (("--fold", "7", *BOUND), "steel has no fold 7: give one of 0, 1"),
        (BOUND, "bundle level does not say which fold it held out: give --fold, or --all"),
        (("--all", "--miss", "2"), "a miss bound and its confidence must lie between 0 and 1"),
    ],
)
def test_what_cannot_be_calibrated_is_refused_and_nothing_written(
    frames: Path,
    level_bundle: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    given: tuple[str, ...],
    says: str,
) -> None:
    out = tmp_path / "ours"
    command = ["calibrate", "--bundle", str(level_bundle), "--frames", str(frames), "--out", str(out)]

    assert main([*command, *given]) == REFUSED

    assert says in capsys.readouterr().err
    assert not out.exists()
