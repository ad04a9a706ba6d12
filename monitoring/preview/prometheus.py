"""Questions to a Prometheus over its HTTP API."""

from __future__ import annotations

import json
import math
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

TIMEOUT_S = 30.0


class NoAnswer(Exception):
    """One sentence for whoever runs the command."""


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when, in Unix seconds, and the least distance of two points."""

    start_s: float
    end_s: float
    step_s: float

    def with_step(self, step_s: float) -> Window:
        """The same time in coarser steps, on whole multiples of them as Grafana asks."""
        step_s = max(step_s, self.step_s)
        return Window(
            math.ceil(self.start_s / step_s) * step_s, math.floor(self.end_s / step_s) * step_s, step_s
        )

    def times(self) -> list[float]:
        """Every point that an answer can have."""
        count = int((self.end_s - self.start_s) / self.step_s + 1e-6) + 1
        return [self.start_s + index * self.step_s for index in range(count)]


@dataclass(frozen=True, slots=True)
class Series:
    """One answer: `values` at each time of the window, NaN where there is none; one value of an instant."""

    labels: Mapping[str, str]
    values: tuple[float, ...]


class Prometheus:
    """The API's two questions; raises NoAnswer."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def over(self, expr: str, window: Window) -> list[Series]:
        """The expression over a while."""
        times = window.times()
        found = self._ask(
            "query_range", query=expr, start=window.start_s, end=window.end_s, step=window.step_s
        )
        series = []
        for one in found:
            at = {
                round((float(t) - window.start_s) / window.step_s): float(value) for t, value in one["values"]
            }
            series.append(Series(one["metric"], tuple(at.get(i, math.nan) for i in range(len(times)))))
        return series

    def once(self, expr: str, at_s: float) -> list[Series]:
        """The expression at one time."""
        found = self._ask("query", query=expr, time=at_s)
        return [Series(one["metric"], (float(one["value"][1]),)) for one in found]

    def _ask(self, path: str, **asked: object) -> list[dict[str, Any]]:
        data = urllib.parse.urlencode(asked).encode()
        try:
            with urllib.request.urlopen(f"{self._url}/api/v1/{path}", data, timeout=TIMEOUT_S) as answer:
                result: list[dict[str, Any]] = json.load(answer)["data"]["result"]
                return result
        except urllib.error.HTTPError as refused:
            raise NoAnswer(f"{self._url} refused {asked['query']!r}: {_why(refused)}") from None
        except (OSError, HTTPException) as gone:
            why = getattr(gone, "reason", gone)
            raise NoAnswer(
                f"no Prometheus answers at {self._url} ({why}): start one with `make up`"
            ) from None
        except (ValueError, KeyError, TypeError):
            raise NoAnswer(f"what answers at {self._url} is no Prometheus") from None


def _why(refused: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(refused)["error"])
    except (ValueError, KeyError, TypeError):
        return str(refused)
