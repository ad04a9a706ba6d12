"""The two networks: shapes, scores, weights. Tiny encoder, 64 px input, random weights."""

from __future__ import annotations

from pathlib import Path

import openvino as ov
import pytest
import segmentation_models_pytorch as smp
import torch
from torch import Tensor

from model.engines.conversion import to_openvino
from model.nets import build_gate, build_segmenter, load_weights, save_weights
from tests.support.tiny_nets import ENCODER, GATE, INPUT, SEGMENTER


@pytest.fixture
def frames() -> Tensor:
    torch.manual_seed(1)
    return torch.randint(0, 256, (3, 1, 64, 96), dtype=torch.uint8)


@torch.no_grad()
def test_a_frame_scores_as_its_worst_cell(frames: Tensor) -> None:
    gate = build_gate(GATE, INPUT).eval()
    cells = gate.cells(frames)
    assert cells.shape == (3, 5, 2, 3)
    worst = [max(float(v) for v in frame[-1].flatten()) for frame in cells]
    assert gate(frames).tolist() == pytest.approx(torch.tensor(worst).sigmoid().tolist())


@torch.no_grad()
def test_segmenter_answers_at_a_quarter_and_as_smp_does_before_its_upsampling(frames: Tensor) -> None:
    segmenter = build_segmenter(SEGMENTER, INPUT).eval()
    whole = smp.FPN(
        ENCODER,
        encoder_weights=None,
        in_channels=1,
        classes=4,
        decoder_pyramid_channels=16,
        decoder_segmentation_channels=32,
    )
    whole.load_state_dict(segmenter.state_dict())
    logits = segmenter.logits(frames)
    assert logits.shape == (3, 4, 16, 24)
    upsampled = torch.nn.functional.interpolate(logits, scale_factor=4, mode="bilinear", align_corners=True)
    assert torch.allclose(upsampled, whole.eval()((frames.float() - 88) / 50), atol=1e-5)


@torch.no_grad()
def test_a_frame_does_not_depend_on_its_neighbours(frames: Tensor) -> None:
    gate = build_gate(GATE, INPUT).eval()
    assert float(gate(frames[1:2])) == pytest.approx(float(gate(frames)[1]), abs=1e-6)


@torch.no_grad()
def test_stored_weights_come_back_as_fp16(frames: Tensor, tmp_path: Path) -> None:
    gate, other = build_gate(GATE, INPUT).eval(), build_gate(GATE, INPUT).eval()
    save_weights(gate, tmp_path / "gate.safetensors", "three steps")
    load_weights(other, tmp_path / "gate.safetensors")
    assert torch.allclose(gate(frames), other(frames), atol=5e-3)
    size_bytes = (tmp_path / "gate.safetensors").stat().st_size
    assert size_bytes < 2.3 * sum(p.numel() for p in gate.parameters())


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    save_weights(build_segmenter(SEGMENTER, INPUT), tmp_path / "other.safetensors")
    with pytest.raises(RuntimeError, match="decoder"):
        load_weights(build_gate(GATE, INPUT), tmp_path / "other.safetensors")


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(ValueError, match="'round'"):
        build_gate(GATE.model_copy(update={"architecture": "round"}), INPUT)
    with pytest.raises(ValueError, match="'unet'"):
        build_segmenter(SEGMENTER.model_copy(update={"architecture": "unet"}), INPUT)


@pytest.mark.parametrize("kind", ["gate", "segmenter"])
@torch.no_grad()
def test_the_openvino_graph_says_what_torch_says(kind: str, frames: Tensor) -> None:
    net = (build_gate(GATE, INPUT) if kind == "gate" else build_segmenter(SEGMENTER, INPUT)).eval()
    graph = to_openvino(net, INPUT, "answer")
    compiled = ov.Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for frame in frames:
        expected = net(frame[None])
        assert torch.allclose(torch.from_numpy(compiled(frame[None].numpy())["answer"]), expected, atol=1e-4)
