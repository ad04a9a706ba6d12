from __future__ import annotations

from math import inf

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from local.observing.stages import LATENCY, STAGE_LATENCY, WHOLE, quantile, stage_table
from monitoring import catalogue
from monitoring.worker_metrics import WorkerMetrics


def _metrics(*frames_s: tuple[float, ...]) -> str:
    registry = CollectorRegistry()
    metrics = WorkerMetrics(registry)
    for number, stages_s in enumerate(frames_s):
        metrics.observe_frame(metrics.camera(f"line-{number}", "top"), stages_s, sum(stages_s))
    return generate_latest(registry).decode()


def test_the_names_are_those_of_the_catalogue() -> None:
    assert (catalogue.STAGE_LATENCY.name, catalogue.LATENCY.name) == (STAGE_LATENCY, LATENCY)


def test_stages_come_in_their_order_and_sum_to_the_whole_of_all_lines() -> None:
    table = stage_table(_metrics((1, 2, 3, 4, 5, 6, 7), (0, 0, 0, 0, 0, 0, 0.5)))
    *stages, whole = table
    assert [stage.name for stage in stages] == list(catalogue.STAGES)
    assert whole.name == WHOLE
    assert {stage.frames for stage in table} == {2}
    assert sum(stage.mean_s for stage in stages) == pytest.approx(whole.mean_s)
    assert whole.mean_s == pytest.approx(14.25)
    assert 0.25 < whole.p50_s <= 0.5


def test_nothing_is_said_before_a_frame_is_counted() -> None:
    assert stage_table(_metrics()) == []
    assert stage_table("") == []


@pytest.mark.parametrize(
    ("buckets", "q", "expected"),
    [
        ([(1.0, 10.0), (2.0, 10.0), (inf, 10.0)], 0.5, 0.5),
        ([(1.0, 0.0), (2.0, 10.0), (inf, 10.0)], 0.5, 1.5),
        ([(1.0, 5.0), (2.0, 10.0), (inf, 10.0)], 0.95, 1.9),
        ([(1.0, 0.0), (2.0, 0.0), (inf, 10.0)], 0.5, 2.0),
    ],
    ids=["first bucket", "second bucket", "between", "beyond the last edge"],
)
def test_a_quantile_lies_linear_in_its_bucket(
    buckets: list[tuple[float, float]], q: float, expected: float
) -> None:
    assert quantile(buckets, q) == pytest.approx(expected)
