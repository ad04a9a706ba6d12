"""What a worker counts, read back through the registry it was given."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.exposition import generate_latest

from contracts.results import Fate
from monitoring.bounded import MOST_CLASSES
from monitoring.catalogue import METRICS, STAGES
from monitoring.worker_metrics import WorkerMetrics
from tests.support.samples import series, summed

STAGES_S = (0.5, 0.002, 0.25, 0.125, 0.0, 0.0, 0.0625)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> WorkerMetrics:
    return WorkerMetrics(registry)


def stage_sum(registry: CollectorRegistry, stage: str) -> float:
    seconds = registry.get_sample_value("coilwatch_stage_latency_seconds_sum", {"stage": stage})
    assert seconds is not None
    return seconds


def test_registers_the_whole_catalogue_and_nothing_else(
    registry: CollectorRegistry, metrics: WorkerMetrics
) -> None:
    families = {family.name: family.type for family in registry.collect()}
    assert families == {metric.name.removesuffix("_total"): metric.kind for metric in METRICS}


def test_registers_nothing_globally(metrics: WorkerMetrics) -> None:
    assert b"coilwatch_" not in generate_latest(REGISTRY)


def test_two_workers_in_one_process_do_not_meet(metrics: WorkerMetrics) -> None:
    other = CollectorRegistry()
    WorkerMetrics(other).holds.inc()
    metrics.holds.inc(5)
    assert other.get_sample_value("coilwatch_holds_total") == 1


def test_closed_labels_exist_at_zero_from_the_start(
    registry: CollectorRegistry, metrics: WorkerMetrics
) -> None:
    labels = {"model": "segmenter", "reason": "slack"}
    assert registry.get_sample_value("coilwatch_batches_total", labels) == 0


def test_stages_sum_to_the_whole(registry: CollectorRegistry, metrics: WorkerMetrics) -> None:
    for _ in range(3):
        metrics.observe_frame(metrics.camera(), STAGES_S, sum(STAGES_S))
    whole = summed(registry, "coilwatch_latency_seconds_sum")
    assert whole == pytest.approx(3 * sum(STAGES_S))
    assert sum(stage_sum(registry, stage) for stage in STAGES) == pytest.approx(whole)
    assert stage_sum(registry, "gate_wait") == 0.75
    for stage in STAGES:
        assert registry.get_sample_value("coilwatch_stage_latency_seconds_count", {"stage": stage}) == 3


def test_a_camera_clock_ahead_of_ours_lowers_no_sum(
    registry: CollectorRegistry, metrics: WorkerMetrics
) -> None:
    stages_s = (-2.0, *STAGES_S[1:])
    metrics.observe_frame(metrics.camera(), stages_s, sum(stages_s))
    assert stage_sum(registry, "queue") == 0
    assert summed(registry, "coilwatch_latency_seconds_sum") == pytest.approx(sum(STAGES_S[1:]))
    assert registry.get_sample_value("coilwatch_skewed_frames_total") == 1


def test_a_missing_stage_is_refused(metrics: WorkerMetrics) -> None:
    with pytest.raises(ValueError, match="shorter"):
        metrics.observe_frame(metrics.camera(), STAGES_S[:-1], 1.0)


def test_a_frame_on_the_deadline_is_in_time(registry: CollectorRegistry, metrics: WorkerMetrics) -> None:
    latency = metrics.camera("line-1", "top").latency
    latency.observe(300.0)
    latency.observe(300.001)
    edge = {"line": "line-1", "le": "300.0"}
    assert registry.get_sample_value("coilwatch_latency_seconds_bucket", edge) == 1
    assert registry.get_sample_value("coilwatch_latency_seconds_count", {"line": "line-1"}) == 2


def test_a_camera_is_there_at_zero_once_it_is_seen(registry: CollectorRegistry) -> None:
    metrics = WorkerMetrics(registry)
    metrics.set_classes({1: "pit", 2: "crack"})
    assert not [s for s in series(registry) if "line" in s.labels]
    metrics.camera("line-1", "top")
    place = {"line": "line-1", "camera": "top"}
    for fate in Fate:
        assert registry.get_sample_value("coilwatch_frames_total", {**place, "fate": fate}) == 0
    for name in ("pit", "crack"):
        labels = {**place, "class": name}
        assert registry.get_sample_value("coilwatch_frames_with_class_total", labels) == 0


def test_a_frame_counts_once_in_each_of_its_classes(registry: CollectorRegistry) -> None:
    metrics = WorkerMetrics(registry)
    metrics.set_classes({1: "pit", 2: "crack", 3: "scratch"})
    metrics.camera("line-1", "top").count_classes([2, 1, 2])
    metrics.camera("line-1", "top").count_classes([2])
    found = [
        summed(registry, "coilwatch_frames_with_class_total", **{"class": name})
        for name in ("pit", "crack", "scratch")
    ]
    assert found == [1, 2, 0]


def test_classes_beyond_the_bound_are_counted_together(registry: CollectorRegistry) -> None:
    metrics = WorkerMetrics(registry)
    metrics.set_classes({class_id: f"class-{class_id}" for class_id in range(1, 100)})
    metrics.camera().count_classes(range(1, 100))
    names = [s.labels["class"] for s in series(registry) if "class" in s.labels]
    assert (len(names), len(set(names))) == (MOST_CLASSES + 1, MOST_CLASSES + 1)
    assert summed(registry, "coilwatch_frames_with_class_total", **{"class": "other"}) == 99 - MOST_CLASSES


def test_expected_scores_are_shares_up_to_each_edge(
    registry: CollectorRegistry, metrics: WorkerMetrics
) -> None:
    assert not [s for s in series(registry) if s.name.startswith("coilwatch_gate_score_expected")]
    metrics.set_expected_scores("clean", [3, 1, *[0] * 17, 4])
    shares = [
        registry.get_sample_value("coilwatch_gate_score_expected_share", {"truth": "clean", "le": edge})
        for edge in ("0.05", "0.1", "0.95", "1.0")
    ]
    assert shares == [0.375, 0.5, 0.5, 1.0]
    assert registry.get_sample_value("coilwatch_gate_score_expected_frames", {"truth": "clean"}) == 8


def test_a_batch_is_counted_with_why_it_left(registry: CollectorRegistry, metrics: WorkerMetrics) -> None:
    metrics.observe_batch("gate", 8, "full")
    metrics.observe_batch("gate", 3, "max_wait")
    full = {"model": "gate", "reason": "full"}
    assert registry.get_sample_value("coilwatch_batches_total", full) == 1
    assert registry.get_sample_value("coilwatch_batch_frames_sum", {"model": "gate"}) == 11


def test_lag_goes_with_its_partition(registry: CollectorRegistry, metrics: WorkerMetrics) -> None:
    metrics.set_end(3, 140, fetched_to=100)
    metrics.set_end(4, 12, fetched_to=10)
    metrics.forget_lag(3)
    metrics.forget_lag(7)  # never reported: a partition revoked before its first lag
    assert registry.get_sample_value("coilwatch_lag_frames", {"partition": "3"}) is None
    assert registry.get_sample_value("coilwatch_lag_frames", {"partition": "4"}) == 2


def test_lag_is_the_end_less_the_commit_position(registry: CollectorRegistry, metrics: WorkerMetrics) -> None:
    def lag() -> float | None:
        return registry.get_sample_value("coilwatch_lag_frames", {"partition": "3"})

    metrics.set_position(3, 90)
    assert lag() is None
    metrics.set_end(3, 140, fetched_to=130)
    assert lag() == 50
    metrics.set_position(3, 120)
    assert lag() == 20
    metrics.set_position(3, 150)  # the end is known a moment later
    assert lag() == 0


def test_a_partition_that_comes_back_starts_anew(registry: CollectorRegistry, metrics: WorkerMetrics) -> None:
    metrics.set_position(3, 90)
    metrics.set_end(3, 100, fetched_to=95)
    metrics.forget_lag(3)
    metrics.set_end(3, 100, fetched_to=98)
    assert registry.get_sample_value("coilwatch_lag_frames", {"partition": "3"}) == 2


def test_the_bundle_is_named(registry: CollectorRegistry, metrics: WorkerMetrics) -> None:
    metrics.set_bundle("synthetic", "0123456789ab")
    labels = {"name": "synthetic", "version": "0123456789ab"}
    assert registry.get_sample_value("coilwatch_bundle_info", labels) == 1
