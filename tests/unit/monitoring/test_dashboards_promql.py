"""The checker of queries can refuse, and queries are written from metrics only as the metrics are."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitoring.catalogue import FRAMES, LAG_FRAMES, LATENCY, STAGE_LATENCY
from monitoring.dashboards.promql import mean, quantile, rate, series
from tests.support.promql import problems, recorded_names

RECORDED = {
    "coilwatch:lag:sum": ("sum(coilwatch_lag_frames)", frozenset[str]()),
    "coilwatch:latency:rate": ("sum by (line, le) (rate(coilwatch_latency_seconds_bucket[1m]))", frozenset()),
    "coilwatch:slow:share": ("sum by (line) (coilwatch_coils_open)", frozenset({"window"})),
}


@pytest.mark.parametrize(
    "query",
    [
        'sum by (fate) (rate(coilwatch_frames_total{line=~".*",fate!="clean"}[30s]))',
        "histogram_quantile(0.95, sum by (le) (rate(coilwatch_latency_seconds_bucket[30s])))",
        "histogram_quantile(0.95, sum without (instance) (rate(coilwatch_latency_seconds_bucket[30s])))",
        "histogram_quantile(0.5, coilwatch:latency:rate)",
        "sum by (stage) (rate(coilwatch_stage_latency_seconds_sum[1m]))"
        " / scalar(sum(rate(coilwatch_latency_seconds_count[1m])))",
        '(sum(up{job="worker"}) or vector(0)) == 0',
        "deriv(coilwatch_lag_frames[1m])",
        "coilwatch:lag:sum > 10",
        'coilwatch:slow:share{window="1h"}',
        "topk(3, coilwatch_lag_frames) > 5",
        'max by (instance) (up{job="worker"}) * on (instance) group_left (name) coilwatch_bundle_info',
        "coilwatch_lag_frames / on (instance) group_left () sum by (instance) (coilwatch_in_flight_frames)",
        'label_replace(up, "host", "$1", "instance", "(.*):.*")',
        "absent(coilwatch_worker_ready) == 1",
        "sum(increase(coilwatch_frames_total[5m])) > 0 and on () coilwatch:lag:sum == 0",
        "predict_linear(coilwatch_lag_frames[5m:15s], 60)",
        "time() - 60",
        "-coilwatch_rung",
    ],
)
def test_a_sound_query_passes(query: str) -> None:
    assert problems(query, RECORDED) == []


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("sum(", "no PromQL"),
        ("rate(coilwatch_frames_total)", "no PromQL"),
        ("coilwatch_latency_seconds", "nobody exposes coilwatch_latency_seconds"),
        ("coilwatch_frames", "nobody exposes coilwatch_frames"),
        ("coilwatch:unheard", "nobody exposes coilwatch:unheard"),
        ('coilwatch_frames_total{coil="7"}', "has no label coil"),
        ('coilwatch_frames_total{fate="cleen"}', "fate is never 'cleen'"),
        ('coilwatch_frames_total{fate=~"cleen|bad"}', "fate is never"),
        ('up{job="works"}', "job is never 'works'"),
        ("sum by (stage) (coilwatch_frames_total)", "grouped by stage"),
        ("sum by (fate) (sum by (line) (coilwatch_frames_total))", "grouped by fate"),
        ("sum without (stage) (coilwatch_frames_total)", "grouped by stage"),
        ("sum by (le) (coilwatch:lag:sum)", "grouped by le"),
        ("rate(coilwatch_rung[30s])", "rate() of a gauge"),
        ("increase(coilwatch_lag_frames[30s])", "increase() of a gauge"),
        ("deriv(coilwatch_frames_total[30s])", "deriv() of a counter"),
        ("histogram_quantile(0.9, sum(rate(coilwatch_latency_seconds_bucket[1m])))", "without le"),
        ("histogram_quantile(0.9, rate(coilwatch_latency_seconds_sum[1m]))", "no histogram's buckets"),
        ("histogram_quantile(0.9, max by (le) (coilwatch_latency_seconds_bucket))", "no histogram's buckets"),
        (
            "sum by (stage) (rate(coilwatch_stage_latency_seconds_sum[1m]))"
            " / sum(rate(coilwatch_latency_seconds_count[1m]))",
            "the sides never match",
        ),
        ("coilwatch_coils_open * on (fate) coilwatch_coils_running", "on (fate), which one side has not"),
        ("coilwatch_rung and coilwatch_coils_open", "the sides never match"),
    ],
)
def test_a_mistake_is_said(query: str, why: str) -> None:
    assert any(why in problem for problem in problems(query, RECORDED)), problems(query, RECORDED)


def test_recorded_names_are_read_with_their_labels(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yml"
    assert recorded_names(rules) == {}
    rules.write_text(
        "groups: [{name: a, rules: [{record: 'a:b', expr: up, labels: {x: y}}, {alert: C, expr: up}]}]",
        encoding="utf-8",
    )
    assert recorded_names(rules) == {"a:b": ("up", frozenset({"x"}))}


def test_a_query_is_filtered_by_what_its_metric_has() -> None:
    assert series(FRAMES, fate="clean") == (
        'coilwatch_frames_total{line=~"$line",camera=~"$camera",fate="clean"}'
    )
    assert series(FRAMES, fate="~clean|defective").endswith('fate=~"clean|defective"}')
    assert series(LAG_FRAMES) == "coilwatch_lag_frames"
    assert quantile(0.5, LATENCY) == (
        'histogram_quantile(0.5, sum by (le) (rate(coilwatch_latency_seconds_bucket{line=~"$line"}'
        "[$__rate_interval])))"
    )
    assert mean(STAGE_LATENCY, "stage").count("sum by (stage)") == 2


def test_a_label_that_a_metric_has_not_is_refused_when_it_is_written() -> None:
    with pytest.raises(ValueError, match="coilwatch_lag_frames has no label stage"):
        series(LAG_FRAMES, stage="gate")
    with pytest.raises(ValueError, match="is a histogram"):
        series(LATENCY)
    with pytest.raises(ValueError, match="is a counter"):
        rate(FRAMES, part="_bucket")
