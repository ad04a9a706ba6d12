"""How the gate scored frames of known truth, by the bundle's card: what drift is held against."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from model.card import Card
from monitoring.catalogue import SCORE_BUCKETS, TRUTH
from monitoring.worker_metrics import WorkerMetrics

log = logging.getLogger(__name__)

_BINS = len(SCORE_BUCKETS)


class _Scores(BaseModel):
    """Held-out frames of one truth; what else the card says of them is its own."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    n: int = Field(ge=1)
    histogram: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=_BINS, max_length=_BINS)]

    @model_validator(mode="after")
    def _sums(self) -> _Scores:
        if sum(self.histogram) != self.n:
            raise ValueError(f"the histogram holds {sum(self.histogram)} frames of {self.n}")
        return self


def show_expected_scores(metrics: WorkerMetrics, card: Card, preset: str) -> None:
    """Into the metrics. Without any when the card has none; when it can't be read, with one warning."""
    stated = card.score_distribution.get(preset)
    if stated is None:
        return
    try:
        found = _read(stated)
    except ValueError as wrong:
        log.warning(
            "the card's score_distribution can't be read: the gate's scores are held against nothing",
            extra={"bundle": card.name, "preset": preset, "why": str(wrong)},
        )
        return
    for truth, scores in found.items():
        metrics.set_expected_scores(truth, scores.histogram)


def _read(stated: object) -> dict[str, _Scores]:
    """Of every truth; drift is judged by all of them. Raises ValueError."""
    if not isinstance(stated, Mapping):
        raise ValueError("it is no mapping")
    found = {}
    for truth in TRUTH.values:
        try:
            found[truth] = _Scores.model_validate(stated.get(truth))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in (truth, *first["loc"]))
            raise ValueError(f"{where}: {first['msg']}") from None
    return found
