"""Both engines: what they promise as an Inspector, and that they say the same."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import openvino as ov
import pytest

from model import load
from model.bundle import BUNDLES, BundleRefused, find, load_card
from model.engines.core import runtime
from model.engines.openvino import OpenVinoInspector
from model.images import decode_grey
from model.inspector import Gated, Inspector
from model.regions import class_masks
from tests.support.bundles import (
    HEIGHT_PX,
    WIDTH_PX,
    Painted,
    failing_graph,
    level_graphs,
    noisy_pixels,
    painted_frame,
    whole_card,
    whole_point,
)

SCORE_TOLERANCE = 1e-4
"""fp32 against fp32: other orders of summation, nothing else (4e-6 seen)."""


def decoded(*defects: Painted) -> np.ndarray:
    return decode_grey(painted_frame(defects), width_px=WIDTH_PX, height_px=HEIGHT_PX, reduce=2)


SCAR = Painted(class_id=3, rows=(64, 128), cols=(800, 880))
SPOT = Painted(class_id=1, rows=(8, 24), cols=(1560, 1600))


@pytest.fixture(scope="module")
def inspector(level_bundle: Path) -> Inspector:
    built = load.load_inspector(level_bundle, engine="openvino", threads=2)
    built.warm_up()
    return built


def test_what_is_painted_is_found(inspector: Inspector) -> None:
    clean, scarred, both = inspector.inspect([decoded(), decoded(SCAR), decoded(SCAR, SPOT)])

    assert not clean.defective
    assert clean.regions == ()
    assert clean.gate_score < 0.01
    assert scarred.defective
    assert [(r.class_id, r.row_min, r.row_max, r.col_min, r.col_max) for r in scarred.regions] == [
        (3, 64, 127, 800, 879)
    ]
    assert [region.class_id for region in both.regions] == [1, 3]


def test_nothing_in_nothing_out(inspector: Inspector) -> None:
    assert inspector.inspect([]) == []
    assert inspector.gate([]) == []
    assert inspector.segment([], []) == []


def test_as_many_results_as_frames_in_their_order(inspector: Inspector) -> None:
    frames = [
        decoded(Painted(class_id=1 + i % 4, rows=(8 * i, 8 * i + 8), cols=(0, 80))) if i % 3 else decoded()
        for i in range(17)
    ]

    results = inspector.inspect(frames)

    assert [result.regions[0].row_min if result.regions else None for result in results] == [
        8 * i if i % 3 else None for i in range(17)
    ]


def test_the_gate_decides_at_its_threshold_inclusive(level_bundle: Path) -> None:
    card = load_card(level_bundle)
    (gated,) = load.load_inspector(level_bundle, threads=1).gate([decoded(SCAR)])
    at_score = whole_point(gate_threshold=gated.score)

    (result,) = OpenVinoInspector(card=card, point=at_score, **level_graphs(card), threads=1).inspect(
        [decoded(SCAR)]
    )

    assert result.defective


@pytest.mark.parametrize("bundle", ["level_bundle", "random_bundle"])
def test_a_result_depends_on_nothing_but_its_frame(bundle: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(bundle)
    card = load_card(folder)
    frames = [noisy_pixels(card, seed) for seed in range(9)]
    one, three = (load.load_inspector(folder, threads=threads) for threads in (1, 3))
    gated = [Gated(score=1.0)] * len(frames)

    alone = [(one.gate([frame])[0], one.segment([frame], gated[:1])[0]) for frame in frames]
    together = list(zip(three.gate(frames), three.segment(frames, gated), strict=True))
    backwards = list(zip(three.gate(frames[::-1]), three.segment(frames[::-1], gated), strict=True))[::-1]

    assert alone == together == backwards


@pytest.mark.parametrize("name", sorted(card.parent.name for card in BUNDLES.glob("*/card.json")))
def test_a_shipped_bundle_says_the_same_each_time_it_is_loaded_and_on_any_threads(name: str) -> None:
    """Real int8 graphs: with two streams OpenVINO 2026.4.1 compiled about every second one wrongly."""
    card = load_card(find(name))
    frames = [noisy_pixels(card, seed) for seed in range(3)]

    said = [probabilities_of(load.load_inspector(name, threads=threads), frames) for threads in (1, 2, 2, 3)]

    for again in said[1:]:
        np.testing.assert_array_equal(again, said[0])


def probabilities_of(inspector: Inspector, frames: list[np.ndarray]) -> np.ndarray:
    """The segmenter's own output, before thresholds hide small differences, and the gate's scores."""
    assert isinstance(inspector, OpenVinoInspector)
    probabilities = inspector.probabilities(frames)
    scores = [gated.score for gated in inspector.gate(frames)]
    return np.concatenate([np.ravel(probabilities), scores])


def test_frames_need_not_be_contiguous_and_are_not_changed(inspector: Inspector) -> None:
    frame = decoded(SCAR)
    view = np.asfortranarray(frame)
    before = frame.copy()

    assert inspector.inspect([view]) == inspector.inspect([frame])
    assert (frame == before).all()


def test_results_stay_when_the_engine_runs_on(inspector: Inspector) -> None:
    first = inspector.inspect([decoded(SCAR)])
    again = inspector.inspect([decoded(SPOT)] * 5 + [decoded(SCAR)])

    assert again[-1] == first[0]


@pytest.mark.parametrize(
    "frame",
    [np.zeros((128, 801), np.uint8), np.zeros((128, 800), np.float32), np.zeros((128, 800, 1), np.uint8)],
    ids=["wrong_size", "wrong_type", "wrong_rank"],
)
def test_a_frame_of_another_shape_is_a_mistake_and_harms_no_later_frame(
    inspector: Inspector, frame: np.ndarray
) -> None:
    with pytest.raises(ValueError, match="the networks take uint8"):
        inspector.gate([decoded(), frame])

    assert inspector.inspect([decoded(SCAR)])[0].defective


@pytest.mark.parametrize("failing", ["gate", "segmenter"])
def test_a_network_that_fails_raises(failing: str) -> None:
    card = whole_card(name="failing", width_px=320, height_px=64)
    output_name = {"gate": "scores", "segmenter": "probabilities"}[failing]
    graphs = level_graphs(card) | {failing: failing_graph(card, output_name)}
    inspector = OpenVinoInspector(card=card, point=whole_point(), **graphs, threads=1)
    frames = [noisy_pixels(card, seed) for seed in range(4)]

    run = {"gate": inspector.gate, "segmenter": lambda some: inspector.segment(some, [])}[failing]

    with pytest.raises(RuntimeError, match=f"the {failing} "):
        run(frames)


def test_warm_up_fails_when_a_network_does() -> None:
    card = whole_card(name="failing", width_px=320, height_px=64)
    graphs = level_graphs(card) | {"gate": failing_graph(card, "scores")}

    with pytest.raises(RuntimeError, match="the gate scored"):
        OpenVinoInspector(card=card, point=whole_point(), **graphs, threads=1).warm_up()


def test_other_threads_run_while_the_engine_does(inspector: Inspector) -> None:
    """The worker's owner thread polls Kafka meanwhile: the engine must not hold the interpreter."""
    frames = [decoded(SCAR)] * 40
    done = threading.Event()
    turns = 0

    def run() -> None:
        inspector.gate(frames)
        done.set()

    thread = threading.Thread(target=run)
    thread.start()
    while not done.is_set():
        turns += 1
    thread.join()

    assert turns > len(frames)


def test_a_graph_of_another_size_is_refused(level_bundle: Path) -> None:
    card = load_card(level_bundle)
    small = whole_card(name="small", width_px=320, height_px=64)

    with pytest.raises(ValueError, match="its card says"):
        OpenVinoInspector(card=card, point=whole_point(), **level_graphs(small), threads=1)


def test_unknown_engines_and_absent_files_are_refused_with_what_to_do(level_bundle: Path) -> None:
    with pytest.raises(
        BundleRefused, match=r"no engine 'onnx': choose one of openvino, openvino-fp32, torch"
    ):
        load.load_inspector(level_bundle, engine="onnx")
    with pytest.raises(BundleRefused, match=r"has no gate\.safetensors: export it again"):
        load.load_inspector(level_bundle, engine="torch", threads=1)
    with pytest.raises(ValueError, match="at least one thread"):
        load.load_inspector(level_bundle, threads=0)


@pytest.mark.parametrize("engine", ["torch", "openvino-fp32"])
def test_engines_agree_on_the_same_weights(random_bundle: Path, engine: str) -> None:
    card = load_card(random_bundle)
    frames = [noisy_pixels(card, seed) for seed in range(6)]
    passed = [Gated(score=1.0)] * len(frames)
    graphs, other = (
        load.load_inspector(random_bundle, engine=name, threads=2) for name in ("openvino", engine)
    )

    scores = [[gated.score for gated in built.gate(frames)] for built in (graphs, other)]
    assert np.ptp(scores[0]) > 0.1, "scores that do not differ between frames prove nothing"
    np.testing.assert_allclose(scores[0], scores[1], atol=SCORE_TOLERANCE)

    size = (card.input.height_px, card.input.width_px)
    for regions, others in zip(graphs.segment(frames, passed), other.segment(frames, passed), strict=True):
        masks, other_masks = class_masks(regions, *size), class_masks(others, *size)
        assert set(masks) == set(other_masks) != set()
        for class_id, mask in masks.items():
            assert (mask != other_masks[class_id]).mean() < 1e-3


def test_the_torch_engine_pads_without_changing_results(random_bundle: Path) -> None:
    import torch

    from model.engines.torch import TorchInspector
    from model.load import torch_nets

    card = load_card(random_bundle)
    gate, segmenter = torch_nets(random_bundle, card)
    padded = TorchInspector(
        card=card,
        point=whole_point(),
        gate=gate,
        segmenter=segmenter,
        device=torch.device("cpu"),
        buckets=(1, 2, 4),
    )
    padded.warm_up()
    frames = [noisy_pixels(card, seed) for seed in range(7)]  # a bucket of 4, and 3 frames padded to 4

    together = [gated.score for gated in padded.gate(frames)]
    alone = [padded.gate([frame])[0].score for frame in frames]

    np.testing.assert_allclose(together, alone, atol=SCORE_TOLERANCE)
    assert len(padded.segment(frames, [Gated(score=1.0)] * 7)) == 7


def test_the_cpu_engine_needs_no_torch(level_bundle: Path) -> None:
    """The base installation has none: a worker that imports it by accident would not start."""
    script = (
        "import sys; sys.modules['torch'] = None; sys.modules['nncf'] = None\n"
        "from model.load import load_inspector\n"
        f"load_inspector({str(level_bundle)!r}, engine='openvino', threads=1).warm_up()\n"
    )

    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


@pytest.mark.parametrize("engine", ["torch", "openvino-fp32"])
def test_without_torch_its_engines_say_what_to_install(random_bundle: Path, engine: str) -> None:
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "from model.bundle import BundleRefused\n"
        "from model.load import load_inspector\n"
        "try:\n"
        f"    load_inspector({str(random_bundle)!r}, engine={engine!r})\n"
        "except BundleRefused as refused:\n"
        "    print(refused)\n"
    )

    said = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=120
    )

    assert said.stdout.strip().endswith("is not installed: pip install 'coilwatch[torch]'")


def test_a_bundle_with_broken_graphs_is_refused(tmp_path: Path, level_bundle: Path) -> None:
    from model.bundle import GATE_GRAPH, write_bundle

    (tmp_path / "broken.xml").write_text("<net/>")
    (tmp_path / "broken.bin").write_bytes(b"")
    card = load_card(level_bundle)
    files = {name: level_bundle / name for name in card.files} | {
        GATE_GRAPH: tmp_path / "broken.xml",
    }
    broken = write_bundle(tmp_path / "broken", card, files)

    with pytest.raises(BundleRefused, match="cannot run on engine openvino"):
        load.load_inspector(broken, threads=1)


def test_the_engine_keeps_full_precision(level_bundle: Path) -> None:
    """A machine with bfloat16 would use it by default, and results would differ between machines."""
    from model.engines.requests import COMPILE_SETTINGS

    graph = level_graphs(load_card(level_bundle))["gate"]
    compiled = runtime().compile_model(graph, "CPU", COMPILE_SETTINGS)

    assert compiled.get_property("INFERENCE_PRECISION_HINT") == ov.Type.f32
    assert compiled.get_property("NUM_STREAMS") == 1
    assert compiled.get_property("INFERENCE_NUM_THREADS") == 1
