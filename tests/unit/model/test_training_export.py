"""Export: graphs shrink without leaving the network, and files are those that a bundle lists."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
import torch
from openvino import opset13

from model.nets import build_gate, build_segmenter
from model.training.export import export_files, narrow, save_graph
from tests.support.tiny_nets import GATE, INPUT, SEGMENTER


def test_wide_constants_shrink_to_a_quarter_and_keep_their_values(tmp_path: Path) -> None:
    weights = np.random.default_rng(0).normal(size=(64, 128)).astype(np.float32)
    given = opset13.parameter([1, 128], ov.Type.f32)
    graph = ov.Model([opset13.matmul(given, opset13.constant(weights), False, True)], [given], "dense")
    row = np.ones((1, 128), np.float32)
    narrow(graph)
    save_graph(graph, tmp_path / "dense.xml")
    assert (tmp_path / "dense.bin").stat().st_size < 1.2 * weights.size
    answer = ov.Core().compile_model(tmp_path / "dense.xml", "CPU")(row)[0]
    np.testing.assert_allclose(answer, row @ weights.T, atol=0.5)


def test_export_writes_the_bundle_s_files_and_int8_follows_torch(tmp_path: Path) -> None:
    torch.manual_seed(0)
    gate, segmenter = build_gate(GATE, INPUT).eval(), build_segmenter(SEGMENTER, INPUT).eval()
    frames = list(np.random.default_rng(0).integers(0, 256, (4, 64, 96), dtype=np.uint8))
    sentences = {"gate": "not trained", "segmenter": "not trained"}
    files = export_files(gate, segmenter, sentences, INPUT, frames, tmp_path)
    assert sorted(files) == [
        "gate.int8.bin",
        "gate.int8.xml",
        "gate.safetensors",
        "segmenter.int8.bin",
        "segmenter.int8.xml",
        "segmenter.safetensors",
    ]
    core = ov.Core()
    for net, graph in ((gate, "gate.int8.xml"), (segmenter, "segmenter.int8.xml")):
        answer = core.compile_model(files[graph], "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(
            frames[0][None, None]
        )[0]
        with torch.no_grad():
            expected = net(torch.from_numpy(frames[0])[None, None]).numpy()
        assert answer.shape == expected.shape
        assert float(np.abs(answer - expected).mean()) < 0.05
