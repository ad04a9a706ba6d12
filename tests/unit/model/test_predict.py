"""`python -m model predict`: a folder in, two tables and pictures out, or nothing."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from model import rle
from model.bundle import bundle_version
from model.cli import DONE, REFUSED, SOME_UNREADABLE, main
from model.load import load_inspector
from model.outputs import Outputs
from model.predict import BATCH_FRAMES, Predicted, list_images, predict
from tests.support.bundles import HEIGHT_PX, WIDTH_PX, Painted, painted_frame
from tests.support.hostile import good_png, hostile_images

SCAR = Painted(class_id=3, rows=(64, 128), cols=(800, 880))
SPOT = Painted(class_id=1, rows=(8, 24), cols=(400, 440))
OTHER_SPOT = Painted(class_id=1, rows=(200, 216), cols=(0, 40))

FRAMES = {
    "a_clean.jpg": painted_frame(),
    "b_scarred.jpg": painted_frame([SCAR]),
    "c_spots.JPEG": painted_frame([SPOT, OTHER_SPOT, SCAR]),
}


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    folder = tmp_path / "frames"
    folder.mkdir()
    for name, encoded in FRAMES.items():
        (folder / name).write_bytes(encoded)
    (folder / "notes.txt").write_text("no frame, and no business of ours")
    return folder


@pytest.fixture
def run(frames: Path, level_bundle: Path, tmp_path: Path) -> Callable[..., int]:
    def run_predict(*more: str) -> int:
        given = [str(frames), "--bundle", str(level_bundle), "--out", str(tmp_path / "out"), "--threads", "1"]
        return main(["predict", *given, *more])

    return run_predict


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as opened:
        return list(csv.DictReader(opened))


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_tables_and_pictures_of_a_folder(
    run: Callable[..., int], tmp_path: Path, level_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == DONE

    out = tmp_path / "out"
    inspections = rows_of(out / "inspections.csv")
    assert [(row["image_id"], row["defective"]) for row in inspections] == [
        ("a_clean.jpg", "0"),
        ("b_scarred.jpg", "1"),
        ("c_spots.JPEG", "1"),
    ]
    assert float(inspections[0]["gate_score"]) < 0.5 <= float(inspections[1]["gate_score"])
    assert [(row["ImageId"], row["ClassId"]) for row in rows_of(out / "submission.csv")] == [
        ("b_scarred.jpg", "3"),
        ("c_spots.JPEG", "1"),
        ("c_spots.JPEG", "3"),
    ]
    assert files_in(out) == [
        "inspections.csv",
        "overlays/a_clean.jpg",
        "overlays/b_scarred.jpg",
        "overlays/c_spots.JPEG.jpg",
        "submission.csv",
    ]
    said = capsys.readouterr().out
    assert (
        f"3 images by {bundle_version(level_bundle)} on openvino: 1 clean, 2 defective with 3 masks" in said
    )
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_a_class_is_one_row_with_all_its_regions(run: Callable[..., int], tmp_path: Path) -> None:
    run()

    row = next(
        row for row in rows_of(tmp_path / "out" / "submission.csv") if row["ImageId"] == "c_spots.JPEG"
    )
    mask = rle.decode(row["EncodedPixels"], HEIGHT_PX, WIDTH_PX)
    truth = np.zeros((HEIGHT_PX, WIDTH_PX), bool)
    for spot in (SPOT, OTHER_SPOT):
        truth[slice(*spot.rows), slice(*spot.cols)] = True
    assert (mask & truth).sum() / (mask | truth).sum() > 0.95


def test_a_picture_outlines_what_was_found_and_says_what_the_gate_did(
    run: Callable[..., int], tmp_path: Path
) -> None:
    run()

    clean, scarred = (
        cv2.imread(str(tmp_path / "out" / "overlays" / name)) for name in ("a_clean.jpg", "b_scarred.jpg")
    )
    assert clean.shape[1:] == (WIDTH_PX, 3)
    legend_px = clean.shape[0] - HEIGHT_PX
    assert legend_px > 20
    colourful = np.ptp(scarred[:HEIGHT_PX].astype(int), axis=2) > 60
    rows, cols = np.nonzero(colourful)
    assert abs(rows.min() - 64) <= 3
    assert abs(rows.max() - 127) <= 3
    assert abs(cols.min() - 800) <= 3
    assert abs(cols.max() - 879) <= 3
    assert not (np.ptp(clean[:HEIGHT_PX].astype(int), axis=2) > 60).any()
    assert (clean[HEIGHT_PX:] < 100).any(), "the legend holds no text"


def test_what_cannot_be_read_is_listed_and_the_rest_is_done(
    run: Callable[..., int], frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = hostile_images()
    for image in hostile:
        (frames / f"hostile_{image.name}.png").write_bytes(image.encoded)
    (frames / "folder.jpg").mkdir()

    assert run() == SOME_UNREADABLE

    listed = capsys.readouterr().err
    for image in hostile:
        assert f"hostile_{image.name}.png: {image.kind}: " in listed
    assert "folder.jpg: cannot be opened: Is a directory" in listed
    assert [row["image_id"] for row in rows_of(tmp_path / "out" / "inspections.csv")] == list(FRAMES)


def test_pngs_are_frames_too(run: Callable[..., int], frames: Path, tmp_path: Path) -> None:
    (frames / "d.png").write_bytes(good_png())

    assert run() == DONE

    assert "d.png" in [row["image_id"] for row in rows_of(tmp_path / "out" / "inspections.csv")]
    assert (tmp_path / "out" / "overlays" / "d.png.jpg").is_file()


@pytest.mark.parametrize(
    ("drawn", "pictures"),
    [
        ("none", []),
        ("defective", ["b_scarred.jpg", "c_spots.JPEG.jpg"]),
        ("all", ["a_clean.jpg", "b_scarred.jpg", "c_spots.JPEG.jpg"]),
    ],
)
def test_pictures_on_demand(run: Callable[..., int], tmp_path: Path, drawn: str, pictures: list[str]) -> None:
    run("--overlays", drawn)

    assert files_in(tmp_path / "out" / "overlays") == pictures


def test_a_limit_takes_the_first_by_name(run: Callable[..., int], tmp_path: Path) -> None:
    assert run("--limit", "2") == DONE

    rows = rows_of(tmp_path / "out" / "inspections.csv")
    assert [row["image_id"] for row in rows] == ["a_clean.jpg", "b_scarred.jpg"]


def test_an_earlier_result_is_replaced_whole(run: Callable[..., int], tmp_path: Path) -> None:
    run()
    run("--limit", "1")

    assert files_in(tmp_path / "out") == ["inspections.csv", "overlays/a_clean.jpg", "submission.csv"]


@pytest.mark.parametrize("existing", ["notes.txt", ".hidden"])
def test_a_folder_of_somebody_else_is_refused(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str], existing: str
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / existing).write_text("precious")

    assert run() == REFUSED

    assert f"holds {existing}, which is no earlier result" in capsys.readouterr().err
    assert files_in(tmp_path / "out") == [existing]


def test_a_run_that_fails_leaves_the_earlier_result_alone(
    frames: Path, level_bundle: Path, tmp_path: Path, run: Callable[..., int]
) -> None:
    run()
    before = {name: (tmp_path / "out" / name).read_bytes() for name in files_in(tmp_path / "out")}
    inspector = load_inspector(level_bundle, threads=1)
    predicted = next(predict(list_images(frames), inspector))
    assert isinstance(predicted, Predicted)

    def fail_halfway() -> None:
        with Outputs(tmp_path / "out", inspector) as outputs:
            outputs.add(predicted)
            raise RuntimeError("the model run failed")

    with pytest.raises(RuntimeError, match="the model run failed"):
        fail_halfway()

    assert {name: (tmp_path / "out" / name).read_bytes() for name in files_in(tmp_path / "out")} == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["frames", "out"]


def test_more_images_than_a_batch_come_in_their_order(tmp_path: Path, level_bundle: Path) -> None:
    count = 2 * BATCH_FRAMES + 1
    for index in range(count):
        (tmp_path / f"{index:03}.jpg").write_bytes(
            FRAMES["b_scarred.jpg" if index % 5 == 0 else "a_clean.jpg"]
        )

    items = list(predict(list_images(tmp_path), load_inspector(level_bundle, threads=1)))

    assert [item.image_id for item in items] == [f"{index:03}.jpg" for index in range(count)]
    assert [isinstance(item, Predicted) and item.result.defective for item in items] == [
        index % 5 == 0 for index in range(count)
    ]


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (None, "is no folder: give one"),
        ("file", "is no folder: give one"),
        ("empty", r"holds no \.jpg or \.png: give"),
    ],
)
def test_a_folder_without_images_is_refused(
    tmp_path: Path, level_bundle: Path, capsys: pytest.CaptureFixture[str], made: str | None, says: str
) -> None:
    folder = tmp_path / "frames"
    if made == "file":
        folder.write_text("")
    elif made == "empty":
        folder.mkdir()

    code = main(["predict", str(folder), "--bundle", str(level_bundle), "--out", str(tmp_path / "out")])

    said = capsys.readouterr()
    assert code == REFUSED
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert re.search(says, said.err)
    assert not (tmp_path / "out").exists()


def test_an_absent_bundle_is_refused_in_one_sentence(
    frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["predict", str(frames), "--bundle", "nowhere", "--out", str(tmp_path / "out")])

    assert code == REFUSED
    assert capsys.readouterr().err.startswith("coilwatch-model: there is no bundle 'nowhere': give one of ")


def test_the_operating_point_decides_and_is_named_with_the_results(
    frames: Path, run: Callable[..., int], capsys: pytest.CaptureFixture[str], level_bundle: Path
) -> None:
    assert run("--preset", "accurate", "--operating-point", "kaggle") == DONE

    assert (
        f"3 images by {bundle_version(level_bundle)}/accurate/kaggle on openvino" in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("--preset", "exact"), "bundle level has no preset 'exact': choose one of line, accurate"),
        (
            ("--operating-point", "kaggle"),
            "preset line of bundle level has no operating point 'kaggle': choose one of plant",
        ),
    ],
)
def test_a_preset_that_the_bundle_lacks_is_refused_in_one_sentence(
    run: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    given: tuple[str, ...],
    says: str,
) -> None:
    assert run(*given) == REFUSED

    assert capsys.readouterr().err == f"coilwatch-model: {says}\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_limit_that_is_no_count_is_refused(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str], limit: str
) -> None:
    with pytest.raises(SystemExit) as left:
        run(f"--limit={limit}")

    assert left.value.code == REFUSED
    assert "not a whole number above 0" in capsys.readouterr().err


def test_without_a_command_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == REFUSED

    said = capsys.readouterr().out
    for command in ("predict", "train", "export"):
        assert f"\n    {command} " in said


@pytest.mark.parametrize("command", ["train", "export"])
def test_training_without_torch_says_what_to_install(command: str) -> None:
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "from model.cli import main\n"
        f"sys.exit(main([{command!r}, '--help']))\n"
    )

    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )

    assert ran.returncode == REFUSED
    assert ran.stderr == (
        f"coilwatch-model: {command} needs torch, which is not installed: pip install 'coilwatch[torch]'\n"
    )
