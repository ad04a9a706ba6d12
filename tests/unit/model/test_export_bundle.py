"""Export: graphs shrink without leaving the network, a bundle comes whole and calibrated, its drop told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
import torch
from openvino import opset13

from model.bundle import verify
from model.calibration.miss_bound import MissBound, TooFewFrames
from model.engines.core import runtime
from model.export.assemble import assemble
from model.export.export import Exported, export_files, narrow, save_graph
from model.export.export_command import read_nets
from model.export.quantisation_drop import spelled
from model.frames.frames import FrameSplit, JudgedFrame, LabelledFrame
from model.frames.refused import TrainingRefused
from model.load import load_inspector
from model.nets import build_gate, build_segmenter, save_weights
from model.training.recipe import load_recipe
from tests.support.tiny_nets import GATE, INPUT, SEGMENTER

FILES = [
    "gate.int8.bin",
    "gate.int8.xml",
    "gate.safetensors",
    "segmenter.int8.bin",
    "segmenter.int8.xml",
    "segmenter.safetensors",
]
TRAINED = {"gate": "not trained", "segmenter": "not trained either"}
BOUND = MissBound(share=0.4, confidence=0.6)


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (64, 96), dtype=np.uint8)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    torch.manual_seed(0)
    gate, segmenter = build_gate(GATE, INPUT).eval(), build_segmenter(SEGMENTER, INPUT).eval()
    return export_files(
        gate, segmenter, TRAINED, INPUT, [noise(i) for i in range(4)], tmp_path_factory.mktemp("files")
    )


def test_wide_constants_shrink_to_a_quarter_and_keep_their_values(tmp_path: Path) -> None:
    weights = np.random.default_rng(0).normal(size=(64, 128)).astype(np.float32)
    given = opset13.parameter([1, 128], ov.Type.f32)
    graph = ov.Model([opset13.matmul(given, opset13.constant(weights), False, True)], [given], "dense")
    row = np.ones((1, 128), np.float32)
    narrow(graph)
    save_graph(graph, tmp_path / "dense.xml")
    assert (tmp_path / "dense.bin").stat().st_size < 1.2 * weights.size
    answer = runtime().compile_model(tmp_path / "dense.xml", "CPU")(row)[0]
    np.testing.assert_allclose(answer, row @ weights.T, atol=0.5)


def test_export_writes_the_bundle_s_files(exported: Exported) -> None:
    assert sorted(exported.files) == FILES
    assert all(path.is_file() for path in exported.files.values())


@pytest.mark.parametrize(
    ("network", "outputs"), [("gate", ["scores"]), ("segmenter", ["probabilities", "scores"])]
)
def test_int8_follows_fp32_in_every_output(exported: Exported, network: str, outputs: list[str]) -> None:
    core = runtime()
    frame = noise(0)[None, None]
    fp32, int8 = (
        core.compile_model(graphs[network], "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(frame)
        for graphs in (exported.fp32, exported.int8)
    )
    for name in outputs:
        assert int8[name].shape == fp32[name].shape
        assert float(np.abs(int8[name] - fp32[name]).mean()) < 0.05


def tiny_split() -> FrameSplit:
    shape = (INPUT.height_px, INPUT.width_px)
    mask = np.zeros(shape, np.bool_)
    mask[32:96, 64:128] = True
    train = [
        LabelledFrame(
            image_id=str(i),
            truth="clean",
            fold=1,
            classes=(),
            pixels=noise(i),
            class_map=np.zeros((64, 96), np.uint8),
        )
        for i in range(4)
    ]
    judged = [
        JudgedFrame(
            image_id=f"j{i}",
            truth="mask" if i < 6 else "clean",
            pixels=noise(100 + i),
            masks={1: mask} if i < 6 else {},
        )
        for i in range(9)
    ]
    return FrameSplit(train=train, judged=judged, described={"held_out_fold": 7})


def tiny_recipe():
    parts = {"input": INPUT, "gate": GATE, "segmenter": SEGMENTER, "name": "tiny"}
    return load_recipe("synthetic").model_copy(update=parts)


def test_a_bundle_is_assembled_whole_and_says_what_int8_costs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    torch.manual_seed(0)
    gate, segmenter = build_gate(GATE, INPUT).eval(), build_segmenter(SEGMENTER, INPUT).eval()
    caplog.set_level("INFO")

    card = assemble(
        tiny_recipe(), gate, segmenter, TRAINED, tiny_split(), tmp_path / "work", tmp_path / "out",
        bound=BOUND, threads=1,
    )  # fmt: skip

    assert verify(tmp_path / "out").presets.keys() == card.presets.keys()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["out", "work"]
    chosen = card.presets["line"].operating_points["plant"].chosen
    assert (chosen["frames"], chosen["defective_frames"]) == ("fold 7, held out from training", 6)
    assert card.data["trained"] == TRAINED
    drop = card.data["int8_against_fp32"]
    assert set(drop["auc"]) == {"gate", "segmenter"}
    assert drop["positive_dice_by_class"]["1"]["pairs"] == 6
    assert "AUC by the gate: fp32 " in caplog.text
    assert card.score_distribution["line"]["clean"]["n"] == 3
    assert sum(card.score_distribution["line"]["defective"]["histogram"]) == 6
    found = load_inspector(tmp_path / "out", threads=1).inspect([noise(100)])[0]
    assert 0 <= found.gate_score <= 1


def test_too_few_held_out_frames_are_refused_before_anything_is_exported(tmp_path: Path) -> None:
    gate, segmenter = build_gate(GATE, INPUT), build_segmenter(SEGMENTER, INPUT)

    with pytest.raises(
        TooFewFrames, match=r"6 defective frames .* give at least 149, or ask for --miss 0\.393"
    ):
        assemble(tiny_recipe(), gate, segmenter, TRAINED, tiny_split(), tmp_path / "work", tmp_path / "out")

    assert list(tmp_path.iterdir()) == []


def test_a_drop_beyond_what_is_tolerated_is_marked() -> None:
    drop = {
        "auc": {"gate": {"fp32": 0.99, "int8": 0.98}},
        "positive_dice_by_class": {
            "1": {"pairs": 4, "fp32": 0.6, "int8": 0.597},
            "2": {"pairs": 0, "fp32": None, "int8": None},
        },
    }
    assert list(spelled(drop)) == [
        "AUC by the gate: fp32 0.9900, int8 0.9800 (-0.0100)   more than 0.005 lost",
        "Dice of class 1, 4 pairs: fp32 0.6000, int8 0.5970 (-0.0030)",
    ]


def test_weights_that_are_absent_or_of_another_network_are_refused_in_one_sentence(tmp_path: Path) -> None:
    recipe = tiny_recipe()
    with pytest.raises(
        TrainingRefused, match=r"lacks gate\.safetensors: give a folder that `train` has written"
    ):
        read_nets(recipe, tmp_path)
    save_weights(build_segmenter(SEGMENTER, INPUT), tmp_path / "gate.safetensors")
    with pytest.raises(TrainingRefused, match=r"gate\.safetensors does not fit recipe tiny \(") as refused:
        read_nets(recipe, tmp_path)
    assert "\n" not in str(refused.value)
    (tmp_path / "gate.safetensors").write_bytes(b"torn")
    with pytest.raises(TrainingRefused, match="does not fit recipe tiny"):
        read_nets(recipe, tmp_path)
