"""The rival: plain autocorrelation of each lane's event train, as textbooks have it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consumer.coils.facts import Sighting
from tests.support.marked_strips import WIDTH_MM

BIN_MM = 50.0
LANE_MM = 24.0


class Peak(NamedTuple):
    """The strongest lag of all lanes: how many standard deviations above chance, and where."""

    score: float
    period_mm: float


def autocorrelation(
    sightings: list[Sighting], length_mm: float, period_mm: tuple[float, float], jitter: float
) -> Peak:
    """Counts pairs of events a lag apart, in windows of +-2 jitter (of a spacing's standard deviation).

    A lane's n events put n (n - 1) / 2 pairs at random lags; the score is (pairs - expected) divided by
    sqrt(expected), with at least one expected (two pairs in a lane of three events are no proof). The lanes
    overlap by half as those of the search. It is told the true jitter, and its threshold is set on coils
    without marks of the very same density and length: more than it could know at a line.
    """
    lags, counts, events = _lane_pairs(sightings, length_mm, period_mm)
    reach = np.maximum(1, np.rint(2 * np.sqrt(2) * jitter * lags)).astype(int)
    summed = np.concatenate([np.zeros((len(counts), 1)), np.cumsum(counts, axis=1)], axis=1)
    last = counts.shape[1]
    low, high = np.maximum(lags - reach, 0), np.minimum(lags + reach + 1, last)
    pairs = summed[:, high] - summed[:, low]
    bins = length_mm / BIN_MM
    share = 2 * np.maximum(bins - lags, 0) / bins**2 * (high - low)
    expected = np.maximum(events[:, None] * (events[:, None] - 1) / 2 * share, 1.0)
    scores = (pairs - expected) / np.sqrt(expected)
    lane, column = np.unravel_index(int(np.argmax(scores)), scores.shape)
    span = np.arange(low[column], high[column])
    weight = counts[lane, span]
    centre = float(np.average(span, weights=weight)) if weight.sum() > 0 else float(lags[column])
    return Peak(float(scores[lane, column]), centre * BIN_MM)


def _lane_pairs(
    sightings: list[Sighting], length_mm: float, period_mm: tuple[float, float]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """The lags in bins, each lane's pairs at each lag from 0, and its events."""
    along = np.array([each.along_mm for each in sightings])
    across = np.array([each.across_mm for each in sightings])
    half = np.floor(across / (LANE_MM / 2)).astype(int)
    bins = int(length_mm / BIN_MM) + 1
    size = 1 << int(np.ceil(np.log2(2 * bins)))
    trains = np.zeros((int(WIDTH_MM / (LANE_MM / 2)) + 3, size))
    column = np.clip(along / BIN_MM, 0, bins - 1).astype(int)
    for lane in (half, half - 1):
        inside = (lane >= 0) & (lane < len(trains))
        np.add.at(trains, (lane[inside], column[inside]), 1)
    trains = trains[trains.sum(axis=1) >= 3] if (trains.sum(axis=1) >= 3).any() else trains[:1]
    pairs = np.fft.irfft(np.abs(np.fft.rfft(trains)) ** 2)[:, :bins]
    least, most = (int(each / BIN_MM) for each in period_mm)
    lags = np.arange(least, min(most, bins - 1) + 1)
    return lags, np.rint(pairs), trains.sum(axis=1)
