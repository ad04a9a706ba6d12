"""How networks see a frame: the view is in the graph; whole frames go in, words on whole frames come out."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from model.bundle import BundleRefused, write_bundle
from model.card import CropsView, GateSpec, InputSpec, ResizedView, SegmenterSpec, View, WholeView
from model.engines.conversion import to_openvino
from model.engines.core import runtime
from model.engines.cuts import halves
from model.engines.requests import COMPILE_SETTINGS
from model.nets import build_gate, build_segmenter, frame_scores
from model.regions import RegionFinder
from tests.support.bundles import rule, whole_card
from tests.support.tiny_nets import ENCODER, INPUT

CLASSIFIER = GateSpec(architecture="classifier", encoder=ENCODER)
FPN = SegmenterSpec(architecture="fpn", encoder=ENCODER, pyramid_channels=16, segmentation_channels=32)
UNET = SegmenterSpec(
    architecture="unet", encoder=ENCODER, decoder_channels=(32, 16, 16, 8, 8), gate_head="classifier"
)
LINKNET = SegmenterSpec(architecture="linknet", encoder=ENCODER)
SEGMENTERS = pytest.mark.parametrize("spec", [FPN, UNET, LINKNET], ids=lambda spec: spec.architecture)

VIEWS: list[tuple[View, tuple[int, int]]] = [
    (WholeView(), (64, 96)),
    (ResizedView(kind="resized", height_px=64, width_px=32), (64, 32)),
    (CropsView(kind="crops", width_px=32), (64, 32)),
]
EVERY_VIEW = pytest.mark.parametrize(("view", "seen_px"), VIEWS, ids=[v.kind for v, _ in VIEWS])
ROUNDING = {"rtol": 0.0, "atol": 2e-5}


def seen_as(view: View) -> InputSpec:
    return INPUT.model_copy(update={"view": view})


@pytest.fixture
def frames() -> Tensor:
    torch.manual_seed(1)
    return torch.randint(0, 256, (2, 1, 64, 96), dtype=torch.uint8)


def lively(net: nn.Module) -> nn.Module:
    """Running statistics of a few frames: a fresh net says next to the same of all."""
    torch.manual_seed(0)
    net.train()
    with torch.no_grad():
        for _ in range(3):
            net(torch.randint(0, 256, (4, 1, 64, 96), dtype=torch.uint8))
    return net.eval()


@EVERY_VIEW
@SEGMENTERS
@torch.no_grad()
def test_whole_frames_go_in_and_come_out(
    spec: SegmenterSpec, view: View, seen_px: tuple[int, int], frames: Tensor
) -> None:
    torch.manual_seed(0)
    net = lively(build_segmenter(spec, seen_as(view)))
    probabilities, scores = net(frames)
    assert scores.shape == (2,)
    height, width = (64, 96) if isinstance(view, CropsView) else seen_px
    stride = 4 if spec.architecture == "fpn" else 1
    assert probabilities.shape == (2, 4, height // stride, width // stride)

    first, *features = net.begin(frames)
    torch.testing.assert_close(first, scores, rtol=0, atol=0)
    torch.testing.assert_close(net.end(*features), probabilities, rtol=0, atol=0)
    assert seen_as(view).seen_px == seen_px
    alone, _ = net(frames[1:])
    torch.testing.assert_close(alone, probabilities[1:], **ROUNDING)


@EVERY_VIEW
@SEGMENTERS
@torch.no_grad()
def test_the_graph_and_its_halves_hold_the_view(
    spec: SegmenterSpec, view: View, seen_px: tuple[int, int], frames: Tensor
) -> None:
    torch.manual_seed(0)
    net = lively(build_segmenter(spec, seen_as(view)))
    graph = to_openvino(net, seen_as(view), "probabilities", "scores")
    parts = halves(graph, "scores", "probabilities")
    whole, begins, ends = (
        runtime().compile_model(one, "CPU", COMPILE_SETTINGS) for one in (graph, parts.first, parts.second)
    )
    frame = frames[:1]
    said = whole(frame.numpy())
    score, *kept = begins(frame.numpy()).values()
    (probabilities,) = ends(dict(enumerate(kept))).values()
    expected, scores = net(frame)
    for found in (said["probabilities"], probabilities):
        np.testing.assert_allclose(found, expected.numpy(), **ROUNDING)
    for found in (said["scores"], score):
        np.testing.assert_allclose(found, scores.numpy(), **ROUNDING)


@torch.no_grad()
def test_a_frame_in_crops_scores_as_its_worst_and_each_crop_is_segmented_by_itself(frames: Tensor) -> None:
    torch.manual_seed(0)
    spec = seen_as(CropsView(kind="crops", width_px=32))
    net = lively(build_segmenter(UNET, spec))
    probabilities, scores = net(frames)
    of_crops = [net.see(frames[..., a:b]) for a, b in pairwise((0, 32, 64, 96))]
    worst = torch.stack([frame_scores(seen.cells) for seen in of_crops]).amax(dim=0)
    torch.testing.assert_close(scores, worst, **ROUNDING)
    beside = torch.cat([seen.masks.sigmoid() for seen in of_crops], dim=3)
    torch.testing.assert_close(probabilities, beside, **ROUNDING)


@torch.no_grad()
def test_a_classifier_has_one_cell_a_picture(frames: Tensor) -> None:
    torch.manual_seed(0)
    gate = lively(build_gate(CLASSIFIER, seen_as(CropsView(kind="crops", width_px=32))))
    assert gate.cells(frames[..., :32]).shape == (2, 5, 1, 1)
    worst = torch.stack([frame_scores(gate.cells(frames[..., a : a + 32])) for a in (0, 32, 64)]).amax(dim=0)
    torch.testing.assert_close(gate(frames), worst, **ROUNDING)
    compiled = runtime().compile_model(
        to_openvino(gate, seen_as(CropsView(kind="crops", width_px=32)), "scores"), "CPU", COMPILE_SETTINGS
    )
    np.testing.assert_allclose(compiled(frames[:1].numpy())["scores"], worst[:1].numpy(), **ROUNDING)


def test_regions_are_found_at_any_size_that_networks_answer_at() -> None:
    finder = RegionFinder(InputSpec(width_px=320, height_px=64, reduce=1, mean=0, std=1), [1], [rule()])
    for height, width in ((64, 320), (16, 80), (64, 64)):  # unet, fpn, resized to a fifth of the width
        planes = np.zeros((1, height, width), np.float32)
        planes[0, height // 4 : height // 2, width // 4 : width // 2] = 1
        (region,) = finder.find(planes)
        assert abs(region.row_min - 16) <= 2
        assert abs(region.row_max - 31) <= 2
        assert abs(region.col_min - 80) <= 3
        assert abs(region.col_max - 159) <= 3


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"architecture": "fpn"}, "fpn needs pyramid_channels"),
        ({"architecture": "unet", "pyramid_channels": 16}, "are for fpn alone"),
        ({"architecture": "linknet", "decoder_channels": (8,) * 5}, "for unet alone"),
        ({"architecture": "unet", "decoder_channels": (8,) * 4}, "at least 5 items"),
    ],
)
def test_channels_of_another_architecture_are_refused(changed: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        SegmenterSpec.model_validate({"encoder": ENCODER, **changed})


def test_crops_that_do_not_fill_a_frame_are_refused() -> None:
    with pytest.raises(ValidationError, match="crops of 36 px do not fill a decoded width of 96 px"):
        InputSpec.model_validate(INPUT.model_dump() | {"view": {"kind": "crops", "width_px": 36}})


def test_a_card_whose_networks_cannot_take_what_they_see_is_refused(tmp_path) -> None:
    card = whole_card(name="odd")
    narrow = card.input.model_copy(update={"view": ResizedView(kind="resized", height_px=64, width_px=100)})
    with pytest.raises(BundleRefused, match="shows its networks 64x100, which are not multiples of 32"):
        write_bundle(tmp_path / "odd", card.model_copy(update={"input": narrow}), {})
