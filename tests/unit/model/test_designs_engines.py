"""Every design on every engine says what its parts say alone, and runs each part as often as it should."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
import torch

from model.bundle import BUNDLES, SEGMENTER_GRAPH, find, load_card
from model.card import Design
from model.engines.core import runtime
from model.engines.cuts import cut, halves
from model.engines.openvino import OpenVinoInspector
from model.engines.requests import COMPILE_SETTINGS
from model.engines.shared import SharedInspector
from model.engines.shared_torch import SharedTorchInspector
from model.inspector import Gated, Inspector
from model.load import ENGINES, load_inspector, torch_nets
from tests.support.bundles import noisy_pixels
from tests.support.shared_bundles import shared_bundle

SHARED: tuple[Design, ...] = ("shared_backbone", "two_head")
FRAMES = 9

FUSED = 1e-5
"""fp32: the whole graph may fuse two operations between which its halves are cut. Int8 has the same bits."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, random_bundle: Path) -> dict[Design, Path]:
    """The same segmenter as a bundle of each design; every second frame or so passes."""
    scores = [
        g.score
        for g in load_inspector(random_bundle, threads=1, preset="accurate").gate(frames_of(random_bundle))
    ]
    threshold = float(np.median(scores))
    place = tmp_path_factory.mktemp("designs")
    return {design: shared_bundle(place / design, random_bundle, design, threshold) for design in SHARED}


def frames_of(folder: Path) -> list[np.ndarray]:
    return [noisy_pixels(load_card(folder), seed) for seed in range(FRAMES)]


@pytest.fixture(params=[(engine, design) for engine in ENGINES for design in SHARED], ids="-".join)
def inspector(request: pytest.FixtureRequest, folders: dict[Design, Path]) -> SharedInspector:
    engine, design = request.param
    found = load_inspector(folders[design], engine=engine, threads=2)
    assert isinstance(found, SharedInspector)
    return found


def whole(folder: Path, engine: str) -> tuple[np.ndarray, np.ndarray]:
    """(N,) scores and (N, classes, h, w) probabilities of the segmenter run alone, as one network."""
    frames = frames_of(folder)
    segmenter = torch_nets(folder, load_card(folder)).segmenter.eval()
    if engine == "torch":
        with torch.inference_mode():
            said = [segmenter(torch.from_numpy(frame)[None, None]) for frame in frames]
        return np.array([float(s) for _, s in said]), np.concatenate([p.numpy() for p, _ in said])
    from model.engines.conversion import to_openvino

    graph = (
        runtime().read_model(folder / SEGMENTER_GRAPH)
        if engine == "openvino"
        else to_openvino(segmenter, load_card(folder).input, "probabilities", "scores")
    )
    compiled = runtime().compile_model(graph, "CPU", COMPILE_SETTINGS)
    outs = [compiled(frame[None, None]) for frame in frames]
    return (
        np.array([float(out["scores"][0]) for out in outs]),
        np.concatenate([np.array(out["probabilities"]) for out in outs]),
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("design", SHARED)
def test_scores_and_probabilities_are_those_of_the_parts_alone(
    folders: dict[Design, Path], engine: str, design: Design
) -> None:
    folder = folders[design]
    frames = frames_of(folder)
    found = load_inspector(folder, engine=engine, threads=2)
    scores, probabilities = whole(folder, engine)
    assert np.ptp(scores) > 0.1

    np.testing.assert_allclose([g.score for g in found.gate(frames)], scores, rtol=0, atol=FUSED)
    np.testing.assert_allclose(np.stack(found.probabilities(frames)), probabilities, rtol=0, atol=FUSED)


def test_masks_are_the_same_from_what_was_kept_as_from_the_frame(inspector: SharedInspector) -> None:
    frames = [noisy_pixels(inspector.card, seed) for seed in range(FRAMES)]
    gated = inspector.gate(frames)
    threshold = inspector.point.gate_threshold
    passed = [i for i, word in enumerate(gated) if word.score >= threshold]
    assert 0 < len(passed) < FRAMES
    assert [word.kept is not None for word in gated] == [word.score >= threshold for word in gated]

    again = inspector.segment(frames, [Gated(score=1.0)] * FRAMES)
    # Some kept, some not, in another order: each frame gets its own.
    order = passed[::-1] + [i for i in range(FRAMES) if i not in passed]
    mixed = inspector.segment([frames[i] for i in order], [gated[i] for i in order])

    assert mixed == [again[i] for i in order]
    assert any(mixed)
    # What was kept is used up, and the frame is simply seen again.
    assert inspector.segment([frames[passed[0]]], [gated[passed[0]]]) == [again[passed[0]]]


def test_a_frame_does_not_depend_on_its_neighbours(inspector: SharedInspector) -> None:
    frames = [noisy_pixels(inspector.card, seed) for seed in range(FRAMES)]
    together = inspector.inspect(frames)
    assert together == [inspector.inspect([frame])[0] for frame in frames]
    assert together[::-1] == inspector.inspect(frames[::-1])
    assert {result.defective for result in together} == {True, False}


def test_what_another_inspector_kept_is_not_taken_for_ones_own(
    folders: dict[Design, Path], inspector: SharedInspector
) -> None:
    frames = frames_of(folders["two_head"])
    other = load_inspector(folders["two_head"], threads=1)
    found = inspector.segment(frames, other.gate(frames))
    assert found == inspector.segment(frames, inspector.gate(frames))


def test_as_many_words_of_the_gate_as_frames(inspector: Inspector) -> None:
    assert inspector.inspect([]) == []
    with pytest.raises(ValueError, match="1 frames to segment, and the gate's word on 0"):
        inspector.segment([noisy_pixels(inspector.card, 0)], [])
    with pytest.raises(ValueError, match="the networks take uint8"):
        inspector.gate([np.zeros((3, 3), np.uint8)])


@pytest.mark.parametrize("design", SHARED)
@pytest.mark.parametrize("engine", ["openvino", "openvino-fp32"])
def test_openvino_runs_the_encoder_once_a_frame(
    folders: dict[Design, Path], engine: str, design: Design
) -> None:
    found = load_inspector(folders[design], engine=engine, threads=2)
    first, second = found._first, getattr(found, "_second", None)  # type: ignore[attr-defined]
    results = found.inspect(frames_of(folders[design]))
    passed = sum(result.defective for result in results)

    assert first.inferences == FRAMES
    assert (second.inferences if second else None) == (passed if design == "shared_backbone" else None)
    found.segment(frames_of(folders[design])[:2], [Gated(score=1.0)] * 2)
    assert first.inferences == FRAMES + 2, "what was not gated here is seen now"


@pytest.mark.parametrize(("design", "decodes_all"), [("shared_backbone", False), ("two_head", True)])
def test_torch_runs_the_encoder_once_a_frame(
    folders: dict[Design, Path], design: Design, decodes_all: bool
) -> None:
    """Counted in the modules themselves."""
    folder = folders[design]
    card = load_card(folder)
    segmenter = torch_nets(folder, card).segmenter
    calls = {"encoder": 0, "decoder": 0}
    for part in calls:
        getattr(segmenter, part).register_forward_hook(
            lambda _, given, said, part=part: calls.__setitem__(part, calls[part] + 1)
        )
    found = SharedTorchInspector(
        card=card,
        point=card.presets["line"].operating_points["plant"],
        segmenter=segmenter,
        design=design,
        device=torch.device("cpu"),
    )
    results = found.inspect(frames_of(folder))
    passed = sum(result.defective for result in results)
    assert 0 < passed < FRAMES
    assert calls == {"encoder": FRAMES, "decoder": FRAMES if decodes_all else passed}


@pytest.mark.parametrize("design", SHARED)
def test_torch_pads_without_changing_results(folders: dict[Design, Path], design: Design) -> None:
    card = load_card(folders[design])
    built = [
        SharedTorchInspector(
            card=card,
            point=card.presets["line"].operating_points["plant"],
            segmenter=torch_nets(folders[design], card).segmenter,
            design=design,
            device=torch.device("cpu"),
            buckets=buckets,
        )
        for buckets in ((1,), (2, 4))
    ]
    built[1].warm_up()
    frames = frames_of(folders[design])
    (scores, masks), (others, other_masks) = (
        ([g.score for g in one.gate(frames)], np.stack(one.probabilities(frames))) for one in built
    )
    np.testing.assert_allclose(scores, others, rtol=0, atol=1e-4)
    np.testing.assert_allclose(masks, other_masks, rtol=0, atol=1e-3)


@pytest.mark.parametrize("name", sorted(card.parent.name for card in BUNDLES.glob("*/card.json")))
def test_the_halves_of_a_shipped_graph_have_its_bits_and_only_the_first_has_its_encoder(name: str) -> None:
    graph = runtime().read_model(find(name) / SEGMENTER_GRAPH)
    parts = halves(graph, "scores", "probabilities")
    first, second, scores, masks = (
        convolutions(one)
        for one in (parts.first, parts.second, cut(graph, "scores"), cut(graph, "probabilities"))
    )
    assert first == scores
    assert not first & second
    assert second == masks - scores

    whole, begins, ends = (
        runtime().compile_model(one, "CPU", COMPILE_SETTINGS) for one in (graph, parts.first, parts.second)
    )
    frame = noisy_pixels(load_card(find(name)), 5)[None, None]
    expected = whole(frame)
    score, *kept = begins(frame).values()
    (probabilities,) = ends(dict(enumerate(kept))).values()
    np.testing.assert_array_equal(score, expected["scores"])
    np.testing.assert_array_equal(probabilities, expected["probabilities"])
    assert np.ptp(probabilities) > 0


@pytest.mark.parametrize("name", sorted(card.parent.name for card in BUNDLES.glob("*/card.json")))
@pytest.mark.parametrize("design", SHARED)
def test_a_shipped_bundle_says_the_same_by_any_design(name: str, design: Design) -> None:
    """To the bit, beside the encoder run once to score and once more to segment, as it was before."""
    folder = find(name)
    card = load_card(folder)
    preset = next((name for name, each in card.presets.items() if each.gate == "segmenter"), None)
    if preset is None:
        pytest.skip(f"{name} has no preset that its segmenter scores")
    graph = runtime().read_model(folder / SEGMENTER_GRAPH)
    frames = [noisy_pixels(card, seed) for seed in range(3)]
    found = load_inspector(folder, threads=1, preset=preset, design=design)
    twice = OpenVinoInspector(card=card, point=found.point, gate=graph, segmenter=graph, threads=1)
    passed = [Gated(score=1.0)] * 3
    assert found.gate(frames) == twice.gate(frames)
    np.testing.assert_array_equal(found.probabilities(frames), twice.probabilities(frames))
    assert found.segment(frames, passed) == twice.segment(frames, passed)


def convolutions(graph: ov.Model) -> set[str]:
    return {op.get_friendly_name() for op in graph.get_ops() if "Convolution" in op.get_type_name()}
