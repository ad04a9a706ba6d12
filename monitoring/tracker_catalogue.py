"""Every metric of the coil tracker: as `catalogue` is the worker's list. No label names a coil."""

from __future__ import annotations

from monitoring.catalogue import (
    BROKER_UP,
    COMMIT_SECONDS,
    COMMITS,
    DEADLINE_EDGE_S,
    LINE,
)
from monitoring.metric import Label, Metric, most_series

READ_TOPIC = Label(
    name="topic",
    bound="the three topics that are read together, without their prefix",
    values=("strip.inspections.v1", "strip.defects.v1", "strip.coil-events.v1"),
)
VERDICT = Label(name="verdict", bound="contracts.reports.Verdict", values=("release", "hold", "reject"))
CLOSING = Label(
    name="closed_because",
    bound="contracts.reports.Closing",
    values=("complete", "settled", "deadline", "timed_out", "unannounced"),
)
TIMING = Label(name="timing", bound="before the deadline or after it", values=("in_time", "late"))
ALARM_KIND = Label(
    name="kind",
    bound="contracts.alarms.AlarmKind",
    values=("roll_mark", "lane", "deadline_at_risk", "frames_missing", "coil_id_reused"),
)
ALARM_STATE = Label(
    name="state",
    bound="contracts.alarms.AlarmState",
    values=("raised", "updated", "acknowledged", "ended"),
)
FIRST_VERDICT = Label(
    name="outcome",
    bound="in time; in time, but its deadline came before its last frames; late",
    values=("in_time", "incomplete", "late"),
)
RULES_VERSION = Label(
    name="version", bound="one a process; the former goes when rules are read again", most=1
)

REPORT_BUCKETS_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, DEADLINE_EDGE_S, 600.0)
SLACK_BUCKETS_S = (0.0, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 180.0, 240.0, DEADLINE_EDGE_S, 600.0)
SEARCH_BUCKETS_S = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

OPEN_COILS = Metric(
    name="coilwatch_coils_open",
    kind="gauge",
    help="Coils that are not reported yet",
    moved_by="up with the first record of a coil, down with its first report",
    labels=(LINE,),
)
RUNNING_COILS = Metric(
    name="coilwatch_coils_running",
    kind="gauge",
    help="Open coils that have started, and whose end nobody said yet",
    moved_by="line control: up with a coil's start, down with its end",
    labels=(LINE,),
)
LAST_STARTED = Metric(
    name="coilwatch_coils_last_started_timestamp_seconds",
    kind="gauge",
    help="When the line's newest coil started, Unix time; 0 while no start is known",
    moved_by="line control: a coil's start",
    labels=(LINE,),
)
SETTLING_COILS = Metric(
    name="coilwatch_coils_settling",
    kind="gauge",
    help="Coils whose report may still be followed by another version",
    moved_by="a report without all frames; down when they came, or when it is too late for them",
)
RECORDS = Metric(
    name="coilwatch_coils_records_total",
    kind="counter",
    help="Records taken, by topic",
    moved_by="inspections, defect events and coil events; all of an open coil again after a restart",
    labels=(READ_TOPIC,),
)
REFUSED_RECORDS = Metric(
    name="coilwatch_coils_refused_records_total",
    kind="counter",
    help="Records that break the contract, by topic: skipped, and logged with their place",
    moved_by="a foreign writer: no JSON of ours, or a key that hashes to another partition",
    labels=(READ_TOPIC,),
)
LATE_RECORDS = Metric(
    name="coilwatch_coils_late_records_total",
    kind="counter",
    help="Records of coils whose report was final already",
    moved_by="a writer that repeats itself, or a frame that comes long after its coil's deadline",
)
REPORTS = Metric(
    name="coilwatch_coils_reports_total",
    kind="counter",
    help="Reports committed, by verdict, by why the coil was closed, and whether before its deadline",
    moved_by="a commit with a coil's report, of whatever version",
    labels=(LINE, VERDICT, CLOSING, TIMING),
)
FIRST_VERDICTS = Metric(
    name="coilwatch_coils_first_verdicts_total",
    kind="counter",
    help="Coils by how their first verdict came, each coil once: in_time, incomplete or late",
    moved_by="a commit with a coil's first report; incomplete: in time, but frames were still on their way",
    labels=(LINE, FIRST_VERDICT),
)
ALARMS = Metric(
    name="coilwatch_coils_alarms_total",
    kind="counter",
    help="Alarms committed, by kind and state",
    moved_by="a commit with an alarm",
    labels=(LINE, ALARM_KIND, ALARM_STATE),
)
REPORT_SECONDS = Metric(
    name="coilwatch_coils_report_seconds",
    kind="histogram",
    help="From a coil's end to its first report",
    moved_by="a first report: the worker's lag, the time to settle, the merge",
    buckets=REPORT_BUCKETS_S,
)
REPORT_SLACK_SECONDS = Metric(
    name="coilwatch_coils_report_slack_seconds",
    kind="histogram",
    help="From a coil's first report to its deadline; 0 when it is late",
    moved_by="a first report: the budget, and how far the worker is behind",
    buckets=SLACK_BUCKETS_S,
)
VERDICT_PREDICTED_SECONDS = Metric(
    name="coilwatch_coils_verdict_predicted_seconds",
    kind="gauge",
    help="Longest predicted time to a verdict over the coils that ended: frames outstanding / measured rate",
    moved_by="frames that are announced and not inspected yet, and inspections a second",
    labels=(LINE,),
)
SLACK_PREDICTED_SECONDS = Metric(
    name="coilwatch_coils_slack_predicted_seconds",
    kind="gauge",
    help="Least predicted slack over the open coils; negative when a verdict will wait for its deadline",
    moved_by="the clock, frames outstanding, inspections a second; NaN while the line has no open coil",
    labels=(LINE,),
)
RATE = Metric(
    name="coilwatch_coils_inspections_per_second",
    kind="gauge",
    help="Inspections taken a second, over the last ten",
    moved_by="the worker's speed; the tracker's own while it rebuilds its state",
)
HELD_BACK = Metric(
    name="coilwatch_coils_held_back_records",
    kind="gauge",
    help="Records taken behind which the commit position is held back, for a restart to read again",
    moved_by="up while coils are open or settling, down when the oldest of them is done",
)
LAG = Metric(
    name="coilwatch_coils_lag_records",
    kind="gauge",
    help="Records between what was taken and the ends of the owned partitions, by topic",
    moved_by="up when records come faster than they are taken",
    labels=(READ_TOPIC,),
)
MARK_SEARCH_SECONDS = Metric(
    name="coilwatch_coils_mark_search_seconds",
    kind="histogram",
    help="Duration of one look for roll marks on a running coil",
    moved_by="a look, at most one a second a coil: the number of its regions",
    buckets=SEARCH_BUCKETS_S,
)
TOLD_COILS = Metric(
    name="coilwatch_coils_told",
    kind="gauge",
    help="Coils known to be reported, on whatever partition",
    moved_by="reports, of this tracker or another",
)
PARTITIONS = Metric(
    name="coilwatch_coils_assigned_partitions",
    kind="gauge",
    help="Partition numbers that this tracker owns, of all three topics",
    moved_by="a rebalance: trackers that join, leave or die",
)
TRACKER_READY = Metric(
    name="coilwatch_coils_ready",
    kind="gauge",
    help="1 while the tracker knows what was told and is a member of its group",
    moved_by="the first assignment; shutdown",
)
RULES_INFO = Metric(
    name="coilwatch_coils_rules_info",
    kind="gauge",
    help="Always 1; its label says which rules grade",
    moved_by="the start of a tracker, and SIGHUP",
    labels=(RULES_VERSION,),
)

TRACKER_METRICS: tuple[Metric, ...] = (
    OPEN_COILS,
    RUNNING_COILS,
    LAST_STARTED,
    SETTLING_COILS,
    RECORDS,
    REFUSED_RECORDS,
    LATE_RECORDS,
    REPORTS,
    FIRST_VERDICTS,
    ALARMS,
    REPORT_SECONDS,
    REPORT_SLACK_SECONDS,
    VERDICT_PREDICTED_SECONDS,
    SLACK_PREDICTED_SECONDS,
    RATE,
    HELD_BACK,
    LAG,
    MARK_SEARCH_SECONDS,
    TOLD_COILS,
    PARTITIONS,
    TRACKER_READY,
    RULES_INFO,
    COMMITS,
    COMMIT_SECONDS,
    BROKER_UP,
)
"""The last three mean what they mean of a worker; Prometheus tells the two apart by their job."""

MOST_SERIES = most_series(TRACKER_METRICS)
"""A tracker never exposes more, however many coils it sees."""
