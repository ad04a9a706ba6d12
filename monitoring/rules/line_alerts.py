"""Alerts about what happens on the line: deadlines, lag, frames that do not come or cannot be inspected."""

from __future__ import annotations

from monitoring.catalogue import DEAD_LETTERS, FRAMES, LINE, PREDICTED_SLACK, REJECTION, RUNG
from monitoring.rules.promql import increase, over_all, rate, series
from monitoring.rules.recorded import FRAMES_PER_S, LAG
from monitoring.rules.rule import Alert, Condition
from monitoring.tracker_catalogue import RUNNING_COILS, SLACK_PREDICTED_SECONDS

BEHIND_S = 10
"""So many seconds of work may wait before it is called lag: a failover takes 6.5."""
IN_PASSING_S = 5
"""So many seconds of work wait on a healthy line at most, between two commits."""
FRAMES_COME_WITHIN = "30s"
MANY_DEAD_LETTERS = 5
MANY_DEAD_SHARE = 0.01

# NaN, while a line has no open coil, is less than nothing: comparisons with it are false.
LINE_AT_RISK = Alert(
    name="DeadlineAtRisk",
    conditions=(
        Condition(measure=over_all("min", series(SLACK_PREDICTED_SECONDS), by=(LINE,)), op="<", threshold=0),
    ),
    # Not at once: an ended coil that misses frames has no slack for the 5 s between the moment when nothing
    # was inspected for 10 s and the moment when it is closed without them.
    for_s=10,
    severity="page",
    labels={"seen_by": "tracker"},
    summary=(
        "A coil of {{ $labels.line }} will not have its whole verdict in time: see that workers run, add "
        "one, or slow the line."
    ),
    description=(
        "Predicted slack {{ $value | humanizeDuration }}: from the whole verdict to its deadline; -Inf: "
        "nothing is being inspected. At the deadline an incomplete verdict is given: hold."
    ),
)

WORKER_AT_RISK = Alert(
    name="DeadlineAtRisk",
    conditions=(
        Condition(measure=over_all("min", series(PREDICTED_SLACK), by=("instance",)), op="<", threshold=0),
    ),
    for_s=10,
    severity="page",
    labels={"seen_by": "worker"},
    summary=(
        "Worker {{ $labels.instance }} will not be done before a coil's deadline: add a worker, or slow the "
        "line."
    ),
    description=(
        "Predicted slack {{ $value | humanizeDuration }}: from the moment when all that waits for this "
        "worker is inspected to the earliest deadline in sight."
    ),
)

_ALL_FRAMES_PER_S = f"(sum({FRAMES_PER_S.name}) or vector(0))"

LAG_GROWING = Alert(
    name="LagGrowing",
    conditions=(
        Condition(measure=f"{LAG.name} / {_ALL_FRAMES_PER_S}", op=">", threshold=BEHIND_S),
        Condition(measure=f"deriv({LAG.name}[2m])", op=">", threshold=1),
    ),
    for_s=60,
    severity="ticket",
    summary=(
        "The workers fall behind the cameras: find the slow stage on the latency dashboard, and add a worker "
        "before a deadline is at risk."
    ),
    description=(
        "What waits takes {{ $value | humanizeDuration }} at the present rate, and becomes more. +Inf: "
        "nothing is being inspected."
    ),
)

NO_FRAMES = Alert(
    name="NoFrames",
    conditions=(
        Condition(measure=over_all("sum", series(RUNNING_COILS), by=(LINE,)), op=">", threshold=0),
        # A line of which a worker never saw a frame has no series: it counts as 0.
        Condition(
            measure=(
                f"{over_all('sum', rate(series(FRAMES), FRAMES_COME_WITHIN), by=(LINE,))}\n"
                "or on (line)\n"
                f"0 * {over_all('sum', series(RUNNING_COILS), by=(LINE,))}"
            ),
            op="==",
            threshold=0,
            on=(LINE,),
        ),
        # Without a worker there is no lag to be seen, and no alert: that is WorkerDown's.
        Condition(measure=f"{LAG.name} - {IN_PASSING_S} * {_ALL_FRAMES_PER_S}", op="<=", threshold=0),
    ),
    for_s=30,
    severity="page",
    summary=(
        "A coil runs on {{ $labels.line }}, but no frame comes: look whether the strip stands still, then "
        "check cameras and their network."
    ),
    description=(
        f"No frame of {{{{ $labels.line }}}} was inspected for {FRAMES_COME_WITHIN} and more, and none waits "
        "on the topic. Strip that passes now is not seen; its coil will be on hold."
    ),
)

SOME_DEAD_LETTERS = Alert(
    name="DeadLetters",
    conditions=(
        Condition(
            measure=over_all("sum", increase(series(DEAD_LETTERS), "5m"), by=(REJECTION,)),
            op=">",
            threshold=0,
        ),
    ),
    for_s=0,
    severity="ticket",
    summary=(
        "Frames cannot be inspected ({{ $labels.reason }}): read the newest dead letter, then check the "
        "camera that it names."
    ),
    description=(
        'About {{ $value | printf "%.0f" }} in the last 5 minutes because of {{ $labels.reason }}. Their '
        "records lie on the dead-letter topic; their coils are not released beyond the rules' allowance."
    ),
)

MANY_DEAD = Alert(
    name="DeadLetters",
    conditions=(
        Condition(
            measure=(
                f"sum({increase(series(DEAD_LETTERS), '5m')})\n/\nsum({increase(series(FRAMES), '5m')})"
            ),
            op=">",
            threshold=MANY_DEAD_SHARE,
        ),
        Condition(
            measure=over_all("sum", increase(series(DEAD_LETTERS), "5m")),
            op=">=",
            threshold=MANY_DEAD_LETTERS,
        ),
    ),
    for_s=0,
    severity="page",
    summary=(
        "{{ $value | humanizePercentage }} of the frames cannot be inspected: stop what was changed last on "
        "the cameras, and read the newest dead letter."
    ),
    description=(
        f"More than {MANY_DEAD_SHARE:.0%} of the last 5 minutes' frames went to the dead-letter topic. After "
        "COILWATCH_MAX_REJECTED_IN_A_ROW of them in a row the worker stops by itself."
    ),
)

DEGRADED = Alert(
    name="Degraded",
    conditions=(Condition(measure=over_all("sum", series(RUNG)), op=">", threshold=0),),
    for_s=30,
    severity="ticket",
    summary=(
        "To keep a deadline, workers gate only and leave frames unsegmented: look why they are slow; add a "
        "worker if it comes again."
    ),
    description=(
        "{{ $value }} of the workers stand on the rung `gate only`. Frames that pass the gate count as "
        "defective; they are segmented when there is slack again."
    ),
)

LINE_ALERTS: tuple[Alert, ...] = (
    LINE_AT_RISK,
    WORKER_AT_RISK,
    LAG_GROWING,
    NO_FRAMES,
    SOME_DEAD_LETTERS,
    MANY_DEAD,
    DEGRADED,
)
