"""What crosses between the halves of a cut graph, in how much memory; reusing that mixes nothing up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset8 as ops

from model.bundle import SEGMENTER_GRAPH, find, load_card
from model.card import Design
from model.engines.core import runtime
from model.engines.crossings import crossing
from model.engines.cuts import halves
from model.engines.requests import COMPILE_SETTINGS
from model.engines.shared_openvino import SharedBackboneOpenVino
from model.engines.spare import SpareArrays
from model.inspector import Gated
from model.load import load_inspector
from tests.support.bundles import named, noisy_pixels
from tests.support.shared_bundles import shared_bundle

SHARED: tuple[Design, ...] = ("shared_backbone", "two_head")
GRID = (-1.28, 1.27)


def quantised(bounds: tuple[float, ...], levels: int = 256) -> ov.Node:
    ranges = [ops.constant(np.float32(bound)) for bound in bounds]
    return ops.fake_quantize(ops.parameter([1, 4], ov.Type.f32), *ranges, levels=levels)


@pytest.mark.parametrize(
    ("bounds", "levels", "crosses_as"),
    [
        ((*GRID, *GRID), 256, ov.Type.u8),
        ((0.0, 2.55, 0.0, 2.55), 256, ov.Type.u8),
        ((*GRID, *GRID), 128, ov.Type.f32),
        ((*GRID, 0.0, 2.55), 256, ov.Type.f32),
        ((-1.285, 1.265, -1.285, 1.265), 256, ov.Type.f32),
        ((1.0, 3.0, 1.0, 3.0), 256, ov.Type.f32),
    ],
    ids=["grid", "from zero", "fewer steps", "another grid behind", "zero off the grid", "zero outside"],
)
def test_only_a_plain_grid_crosses_as_integers(
    bounds: tuple[float, ...], levels: int, crosses_as: ov.Type
) -> None:
    node = quantised(bounds, levels)
    given = node.input_value(0).get_node()
    taker = ops.relu(node)
    one = crossing(node.output(0), list(taker.inputs()))
    assert one.leaves.get_element_type() == crosses_as

    parameter = ops.parameter([1, 4], crosses_as)
    taker.input(0).replace_source_output(one.arrives(parameter).output(0))
    first, second = ov.Model([one.leaves], [given], "first"), ov.Model([taker], [parameter], "second")
    rows = np.linspace(-2, 3, 4, dtype=np.float32)[None]
    run = [runtime().compile_model(part, "CPU", COMPILE_SETTINGS) for part in (first, second)]
    found = run[1](run[0](rows)[0])[0]
    reference = quantised(bounds, levels)
    whole = ov.Model([ops.relu(reference)], [reference.input_value(0).get_node()], "whole")
    expected = runtime().compile_model(whole, "CPU", COMPILE_SETTINGS)(rows)[0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_what_is_not_quantised_crosses_as_it_is() -> None:
    node = ops.relu(ops.parameter([1, 4], ov.Type.f32))
    one = crossing(node.output(0), [])
    assert one.leaves == node.output(0)


def test_a_shipped_int8_graph_keeps_a_byte_a_value() -> None:
    graph = runtime().read_model(find("severstal") / SEGMENTER_GRAPH)
    parts = halves(graph, "scores", "probabilities")
    assert {output.get_element_type() for output in parts.first.outputs[1:]} == {ov.Type.u8}
    assert [list(output.shape) for output in parts.first.outputs[1:]] == [
        list(taken.shape) for taken in parts.second.inputs
    ]


def both_heads(frames: ov.Node, scores: ov.Node, probabilities: ov.Node) -> ov.Model:
    return named(ov.Model([scores, probabilities], [frames], "whole"), "scores", "probabilities")


@pytest.mark.parametrize("quantised_beyond", [True, False])
def test_a_feature_map_crosses_channels_last_and_in_bytes_where_the_second_half_quantises_it(
    quantised_beyond: bool,
) -> None:
    frames = ops.parameter([1, 3, 4, 8], ov.Type.f32, name="frames")
    features = ops.swish(frames)
    bounds = [np.float32(bound) for bound in (-1, 1.55, -1, 1.55)]
    taken = (
        ops.fake_quantize(features, *map(ops.constant, bounds), levels=256) if quantised_beyond else features
    )
    highest = ops.reduce_max(features, np.array([1, 2, 3]), keep_dims=False)
    whole = both_heads(frames, highest, ops.sigmoid(taken))

    parts = halves(whole, "scores", "probabilities")
    crossing_over = parts.first.outputs[1]
    assert list(crossing_over.shape) == [1, 4 * 8, 3]
    assert crossing_over.get_element_type() == (ov.Type.u8 if quantised_beyond else ov.Type.f32)
    values = np.random.default_rng(0).normal(size=(1, 3, 4, 8)).astype(np.float32)
    run = {
        part: runtime().compile_model(graph, "CPU", COMPILE_SETTINGS)
        for part, graph in {"whole": whole, **parts._asdict()}.items()
    }
    scores, probabilities = run["whole"](values).values()
    first = run["first"](values)
    np.testing.assert_array_equal(first[0], scores)
    np.testing.assert_allclose(run["second"](first[1])[0], probabilities, rtol=0, atol=1e-6)


def test_masks_that_scores_need_whole_leave_nothing_to_cut() -> None:
    frames = ops.parameter([1, 1, 2, 2], ov.Type.f32, name="frames")
    masks = ops.sigmoid(frames)
    whole = both_heads(frames, ops.reduce_max(masks, np.array([1, 2, 3])), masks)
    with pytest.raises(ValueError, match="'probabilities' needs nothing beyond what 'scores' needs"):
        halves(whole, "scores", "probabilities")


@pytest.mark.parametrize("design", SHARED)
def test_memory_that_is_used_again_mixes_no_frames_up(
    tmp_path: Path, random_bundle: Path, design: Design
) -> None:
    found = load_inspector(shared_bundle(tmp_path / design, random_bundle, design, 0.0), threads=1)
    frames = [noisy_pixels(found.card, seed) for seed in range(8)]
    alone = [found.segment([frame], [Gated(score=1.0)])[0] for frame in frames]
    held = found.gate(frames[:4])
    for first in (4, 6, 4, 6):  # meanwhile others come and go
        batch = frames[first : first + 2]
        assert found.segment(batch, found.gate(batch)) == alone[first : first + 2]
    assert found.segment(frames[:4], held) == alone[:4]
    assert any(alone)


def test_memory_is_used_again_and_what_lies_unused_is_bounded(random_bundle: Path) -> None:
    found = load_inspector(random_bundle, threads=1, preset="accurate", design="shared_backbone")
    assert isinstance(found, SharedBackboneOpenVino)
    frames = [noisy_pixels(load_card(random_bundle), 0)] * 3
    unseen = [Gated(score=1.0)] * 3
    for _ in range(3):
        found.segment(frames, unseen)
        assert len(found._first._spare) == 3


def test_memory_that_comes_back_is_handed_out_again_up_to_a_bound() -> None:
    spare = SpareArrays([((2,), np.dtype(np.float64))], most_bytes=40)  # a set has 16
    sets = [spare.take() for _ in range(3)]
    for one in sets:
        spare.give_back(one)
    assert len(spare) == 2, "the third was too many"
    assert spare.take()[0] is sets[1][0]
    assert spare.take()[0] is sets[0][0]
    assert spare.take()[0].shape == (2,)
