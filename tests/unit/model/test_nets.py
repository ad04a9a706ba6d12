"""Every architecture through one class of tests, as segmentation_models.pytorch does: random weights, 64 px.

The encoders are the smallest one and those of the bundles that ship, read from their cards.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import openvino as ov
import pytest
import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn

from model.bundle import BUNDLES, CARD_FILE
from model.engines.conversion import to_openvino
from model.engines.core import runtime
from model.engines.onnx import OnnxRefused, run_onnx, to_onnx
from model.nets import (
    GATE_ARCHITECTURES,
    SEGMENTER_ARCHITECTURES,
    GateNet,
    SegmenterNet,
    build_gate,
    build_segmenter,
    load_weights,
    save_weights,
)
from model.views import GreyNormalise
from tests.support.tiny_nets import ENCODER, GATE, INPUT, SEGMENTER

CLASSES = 4
EXACT = {"rtol": 0.0, "atol": 0.0}
ROUNDING = {"rtol": 0.0, "atol": 2e-5}
"""Other kernels or another order of summation in fp32."""


class Kind(NamedTuple):
    """One architecture on one encoder."""

    part: str
    encoder: str

    def build(self) -> GateNet | SegmenterNet:
        if self.part == "gate":
            return build_gate(GATE.model_copy(update={"encoder": self.encoder}), INPUT)
        return build_segmenter(SEGMENTER.model_copy(update={"encoder": self.encoder}), INPUT)

    @property
    def output_names(self) -> tuple[str, ...]:
        return ("scores",) if self.part == "gate" else ("probabilities", "scores")


def kinds() -> list[Kind]:
    cards = [json.loads(path.read_bytes()) for path in sorted(BUNDLES.glob(f"*/{CARD_FILE}"))]
    shipped = {Kind(part, card[part]["encoder"]) for card in cards for part in ("gate", "segmenter")}
    return sorted(shipped | {Kind("gate", ENCODER), Kind("segmenter", ENCODER)})


@pytest.fixture
def frames() -> Tensor:
    """Three frames of 64x96: not square, so that a swap of the sides shows."""
    torch.manual_seed(1)
    return torch.randint(0, 256, (3, 1, 64, 96), dtype=torch.uint8)


def outputs(net: nn.Module, frames: Tensor) -> tuple[Tensor, ...]:
    """What a network says, as a tuple whether it has one output or two."""
    with torch.no_grad():
        said = net(frames)
    return said if isinstance(said, tuple) else (said,)


def logits(net: GateNet | SegmenterNet, frames: Tensor) -> tuple[Tensor, ...]:
    return tuple(net.see(frames)) if isinstance(net, SegmenterNet) else (net.cells(frames),)


def assert_same(found: tuple[Tensor, ...], expected: tuple[Tensor, ...], **tolerance: float) -> None:
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, **tolerance)


@pytest.fixture(scope="module", params=kinds(), ids=lambda kind: f"{kind.part}-{kind.encoder}")
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture(scope="module")
def net(kind: Kind) -> GateNet | SegmenterNet:
    """In eval mode, its running statistics not those of a fresh net; tests leave it as it is."""
    torch.manual_seed(0)
    net = kind.build().train()
    with torch.no_grad():
        for _ in range(3):
            net(torch.randint(0, 256, (4, 1, 64, 96), dtype=torch.uint8))
    return net.eval()


class TestEveryArchitecture:
    @pytest.mark.parametrize("size", [(64, 64), (64, 96), (128, 64)])
    def test_outputs_have_their_shape_type_and_range(
        self, kind: Kind, net: nn.Module, size: tuple[int, int]
    ) -> None:
        height, width = size
        said = dict(
            zip(
                kind.output_names,
                outputs(net, torch.randint(0, 256, (2, 1, *size), dtype=torch.uint8)),
                strict=True,
            )
        )
        assert said["scores"].shape == (2,)
        if "probabilities" in said:
            assert said["probabilities"].shape == (2, CLASSES, height // 4, width // 4)
        for output in said.values():
            assert output.dtype == torch.float32
            assert ((output >= 0) & (output <= 1)).all()

    def test_cells_cover_the_frame_and_a_frame_scores_as_its_worst(
        self, net: GateNet | SegmenterNet, frames: Tensor
    ) -> None:
        with torch.no_grad():
            cells = net.cells(frames)
        assert cells.shape == (3, CLASSES + 1, 2, 3)
        worst = [max(float(v) for v in frame[-1].flatten()) for frame in cells]
        assert outputs(net, frames)[-1].tolist() == pytest.approx(torch.tensor(worst).sigmoid().tolist())

    def test_a_segmenter_sees_the_cells_that_it_scores_by(
        self, net: GateNet | SegmenterNet, frames: Tensor
    ) -> None:
        if not isinstance(net, SegmenterNet):
            return  # a gate has one head: nothing to agree with
        with torch.no_grad():
            assert_same((net.see(frames).cells,), (net.cells(frames),), **EXACT)

    def test_a_gradient_reaches_every_parameter(self, kind: Kind, frames: Tensor) -> None:
        torch.manual_seed(2)
        net = kind.build().train()
        # Squares: the sum of a normalised layer is constant, and its gradient nothing but rounding.
        sum(said.square().mean() for said in logits(net, frames)).backward()
        without = [
            name
            for name, parameter in net.named_parameters()
            if parameter.grad is None or not parameter.grad.isfinite().all() or not parameter.grad.any()
        ]
        assert without == []

    def test_the_same_frames_give_the_same_bits_again(self, net: nn.Module, frames: Tensor) -> None:
        assert_same(outputs(net, frames), outputs(net, frames), **EXACT)

    def test_a_frame_does_not_depend_on_its_neighbours(self, net: nn.Module, frames: Tensor) -> None:
        together = outputs(net, frames)
        for index in range(len(frames)):
            alone = outputs(net, frames[index : index + 1])
            assert_same(alone, tuple(output[index : index + 1] for output in together), **ROUNDING)

    def test_channels_last_says_the_same(self, kind: Kind, net: nn.Module, frames: Tensor) -> None:
        other = kind.build().eval()
        other.load_state_dict(net.state_dict())
        other.to(memory_format=torch.channels_last)
        found = outputs(other, frames.to(memory_format=torch.channels_last))
        assert_same(found, outputs(net, frames), **ROUNDING)

    def test_stored_weights_come_back_as_fp16(
        self, kind: Kind, net: nn.Module, frames: Tensor, tmp_path: Path
    ) -> None:
        path, other = tmp_path / "net.safetensors", kind.build().eval()
        save_weights(net, path, "three steps")
        load_weights(other, path)

        for name, value in other.state_dict().items():
            stored = net.state_dict()[name]
            assert torch.equal(value, stored.half().float() if stored.is_floating_point() else stored), name
        assert_same(outputs(other, frames), outputs(net, frames), rtol=0, atol=5e-3)
        assert path.stat().st_size < 2.4 * sum(parameter.numel() for parameter in net.parameters())

    def test_the_openvino_graph_says_what_torch_says(
        self, kind: Kind, net: nn.Module, frames: Tensor
    ) -> None:
        compiled = in_full_precision(to_openvino(net, INPUT, *kind.output_names))
        for frame in frames[:, None]:
            said = compiled(frame.numpy())
            found = tuple(torch.from_numpy(said[name]) for name in kind.output_names)
            assert_same(found, outputs(net, frame), **ROUNDING)

    def test_the_onnx_file_says_what_torch_says_in_any_batch(
        self, kind: Kind, net: nn.Module, frames: Tensor, tmp_path: Path
    ) -> None:
        path = to_onnx(net, INPUT, tmp_path / "net.onnx", *kind.output_names)
        for batch in (frames[:1], frames):
            found = tuple(torch.from_numpy(output) for output in run_onnx(path, batch.numpy()))
            assert_same(found, outputs(net, batch), **ROUNDING)
        assert list(tmp_path.iterdir()) == [path]

    def test_a_network_that_fails_says_so_and_not_that_all_is_clean(
        self, kind: Kind, net: nn.Module, frames: Tensor
    ) -> None:
        for output in outputs(net, frames.float() * torch.nan):
            assert output.isnan().all()

        failing = kind.build().eval()
        failing.load_state_dict(net.state_dict())
        poison(failing)
        said = in_full_precision(to_openvino(failing, INPUT, *kind.output_names))(frames[:1].numpy())
        for name in kind.output_names:
            assert np.isnan(said[name]).all(), name


def in_full_precision(graph: ov.Model) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    settings = {"INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": 1}
    return runtime().compile_model(graph, "CPU", settings)


def poison(net: GateNet | SegmenterNet) -> None:
    """As weights that a failed training left behind: every head gives NaN."""
    heads = [net.head] if isinstance(net, GateNet) else [net.gate_head, net.segmentation_head[0]]
    with torch.no_grad():
        for head in heads:
            head.bias.fill_(torch.nan)


@torch.no_grad()
def test_segmenter_answers_at_a_quarter_and_as_smp_does_before_its_upsampling(frames: Tensor) -> None:
    segmenter = build_segmenter(SEGMENTER, INPUT).eval()
    whole = smp.FPN(
        ENCODER,
        encoder_weights=None,
        in_channels=1,
        classes=CLASSES,
        decoder_pyramid_channels=16,
        decoder_segmentation_channels=32,
    )
    state = {name: value for name, value in segmenter.state_dict().items() if "gate_head" not in name}
    whole.load_state_dict(state)
    masks = segmenter.see(frames).masks
    upsampled = nn.functional.interpolate(masks, scale_factor=4, mode="bilinear", align_corners=True)
    assert torch.allclose(upsampled, whole.eval()((frames.float() - 88) / 50), atol=1e-5)


def test_normalisation_takes_any_numbers(frames: Tensor) -> None:
    normalise = GreyNormalise(88, 50)
    for dtype in (torch.uint8, torch.float32, torch.float64):
        found = normalise(frames.to(dtype))
        assert found.dtype == torch.float32
        assert torch.equal(found, (frames.float() - 88) / 50)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    save_weights(build_segmenter(SEGMENTER, INPUT), tmp_path / "other.safetensors")
    with pytest.raises(RuntimeError, match="decoder"):
        load_weights(build_gate(GATE, INPUT), tmp_path / "other.safetensors")


@pytest.mark.parametrize("architecture", ["round", *SEGMENTER_ARCHITECTURES])
def test_an_unknown_gate_is_refused(architecture: str) -> None:
    with pytest.raises(ValueError, match=f"'{architecture}', known: {', '.join(GATE_ARCHITECTURES)}"):
        build_gate(GATE.model_copy(update={"architecture": architecture}), INPUT)


@pytest.mark.parametrize("architecture", ["psp", *GATE_ARCHITECTURES])
def test_an_unknown_segmenter_is_refused(architecture: str) -> None:
    with pytest.raises(ValueError, match=f"'{architecture}', known: {', '.join(SEGMENTER_ARCHITECTURES)}"):
        build_segmenter(SEGMENTER.model_copy(update={"architecture": architecture}), INPUT)


def test_an_onnx_file_that_disagrees_is_refused_and_removed(tmp_path: Path) -> None:
    net = build_gate(GATE, INPUT)
    poison(net)
    with pytest.raises(OnnxRefused, match=r"gate\.onnx differs from torch by nan"):
        to_onnx(net, INPUT, tmp_path / "gate.onnx", "scores")
    assert list(tmp_path.iterdir()) == []
