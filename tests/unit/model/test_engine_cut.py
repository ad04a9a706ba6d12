"""One graph with two outputs serves two presets: a cut says the same bits and costs nothing for the rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
import pytest

from model.bundle import GATE_GRAPH, SEGMENTER_GRAPH, load_card
from model.engines.core import runtime
from model.engines.cuts import cut
from model.engines.requests import COMPILE_SETTINGS
from model.load import load_inspector
from tests.support.bundles import noisy_pixels


def run(graph: ov.Model, frame: np.ndarray) -> dict[str, np.ndarray]:
    said = runtime().compile_model(graph, "CPU", COMPILE_SETTINGS)(frame[None, None])
    return {name: np.array(said[output]) for output in said for name in output.get_names()}


def layers(graph: ov.Model) -> set[str]:
    return {op.get_friendly_name() for op in graph.get_ops()}


def read(folder: Path, name: str) -> ov.Model:
    return runtime().read_model(folder / name)


@pytest.mark.parametrize("output", ["probabilities", "scores"])
def test_a_cut_says_the_same_bits_as_the_whole(random_bundle: Path, output: str) -> None:
    frame = noisy_pixels(load_card(random_bundle), 3)
    whole = read(random_bundle, SEGMENTER_GRAPH)

    expected = run(whole, frame)
    (only,) = run(cut(whole, output), frame).values()

    assert set(expected) == {"probabilities", "scores"}
    np.testing.assert_array_equal(only.view(np.uint32), expected[output].view(np.uint32))


def test_what_an_output_does_not_need_is_gone(random_bundle: Path) -> None:
    whole = read(random_bundle, SEGMENTER_GRAPH)
    masks, scores = (layers(cut(whole, output)) for output in ("probabilities", "scores"))

    shared = masks & scores
    assert any("Convolution" in name or "convolution" in name for name in shared), "the encoder is in both"
    assert masks - shared, "the decoder is only in one"
    assert scores - shared, "the gate's head is only in the other"
    assert len(scores) < len(masks) < len(layers(whole))


def test_cutting_leaves_the_graph_whole(random_bundle: Path) -> None:
    whole = read(random_bundle, SEGMENTER_GRAPH)
    before = layers(whole)
    cut(whole, "scores")
    cut(whole, "probabilities")
    assert layers(whole) == before
    assert len(whole.outputs) == 2


def test_an_output_that_is_not_there_is_refused(random_bundle: Path) -> None:
    with pytest.raises(ValueError, match="no output 'probabilities'"):
        cut(read(random_bundle, GATE_GRAPH), "probabilities")


def test_both_presets_find_the_same_regions_and_score_by_their_own_gate(random_bundle: Path) -> None:
    frames = [noisy_pixels(load_card(random_bundle), seed) for seed in range(4)]
    line, accurate = (load_inspector(random_bundle, threads=1, preset=p) for p in ("line", "accurate"))
    gated = line.gate(frames)

    assert [g.score for g in gated] != [g.score for g in accurate.gate(frames)]
    assert line.segment(frames, gated) == accurate.segment(frames, gated)
