"""The card's gate scores as metrics: what is on it, or nothing and a word in the log."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from consumer.score_reference import show_expected_scores
from model.bundle import find, load_card
from monitoring.catalogue import GATE_SCORE_EXPECTED_FRAMES, GATE_SCORE_EXPECTED_SHARE
from monitoring.worker_metrics import WorkerMetrics
from tests.support.line import CARD
from tests.support.samples import series

CLEAN = {"n": 8, "deciles": [0.0], "histogram": [3, 1, *[0] * 17, 4]}
DEFECTIVE = {"n": 2, "deciles": [1.0], "histogram": [*[0] * 19, 2]}


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> WorkerMetrics:
    return WorkerMetrics(registry)


def expected(registry: CollectorRegistry) -> list[str]:
    return [s.name for s in series(registry) if s.name.startswith("coilwatch_gate_score_expected")]


def card(distribution: dict[str, Any]) -> Any:
    return CARD.model_copy(update={"score_distribution": distribution})


def test_each_truth_of_the_preset_that_is_served(registry: CollectorRegistry, metrics: WorkerMetrics) -> None:
    other = {"clean": DEFECTIVE, "defective": CLEAN}
    stated = {"frames": "fold 0", "accurate": other, "line": {"clean": CLEAN, "defective": DEFECTIVE}}
    show_expected_scores(metrics, card(stated), "line")
    share, frames = GATE_SCORE_EXPECTED_SHARE.name, GATE_SCORE_EXPECTED_FRAMES.name
    assert registry.get_sample_value(frames, {"truth": "clean"}) == 8
    assert registry.get_sample_value(frames, {"truth": "defective"}) == 2
    assert registry.get_sample_value(share, {"truth": "clean", "le": "0.95"}) == 0.5
    assert registry.get_sample_value(share, {"truth": "defective", "le": "0.95"}) == 0
    assert registry.get_sample_value(share, {"truth": "defective", "le": "1.0"}) == 1


@pytest.mark.parametrize("bundle", ["synthetic", "severstal"])
def test_the_shipped_bundles_have_theirs(
    registry: CollectorRegistry, metrics: WorkerMetrics, bundle: str
) -> None:
    shipped = load_card(find(bundle))
    for preset in shipped.presets:
        show_expected_scores(metrics, shipped, preset)
        assert len(expected(registry)) == 2 * 20 + 2


@pytest.mark.parametrize("stated", [{}, {"accurate": {"clean": CLEAN}}], ids=["none", "another preset's"])
def test_without_any_there_are_no_series_and_no_word(
    registry: CollectorRegistry,
    metrics: WorkerMetrics,
    caplog: pytest.LogCaptureFixture,
    stated: dict[str, Any],
) -> None:
    show_expected_scores(metrics, card(stated), "line")
    assert expected(registry) == []
    assert caplog.records == []


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        ("soon", "it is no mapping"),
        ({"clean": CLEAN}, "defective: "),
        ({"clean": CLEAN, "defective": [1, 2]}, "defective: "),
        ({"clean": CLEAN, "defective": {**DEFECTIVE, "histogram": [2]}}, "defective.histogram: "),
        ({"clean": CLEAN, "defective": {**DEFECTIVE, "histogram": ["2", *[0] * 19]}}, "defective.histogram"),
        (
            {"clean": CLEAN, "defective": {**DEFECTIVE, "histogram": [-1, 3, *[0] * 18]}},
            "defective.histogram",
        ),
        ({"clean": CLEAN, "defective": {**DEFECTIVE, "n": 3}}, "holds 2 frames of 3"),
        ({"clean": {"n": 0, "histogram": [0] * 20}, "defective": DEFECTIVE}, "clean.n: "),
    ],
    ids=["text", "one truth", "a list", "one bin", "words", "below zero", "a wrong sum", "no frames"],
)
def test_what_cannot_be_read_is_said_once_and_shown_never(
    registry: CollectorRegistry,
    metrics: WorkerMetrics,
    caplog: pytest.LogCaptureFixture,
    stated: object,
    why: str,
) -> None:
    show_expected_scores(metrics, card({"line": stated}), "line")
    assert expected(registry) == []
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert why in record.__dict__["why"]
