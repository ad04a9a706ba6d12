"""Whether the gate's scores still look as the bundle's card promises.

The card holds the scores of its held-out frames, clean and defective apart. A coil with more defects moves
the scores too, and is no drift; so what is observed, F(s) = the share of the last quarter of an hour's frames
with a score up to s, is compared with the nearest mix of the card's two kinds:

    w      the share of defective frames that explains the mean score; a mean in [0, 1] is 1 - the mean of F,
           so w = (mean F_clean - mean F) / (mean F_clean - mean F_defective), within 0 and 1
    drift  max over s of |F(s) - (w F_defective(s) + (1 - w) F_clean(s))|, a Kolmogorov-Smirnov distance
    limit  .1 + (1 - w) e(n_clean) + w e(n_defective), where e(n) = sqrt(ln(2 / .01) / (2 n)) is how far the
           card's own n frames may lie from the truth, with 99 % confidence (Dvoretzky, Kiefer and Wolfowitz
           1956, with Massart's constant 1990)

What was observed is of a thousand frames at least and adds little to that. A card with few frames has a wide
limit and sees little: with 13 clean ones e is .45. It is the card that must be better then, not the limit.
Workers that serve different bundles are compared with the mean of their cards.
"""

from __future__ import annotations

from math import log

from monitoring.catalogue import (
    GATE_SCORE,
    GATE_SCORE_EXPECTED_FRAMES,
    GATE_SCORE_EXPECTED_SHARE,
    SCORE_EDGE,
    TRUTH,
)
from monitoring.rules.promql import buckets, increase, observations, over_all, series, share, where
from monitoring.rules.rule import Alert, Condition, Record

WINDOW = "15m"
LEAST_FRAMES = 1000
TOLERATED = 0.1
CONFIDENCE = 0.99

_TERM = log(2 / (1 - CONFIDENCE)) / 2
_FRAMES = over_all("sum", increase(observations(GATE_SCORE), WINDOW))


def _expected(truth: str) -> str:
    return series(GATE_SCORE_EXPECTED_SHARE, where(TRUTH, truth))


def _error(truth: str) -> str:
    frames = over_all("min", series(GATE_SCORE_EXPECTED_FRAMES, where(TRUTH, truth)))
    return f"sqrt({_TERM:.4f} / {frames})"


OBSERVED = Record(
    name=f"coilwatch:gate_score:share_{WINDOW}",
    says=f"F: share of the last {WINDOW}'s frames with a gate score up to `le`",
    expr=share(
        over_all("sum", increase(buckets(GATE_SCORE), WINDOW), by=(SCORE_EDGE,)),
        _FRAMES,
        matching="on () group_left ()",
    ),
)

_MEAN_CLEAN, _MEAN_DEFECTIVE = (over_all("avg", _expected(truth)) for truth in ("clean", "defective"))
_F_CLEAN, _F_DEFECTIVE = (
    over_all("avg", _expected(truth), by=(SCORE_EDGE,)) for truth in ("clean", "defective")
)

DEFECTIVE_SHARE = Record(
    name="coilwatch:gate_score_defective_share",
    says="w: share of defective frames that explains the mean score, by the card",
    expr=(
        "clamp(\n"
        f'  ({_MEAN_CLEAN} - avg({OBSERVED.name}{{le!="+Inf"}}))\n'
        "  /\n"
        f"  ({_MEAN_CLEAN} - {_MEAN_DEFECTIVE}),\n"
        "  0, 1\n"
        ")"
    ),
)

DRIFT = Record(
    name="coilwatch:gate_score_drift",
    says="Distance of the scores from the nearest mix of the card's clean and defective ones, 0 to 1",
    expr=(
        "max(\n"
        "  abs(\n"
        f"    {OBSERVED.name}\n"
        "    - on (le) (\n"
        f"      scalar({DEFECTIVE_SHARE.name}) * {_F_DEFECTIVE}\n"
        f"      + (1 - scalar({DEFECTIVE_SHARE.name})) * {_F_CLEAN}\n"
        "    )\n"
        "  )\n"
        ")"
    ),
)

LIMIT = Record(
    name="coilwatch:gate_score_drift_limit",
    says="What of that the card's own number of frames explains, and a tenth",
    expr=(
        f"{TOLERATED:g}\n"
        f"+ (1 - {DEFECTIVE_SHARE.name}) * {_error('clean')}\n"
        f"+ {DEFECTIVE_SHARE.name} * {_error('defective')}"
    ),
)

DRIFT_RECORDS: tuple[Record, ...] = (OBSERVED, DEFECTIVE_SHARE, DRIFT, LIMIT)

GATE_SCORE_DRIFT = Alert(
    name="GateScoreDrift",
    conditions=(
        Condition(measure=DRIFT.name, op=">", threshold=LIMIT.name),
        Condition(measure=_FRAMES, op=">=", threshold=LEAST_FRAMES),
    ),
    for_s=600,
    severity="ticket",
    summary=(
        "The gate's scores are not those that its bundle's card promises: look at recent frames, then check "
        "light, lens and material."
    ),
    description=(
        'The scores of the last quarter of an hour are {{ $value | printf "%.2f" }} away from the nearest '
        "mix of the card's clean and defective frames, more than its number of frames explains. The miss "
        "bound is not known to hold on such frames."
    ),
)
