"""Alerts about what must run: workers, trackers, the broker."""

from __future__ import annotations

from monitoring.catalogue import BROKER_UP, BUNDLE_INFO
from monitoring.rules.promql import TRACKER_JOB, WORKER_JOB, over_all, series
from monitoring.rules.rule import Alert, Condition
from monitoring.tracker_catalogue import OPEN_COILS, RULES_INFO

AWAY_S = 15
"""Three scrapes. A supervisor that starts a process again at once raises nothing."""
BROKER_AWAY_S = 30
"""A tracker that reads what was told already has not heard of the broker yet; that takes some seconds."""


def answering(job: str) -> str:
    """How many processes of a job answer; 0 also when the job's targets vanished with their DNS name."""
    return f'sum(up{{job="{job}"}}) or vector(0)'


_NO_WORKER = Condition(measure=answering(WORKER_JOB), op="==", threshold=0)

WORKERS_DOWN = Alert(
    name="WorkerDown",
    conditions=(_NO_WORKER,),
    for_s=AWAY_S,
    severity="ticket",
    summary=(
        "No worker answers: start one, and read in the last one's log why it ended. Frames wait on the topic."
    ),
    description=(
        "No target of the job `worker` can be scraped. Nothing is lost: frames stay on their topic until a "
        "worker takes them."
    ),
)

WORKERS_DOWN_WHILE_A_COIL_IS_OPEN = Alert(
    name="WorkerDown",
    conditions=(_NO_WORKER, Condition(measure=over_all("sum", series(OPEN_COILS)), op=">", threshold=0)),
    for_s=AWAY_S,
    severity="page",
    summary=(
        "No worker answers while a coil waits for its verdict: start one now, then read why the last one "
        "ended."
    ),
    description=(
        "No target of the job `worker` can be scraped, and a coil is open. Its verdict will be incomplete, "
        "and hold, unless a worker inspects its frames before the deadline."
    ),
)

TRACKERS_DOWN = Alert(
    name="TrackerDown",
    conditions=(Condition(measure=answering(TRACKER_JOB), op="==", threshold=0),),
    for_s=AWAY_S,
    severity="page",
    summary=(
        "No coil tracker answers, so no coil gets a verdict: start one, and read in the last one's log why "
        "it ended."
    ),
    description=(
        "No target of the job `coils` can be scraped. A tracker that starts reads the open coils again and "
        "reports them; those whose deadline has passed by then are late."
    ),
)

BROKER_AWAY = Alert(
    name="BrokerAway",
    conditions=(
        Condition(
            # The worker's bundle is known once its model is warm: before that it did not try to connect.
            measure=over_all(
                "max",
                f"{series(BROKER_UP)} and on (job, instance) ({series(BUNDLE_INFO)} or {series(RULES_INFO)})",
                by=("job",),
            ),
            op="==",
            threshold=0,
        ),
    ),
    for_s=BROKER_AWAY_S,
    severity="page",
    summary=(
        "Kafka does not answer any process of the job {{ $labels.job }}: check the broker, then the network "
        "between them."
    ),
    description=(
        "Workers and trackers go on by themselves as soon as it answers. Until then nothing is inspected and "
        "no verdict is given."
    ),
)

PROCESS_ALERTS: tuple[Alert, ...] = (
    WORKERS_DOWN,
    WORKERS_DOWN_WHILE_A_COIL_IS_OPEN,
    TRACKERS_DOWN,
    BROKER_AWAY,
)
