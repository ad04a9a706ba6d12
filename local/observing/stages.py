"""Where a frame's latency goes: the stage table out of a worker's `/metrics`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf, isinf

from prometheus_client.parser import text_string_to_metric_families

STAGE_LATENCY = "coilwatch_stage_latency_seconds"
LATENCY = "coilwatch_latency_seconds"
WHOLE = "whole"
"""The row of the latency itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of the way, or the whole of it."""

    name: str
    frames: int
    mean_s: float
    p50_s: float
    p95_s: float


@dataclass(slots=True)
class _Histogram:
    count: int = 0
    sum_s: float = 0.0
    at_most: defaultdict[float, float] = field(default_factory=lambda: defaultdict(float))
    """Frames up to each upper edge."""

    @property
    def buckets(self) -> list[tuple[float, float]]:
        """Edge and frames up to it, ascending."""
        return sorted(self.at_most.items())


def stage_table(metrics: str) -> list[Stage]:
    """The stages in the worker's order, then the whole; empty while no frame is counted."""
    histograms = _histograms(metrics)
    return [
        Stage(
            name=name,
            frames=histogram.count,
            mean_s=histogram.sum_s / histogram.count,
            p50_s=quantile(histogram.buckets, 0.50),
            p95_s=quantile(histogram.buckets, 0.95),
        )
        for name, histogram in histograms.items()
        if histogram.count
    ]


def quantile(buckets: Sequence[tuple[float, float]], q: float) -> float:
    """Linear within its bucket, as PromQL's histogram_quantile; the last finite edge when it lies beyond."""
    rank = q * buckets[-1][1]
    edge_below, frames_below = 0.0, 0.0
    for edge, frames in buckets:
        if frames >= rank:
            if isinf(edge):
                return edge_below
            inside = frames - frames_below
            return edge_below + (edge - edge_below) * (rank - frames_below) / inside if inside else edge
        edge_below, frames_below = edge, frames
    return edge_below


def _histograms(metrics: str) -> dict[str, _Histogram]:
    """By stage; the latency itself is summed over the lines."""
    stages: dict[str, _Histogram] = {}
    whole: dict[str, _Histogram] = {}
    for family in text_string_to_metric_families(metrics):
        if family.name not in (STAGE_LATENCY, LATENCY):
            continue
        rows = stages if family.name == STAGE_LATENCY else whole
        for sample in family.samples:
            row = rows.setdefault(sample.labels.get("stage", WHOLE), _Histogram())
            if sample.name.endswith("_bucket"):
                edge = sample.labels["le"]
                row.at_most[inf if edge == "+Inf" else float(edge)] += sample.value
            elif sample.name.endswith("_count"):
                row.count += round(sample.value)
            elif sample.name.endswith("_sum"):
                row.sum_s += sample.value
    return stages | whole
