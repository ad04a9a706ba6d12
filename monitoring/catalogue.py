"""Every metric of the line in one typed list: its name, its bounded labels, its buckets, and what moves it.

Names are in base units (`_seconds`, `_bytes`, `_total`). Nothing is registered here: `worker_metrics` does
that, with the registry it is given.
"""

from __future__ import annotations

from monitoring.bounded import CAMERA_VALUES, LINE_VALUES, MOST_CLASSES
from monitoring.metric import Label as Label
from monitoring.metric import Metric as Metric
from monitoring.metric import most_series

DEADLINE_EDGE_S = 300.0
"""A coil's budget: a bucket edge stands exactly here, so the share in time is read without interpolation."""

MOST_PARTITIONS = 512
"""Of the frame topic, that one worker owns: the plant's choice (8 unless it says otherwise), no sender's."""

STAGES = ("queue", "decode", "gate_wait", "gate", "segment_wait", "segment", "publish")
"""A frame's way from its exposure to its committed inspection; together they are the whole latency."""

MODELS = ("gate", "segmenter")

FATE = Label(
    name="fate",
    bound="contracts.results.Fate",
    values=("clean", "defective", "unsegmented", "dead_lettered"),
)
REJECTION = Label(
    name="reason",
    bound="contracts.rejections.Reason",
    values=(
        "null_value",
        "empty_value",
        "header_missing",
        "header_not_utf8",
        "header_invalid",
        "header_contradictory",
        "unknown_version",
        "not_an_image",
        "corrupt_image",
        "truncated_image",
        "wrong_size",
        "too_large",
    ),
)
STAGE = Label(name="stage", bound="STAGES", values=STAGES)
MODEL = Label(name="model", bound="MODELS", values=MODELS)
LEFT_BECAUSE = Label(
    name="reason",
    bound="why a batch leaves",
    values=("full", "max_wait", "idle", "slack", "drain"),
)
DIRECTION = Label(name="direction", bound="down or up", values=("down", "up"))
AMENDED = Label(
    name="outcome", bound="what becomes of an unsegmented frame in the end", values=("segmented", "gone")
)
OUTCOME = Label(name="outcome", bound="how a transaction ends", values=("committed", "aborted"))
PARTITION = Label(
    name="partition", bound="partitions of the frame topic that this worker owns now", most=MOST_PARTITIONS
)
BUNDLE_NAME = Label(name="name", bound="one bundle a process", most=1)
BUNDLE_VERSION = Label(name="version", bound="one bundle a process", most=1)
LINE = Label(
    name="line",
    bound="monitoring.bounded: the first 16 of a process, then `other`; `unknown` where it can't be read",
    most=LINE_VALUES,
)
CAMERA = Label(
    name="camera",
    bound="monitoring.bounded: the first 64 of a process, all lines together, then `other`; or `unknown`",
    most=CAMERA_VALUES,
    within="line",
)
CLASS = Label(
    name="class", bound="the card's classes; beyond the first 32 of them `other`", most=MOST_CLASSES + 1
)
TRUTH = Label(name="truth", bound="what a held-out frame is", values=("clean", "defective"))

SHORT_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
LONG_BUCKETS_S = (10.0, 30.0, 60.0, 120.0, 180.0, 240.0, DEADLINE_EDGE_S, 360.0, 450.0, 600.0)
LATENCY_BUCKETS_S = (*SHORT_BUCKETS_S, *LONG_BUCKETS_S)
STAGE_BUCKETS_S = (0.001, *SHORT_BUCKETS_S, 30.0, 120.0, DEADLINE_EDGE_S, 600.0)
COMMIT_BUCKETS_S = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30)
BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128)
SCORE_BUCKETS = tuple(round(0.05 * step, 2) for step in range(1, 21))
SCORE_EDGE = Label(
    name="le", bound="SCORE_BUCKETS, as the gate's scores have them", values=tuple(map(str, SCORE_BUCKETS))
)

FRAMES = Metric(
    name="coilwatch_frames_total",
    kind="counter",
    help="Frames whose fate is committed",
    moved_by="a commit: every frame in it, once, by its fate; one whose headers can't be read is `unknown`'s",
    labels=(LINE, CAMERA, FATE),
)
FRAMES_WITH_CLASS = Metric(
    name="coilwatch_frames_with_class_total",
    kind="counter",
    help="Defective frames with a region of the class; a frame with two classes counts in both",
    moved_by="a commit: every defective frame in it, also one that was left unsegmented and is segmented now",
    labels=(LINE, CAMERA, CLASS),
)
DEAD_LETTERS = Metric(
    name="coilwatch_dead_letters_total",
    kind="counter",
    help="Records sent to the dead-letter topic",
    moved_by="a commit: every record in it that can never be inspected, by its reason",
    labels=(REJECTION,),
)
LATENCY = Metric(
    name="coilwatch_latency_seconds",
    kind="histogram",
    help="From a frame's exposure to its committed inspection",
    moved_by="a commit: every inspected frame in it; exemplars name the trace of a frame that has one",
    labels=(LINE,),
    buckets=LATENCY_BUCKETS_S,
)
STAGE_LATENCY = Metric(
    name="coilwatch_stage_latency_seconds",
    kind="histogram",
    help="The same latency by stage; a frame's stages sum to the whole",
    moved_by="a commit: every inspected frame in it, once in each stage (0 where the stage was skipped)",
    labels=(STAGE,),
    buckets=STAGE_BUCKETS_S,
)
SKEWED_FRAMES = Metric(
    name="coilwatch_skewed_frames_total",
    kind="counter",
    help="Frames that arrived before they were exposed",
    moved_by="a camera whose clock is ahead of the worker's; such a frame's queue time is taken as 0",
)
BATCH_FRAMES = Metric(
    name="coilwatch_batch_frames",
    kind="histogram",
    help="Frames in a micro-batch",
    moved_by="a batch that leaves for its model",
    labels=(MODEL,),
    buckets=BATCH_BUCKETS,
)
BATCHES = Metric(
    name="coilwatch_batches_total",
    kind="counter",
    help="Micro-batches, by why they left",
    moved_by="a batch that leaves: full, waited long enough, model idle, little slack, or draining",
    labels=(MODEL, LEFT_BECAUSE),
)
IN_FLIGHT_BYTES = Metric(
    name="coilwatch_in_flight_bytes",
    kind="gauge",
    help="Encoded and decoded bytes of records taken and not yet committed",
    moved_by="up when records are taken, down when committed or dropped; held near the high-water mark",
)
IN_FLIGHT_FRAMES = Metric(
    name="coilwatch_in_flight_frames",
    kind="gauge",
    help="Records taken and not yet committed",
    moved_by="up when records are taken, down when they are committed or dropped",
)
LAG_FRAMES = Metric(
    name="coilwatch_lag_frames",
    kind="gauge",
    help="Records between the commit position and the end of the partition",
    moved_by="up when cameras are faster than the worker, down when it catches up",
    labels=(PARTITION,),
)
COMMITS = Metric(
    name="coilwatch_commits_total",
    kind="counter",
    help="Kafka transactions, by how they ended",
    moved_by="the commit interval, the end of a drain; aborted by a fenced or failing broker",
    labels=(OUTCOME,),
)
COMMIT_SECONDS = Metric(
    name="coilwatch_commit_seconds",
    kind="histogram",
    help="From the begin of a transaction's commit to its end",
    moved_by="a transaction: the broker's disks, its replication, the number of partitions in it",
    buckets=COMMIT_BUCKETS_S,
)
ASSIGNED_PARTITIONS = Metric(
    name="coilwatch_assigned_partitions",
    kind="gauge",
    help="Partitions of the frame topic that this worker owns",
    moved_by="a rebalance: workers that join, leave or die",
)
BROKER_UP = Metric(
    name="coilwatch_broker_up",
    kind="gauge",
    help="1 while the broker can be reached",
    moved_by="librdkafka's word that all brokers are down, and the first answer after it",
)
HOLDS = Metric(
    name="coilwatch_holds_total",
    kind="counter",
    help="Times that back-pressure stopped taking records",
    moved_by="bytes in flight above the high-water mark",
)
RUNG = Metric(
    name="coilwatch_rung",
    kind="gauge",
    help="Rung of the degrade ladder: 0 full, 1 gate only",
    moved_by="a coil whose predicted finish passes its deadline",
)
RUNG_STEPS = Metric(
    name="coilwatch_rung_steps_total",
    kind="counter",
    help="Steps of the degrade ladder",
    moved_by="a coil that would be late: down; enough slack again: up. Never with COILWATCH_LADDER=off",
    labels=(DIRECTION,),
)
PREDICTED_VERDICT = Metric(
    name="coilwatch_predicted_verdict_seconds",
    kind="gauge",
    help="Until the frames outstanding are inspected, at the measured rate",
    moved_by="up with frames that wait, down with the rate; 0 while no rate is measured yet",
)
PREDICTED_SLACK = Metric(
    name="coilwatch_predicted_slack_seconds",
    kind="gauge",
    help="From there to the earliest deadline in sight; negative: late; within an hour either way",
    moved_by="the same, and the clock; 3600 while no deadline that can still be kept is in sight",
)
AMENDMENTS = Metric(
    name="coilwatch_amendments_total",
    kind="counter",
    help="Unsegmented frames that were dealt with when there was slack",
    moved_by="a commit: segmented; gone: deleted from the frame topic before, or not to be read any more",
    labels=(AMENDED,),
)
GATE_SCORE = Metric(
    name="coilwatch_gate_score",
    kind="histogram",
    help="The gate's score of each frame, 0 to 1",
    moved_by="a frame that the gate has scored: the strip, the light, the model",
    buckets=SCORE_BUCKETS,
)
GATE_SCORE_EXPECTED_SHARE = Metric(
    name="coilwatch_gate_score_expected_share",
    kind="gauge",
    help="Share of the card's held-out frames with a score up to le, by what they are",
    moved_by="the start of a worker: its bundle's card, the preset served; no series when the card has none",
    labels=(TRUTH, SCORE_EDGE),
)
GATE_SCORE_EXPECTED_FRAMES = Metric(
    name="coilwatch_gate_score_expected_frames",
    kind="gauge",
    help="How many held-out frames those shares are of",
    moved_by="the same",
    labels=(TRUTH,),
)
WORKER_READY = Metric(
    name="coilwatch_worker_ready",
    kind="gauge",
    help="1 while the worker is warm and a member of its group",
    moved_by="the end of warm-up and the first assignment; shutdown",
)
BUNDLE_INFO = Metric(
    name="coilwatch_bundle_info",
    kind="gauge",
    help="Always 1; its labels say which bundle is served",
    moved_by="the start of a worker",
    labels=(BUNDLE_NAME, BUNDLE_VERSION),
)

METRICS: tuple[Metric, ...] = (
    FRAMES,
    FRAMES_WITH_CLASS,
    DEAD_LETTERS,
    LATENCY,
    STAGE_LATENCY,
    SKEWED_FRAMES,
    BATCH_FRAMES,
    BATCHES,
    IN_FLIGHT_BYTES,
    IN_FLIGHT_FRAMES,
    LAG_FRAMES,
    COMMITS,
    COMMIT_SECONDS,
    ASSIGNED_PARTITIONS,
    BROKER_UP,
    HOLDS,
    RUNG,
    RUNG_STEPS,
    PREDICTED_VERDICT,
    PREDICTED_SLACK,
    AMENDMENTS,
    GATE_SCORE,
    GATE_SCORE_EXPECTED_SHARE,
    GATE_SCORE_EXPECTED_FRAMES,
    WORKER_READY,
    BUNDLE_INFO,
)

MOST_SERIES = most_series(METRICS)
"""A worker never exposes more, whoever sends whatever."""
