"""`bench` from its arguments to its four files, with tiny networks; what it says where something lacks."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from model.bench import bench_command
from model.bench.contenders import Architectures, RandomContenders, contenders
from model.bench.figures import MEASURED
from model.card import DESIGNS, SEPARATE, SHARED_BACKBONE, TWO_HEAD, CropsView, GateSpec, SegmenterSpec
from model.cli import main
from tests.support.tiny_nets import GATE, INPUT, SEGMENTER

SHORT = [
    "--percent",
    "0",
    "50",
    "100",
    "--distinct",
    "4",
    "--repeats",
    "2",
    "--turn-s",
    "0",
    "--threads",
    "1",
]
ENCODER = "tu-test_efficientnet"
ON_A_CPU = ("openvino-fp32", "torch-cpu")


def without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def benched(out: Path, *arguments: str) -> dict[str, Any]:
    assert main(["bench", *SHORT, "--out", str(out), *arguments]) == 0
    return json.loads((out / "bench.json").read_text())


def test_a_bundle_runs_in_three_designs_and_a_machine_without_a_gpu_says_so(
    random_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_a_gpu(monkeypatch)
    (tmp_path / "other.md").write_text("kept")
    record = benched(
        tmp_path, "--models", str(random_bundle), "--engines", *ON_A_CPU, "openvino", "torch-cuda"
    )
    (found,) = record["found"]
    assert len(found["rows"]) == 4 * 3 * 3
    ran = [row for row in found["rows"] if row["status"] == MEASURED]
    assert {row["engine"] for row in ran} == {*ON_A_CPU, "openvino"}
    assert {row["status"] for row in found["rows"] if row["engine"] == "torch-cuda"} == {"no CUDA device"}
    for row in ran:
        assert row["passed"] == row["to_pass"] == row["frames"] * row["percent"] // 100
        parts = ("decode_ms_a_frame", "gate_ms_a_frame", "segment_ms_a_frame")
        # Medians of two rounds are means: they sum up.
        assert sum(row["time"][part] for part in parts) == pytest.approx(row["time"]["ms_a_frame"], rel=0.01)
        assert math.isclose(row["s_for_2500_frames"] * row["frames_per_s"], 2500, rel_tol=0.01)
    for engine in (*ON_A_CPU, "openvino"):
        of = found["engines"][engine]
        assert set(of["fastest"]) == {"0", "50", "100"}
        assert of["break_even"]["cpu"]["gate_ms"] > 0
        assert of["shared_backbone_to_two_head"]["100"]["time"] > 0
    assert found["engines"]["torch-cuda"]["fastest"] == {}
    page = (tmp_path / "bench.md").read_text()
    assert "no CUDA device" in page
    assert "| 244 | 495 |" in page
    assert str(tmp_path) not in page + json.dumps(record)
    assert (tmp_path / "bench.svg").read_text().count("separate") == 1
    assert (tmp_path / "bench.png").stat().st_size
    assert (tmp_path / "other.md").read_text() == "kept"


def test_where_no_engine_runs_the_tables_say_why(
    random_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_a_gpu(monkeypatch)
    record = benched(tmp_path, "--models", str(random_bundle), "--engines", "torch-cuda")
    assert {row["status"] for row in record["found"][0]["rows"]} == {"no CUDA device"}
    assert not (tmp_path / "bench.svg").exists()


def tiny(name: str, architecture: str) -> RandomContenders:
    """Crops, a classifier and another decoder, as the reference's are, on the smallest encoder."""
    crops = INPUT.model_copy(update={"reduce": 1, "view": CropsView(kind="crops", width_px=64)})
    whole = SegmenterSpec(architecture=architecture, encoder=ENCODER, gate_head="classifier")
    shared = Architectures(gate=None, segmenter=whole, says="tiny")
    separate = Architectures(
        gate=GateSpec(architecture="classifier", encoder=ENCODER), segmenter=whole, says="tiny"
    )
    return RandomContenders(name, crops, {SEPARATE: separate, TWO_HEAD: shared, SHARED_BACKBONE: shared})


@pytest.mark.parametrize(("architecture", "engine"), [("unet", "openvino-fp32"), ("linknet", "torch-cpu")])
def test_random_networks_run_in_every_design_and_let_pass_whom_they_should(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, architecture: str, engine: str
) -> None:
    monkeypatch.setattr(bench_command, "contenders", lambda name: tiny(name, architecture))
    record = benched(tmp_path, "--models", "tiny", "--engines", engine)
    rows = record["found"][0]["rows"]
    assert len(rows) == 3 * 3
    assert [row for row in rows if row["status"] != MEASURED or row["passed"] != row["to_pass"]] == []
    assert "random weights" in record["found"][0]["networks"]["separate"]


def test_random_networks_run_in_int8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nncf")
    segmenter = SEGMENTER.model_copy(update={"encoder": ENCODER})
    dense = Architectures(gate=GATE.model_copy(update={"encoder": ENCODER}), segmenter=segmenter, says="tiny")
    shared = Architectures(gate=None, segmenter=segmenter, says="tiny")
    of_design = {SEPARATE: dense, TWO_HEAD: shared, SHARED_BACKBONE: shared}
    monkeypatch.setattr(
        bench_command, "contenders", lambda name: RandomContenders(name, INPUT, dict(of_design))
    )
    record = benched(tmp_path, "--models", "tiny", "--engines", "openvino")
    assert {row["status"] for row in record["found"][0]["rows"]} == {MEASURED}


@pytest.mark.parametrize("name", ["reference", "reference-resized"])
def test_the_references_networks_are_described_as_they_were(name: str) -> None:
    of = contenders(name)
    assert (of.input.height_px, of.input.width_px, of.input.reduce) == (256, 1600, 1)
    assert of.input.seen_px == {"reference": (256, 320), "reference-resized": (256, 512)}[name]
    assert all("EfficientNet" in of.says(design) for design in DESIGNS)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--models", "nowhere"], "nowhere"),
        (["--frames", "{empty}"], "holds no .jpg or .png: give --frames a folder of frames"),
        (["--frames", "{small}"], "a.png cannot be inspected (wrong_size: 8x8, expected 64x320)"),
        (["--frames", "{empty}/none"], "is no folder: give --frames one that holds frames"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_a_sentence(
    random_bundle: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    says: str,
) -> None:
    import cv2
    import numpy as np

    empty, small = tmp_path / "empty", tmp_path / "small"
    empty.mkdir()
    small.mkdir()
    cv2.imwrite(str(small / "a.png"), np.zeros((8, 8), np.uint8))
    given = [one.format(empty=empty, small=small) for one in arguments]
    models = [] if "--models" in given else ["--models", str(random_bundle)]
    assert (
        main(["bench", *SHORT, "--engines", "openvino", "--out", str(tmp_path / "out"), *models, *given]) == 2
    )
    assert says in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("given", [["--percent", "101"], ["--distinct", "3"], ["--engines", "abacus"]])
def test_an_argument_that_means_nothing_is_refused(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["bench", *given])
    assert left.value.code == 2
    assert capsys.readouterr().err
