"""Coils at twice what the worker can do in full: verdicts in time with the degrade ladder, late without it.

    python -m tests.bench.bench_ladder [--coil-s 30] [--coils 2] [--lines 2] [--load 2.0] [--share 0.75]

The worker's rates are measured on full topics: gate only once, in full before each run. Then lines send coil
after coil, together at `load` times the full rate, once with the ladder and once without
(COILWATCH_LADDER=off), beside a coil tracker. A coil's budget is `budget` times its strip's own time, so that
the first coil is late already without the ladder: its last frame would be done after `load` times that time.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from contracts.codec import decode
from contracts.reports import CoilReport
from contracts.topics import COIL_REPORTS, topic
from local.processes.tracker import TrackerProcess
from local.processes.worker import WorkerProcess
from tests.bench.cascade import recut
from tests.bench.frames import real_frames, repeated
from tests.bench.line import Line, began_at_s, inspected_at_s, line, samples, wait_for_frames
from tests.bench.measure import Figures, median
from tests.bench.sending import fill
from tests.support.kafka_reading import inspections, read_to_end
from tests.support.strip import Coil, Strip

BUNDLE = "severstal"
"""Gate only it is 2.6 times as fast as in full, and the sender costs little beside it. The small `synthetic`
is only twice as fast, and its sender takes a third of two cores: the load is then thrice the full rate."""
CLEAN_SHARE = 0.005
"""So few pass that the rate is the gate's."""
GIVE_UP_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one coil. Seconds before the deadline; negative: after it."""

    coil: str
    frames: int
    first_report_slack_s: float
    missing_at_first_report: int
    unsegmented_at_first_report: int
    complete_slack_s: float | None
    """Of the first report that had every frame's inspection; None: never came."""
    last_frame_slack_s: float
    """When its last frame had an inspection, whatever its fate."""
    whole_after_s: float | None
    """From the deadline to the report in which no frame is unsegmented any more."""
    versions: int

    @property
    def in_time(self) -> bool:
        """Whether a verdict over every frame came before the deadline."""
        return self.complete_slack_s is not None and self.complete_slack_s >= 0


def main() -> None:
    given = _arguments()
    figures = Figures("ladder", {name: str(value) for name, value in vars(given).items()})
    frames = real_frames(given.distinct)
    with line() as running:
        cut = recut(given.bundle, frames, given.share, running.folder / "full", given.threads)
        bare = recut(given.bundle, frames, CLEAN_SHARE, running.folder / "gate", given.threads)
        gate_only = _rate(running, bare.folder, repeated(frames, given.measure), given.repeats)
        figures.add("share that passes the gate", 100 * cut.share, "%")
        figures.add("worker, gate only", gate_only, "frames/s")
        for ladder in ("on", "off"):  # measured anew for each: a shared machine changes within minutes
            full = _rate(running, cut.folder, repeated(frames, given.measure), given.repeats)
            figures.add(f"ladder {ladder}: worker in full, before", full, "frames/s")
            figures.add(f"ladder {ladder}: offered", given.load * full, "frames/s")
            _run(figures, running, cut.folder, frames, ladder, given.load * full, given)
    figures.write(given.out)


def _rate(running: Line, bundle: Path, sent: list[bytes], repeats: int) -> float:
    """Frames/s of one worker on a full topic, from its assignment to its last result."""
    rates = []
    for _ in range(repeats):
        prefix = running.fresh_topics()
        fill(running.bootstrap_servers, prefix, sent)
        worker = running.start_worker(prefix, bundle, ladder="off")
        worker.wait_until_ready()
        wait_for_frames(worker, len(sent), within_s=60 + len(sent) / 5)
        worker.stop()
        at_s = inspected_at_s(running.bootstrap_servers, prefix)
        rates.append(len(sent) / (at_s[-1] - began_at_s(worker)))
    return median(rates)


def _run(
    figures: Figures,
    running: Line,
    bundle: Path,
    frames: Sequence[bytes],
    ladder: str,
    offered: float,
    given: argparse.Namespace,
) -> None:
    prefix = running.fresh_topics()
    tracker = _start_tracker(running, prefix)
    worker = running.start_worker(prefix, bundle, ladder=ladder)
    worker.wait_until_ready()
    tracker.wait_until_ready()
    try:
        coils = _send(running, prefix, frames, offered, given)
        reports = _reports_of(running, prefix, coils, [worker, tracker])
        found, rates = samples(worker), _rates_at_risk(worker)
    finally:
        worker.stop()
        tracker.stop()
    inspected = _last_inspected_ns(running, prefix)
    verdicts = [
        _verdict(coil, reports.get(coil.coil_id, []), inspected.get(coil.coil_id, 0)) for coil in coils
    ]
    for verdict in verdicts:
        figures.add(f"ladder {ladder}: {verdict.coil}", _shown(verdict), "")
    goal = "= coils" if ladder == "on" else "= 0"
    figures.add(f"ladder {ladder}: coils", len(verdicts), "")
    figures.add(f"ladder {ladder}: verdict over all frames in time", _in_time(verdicts), "coils", goal)
    steps = {d: found.get(("coilwatch_rung_steps_total", (d,)), 0.0) for d in ("down", "up")}
    figures.add(f"ladder {ladder}: steps", steps, "")
    if rates:  # what else the machine does shows here: then the load was another one than was asked for
        figures.add(f"ladder {ladder}: load, by the full rate beside it all", offered / min(rates), "x full")


def _start_tracker(running: Line, prefix: str) -> TrackerProcess:
    settings = {
        "bootstrap_servers": running.bootstrap_servers,
        "topic_prefix": prefix,
        "coils_group_id": f"{prefix}tracker",
        "log_format": "json",
    }
    log = running.folder / f"tracker-{uuid.uuid4().hex[:8]}.log"
    tracker = TrackerProcess(settings, environment=os.environ, log=log)
    running.running.callback(tracker.kill)
    return tracker


def _send(
    running: Line, prefix: str, frames: Sequence[bytes], offered: float, given: argparse.Namespace
) -> list[Coil]:
    """Each line its coils in turn, all lines at once; the coils, when the last has ended."""
    strip = Strip(running.bootstrap_servers, prefix)
    each = round(offered * given.coil_s / given.lines)
    pictures = itertools.cycle(frames)
    coils: list[Coil] = []
    began_s = time.monotonic()
    for turn in range(given.coils):
        now = [
            strip.start(f"line{number + 1}-coil{turn + 1}", given.budget * given.coil_s, f"line{number + 1}")
            for number in range(given.lines)
        ]
        for index in range(each):
            due_s = began_s + turn * given.coil_s + index * given.lines / offered
            time.sleep(max(0.0, due_s - time.monotonic()))
            for coil in now:
                strip.expose(coil, next(pictures))
        for coil in now:
            strip.end(coil)
        coils += now
    strip.finish()
    return coils


def _reports_of(
    running: Line, prefix: str, coils: Sequence[Coil], services: Sequence[WorkerProcess | TrackerProcess]
) -> dict[str, list[CoilReport]]:
    """Every version of every coil's report, once the last says that nothing is missing or unsegmented."""
    until_s = time.monotonic() + GIVE_UP_S
    while True:
        reports: dict[str, list[CoilReport]] = {}
        for record in read_to_end(running.bootstrap_servers, topic(COIL_REPORTS, prefix)):
            report = decode(record.headers, record.value)
            if isinstance(report, CoilReport):
                reports.setdefault(report.coil_id, []).append(report)
        whole = [coil for coil in coils if any(_whole(r) for r in reports.get(coil.coil_id, []))]
        if len(whole) == len(coils) or time.monotonic() > until_s:
            return reports
        for service in services:
            service.check()
        time.sleep(1.0)


def _rates_at_risk(worker: WorkerProcess) -> list[float]:
    """The full rates that the worker had measured when it found a deadline at risk."""
    events = [json.loads(line_) for line_ in worker.log.read_text(encoding="utf-8").splitlines()]
    return [event["full_rate"] for event in events if event["message"] == "deadline at risk"]


def _last_inspected_ns(running: Line, prefix: str) -> dict[str, int]:
    """Coil -> when the last of its frames was inspected for the first time."""
    first: dict[str, tuple[str, int]] = {}
    for inspection in inspections(running.bootstrap_servers, prefix, within_s=120.0):
        first.setdefault(str(inspection), (inspection.coil_id, inspection.inspected_at_ns))
    last: dict[str, int] = {}
    for coil_id, at_ns in first.values():
        last[coil_id] = max(last.get(coil_id, 0), at_ns)
    return last


def _verdict(coil: Coil, reports: Sequence[CoilReport], last_inspected_ns: int) -> Verdict:
    ordered = sorted(reports, key=lambda report: report.report_version)
    if not ordered:
        raise RuntimeError(f"{coil.coil_id} got no report within {GIVE_UP_S:.0f} s")
    complete = next((_slack_s(r) for r in ordered if r.complete), None)
    whole = next((_slack_s(r) for r in ordered if _whole(r)), None)
    return Verdict(
        coil=coil.coil_id,
        frames=coil.sent,
        first_report_slack_s=_slack_s(ordered[0]),
        missing_at_first_report=sum(c.missing for c in ordered[0].ledger_by_camera.values()),
        unsegmented_at_first_report=_unsegmented(ordered[0]),
        complete_slack_s=complete,
        last_frame_slack_s=(coil.deadline_at_ns - last_inspected_ns) / 1e9,
        whole_after_s=None if whole is None else -whole,
        versions=len(ordered),
    )


def _slack_s(report: CoilReport) -> float:
    return (report.deadline_at_ns - report.reported_at_ns) / 1e9


def _unsegmented(report: CoilReport) -> int:
    return sum(camera.unsegmented for camera in report.ledger_by_camera.values())


def _whole(report: CoilReport) -> bool:
    return report.complete and _unsegmented(report) == 0


def _in_time(verdicts: Sequence[Verdict]) -> int:
    return sum(verdict.in_time for verdict in verdicts)


def _shown(verdict: Verdict) -> dict[str, Any]:
    return {"verdict": "in time" if verdict.in_time else "late"} | {
        name: value for name, value in asdict(verdict).items() if name != "coil"
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--coil-s", type=float, default=30.0, help="a strip's own time, seconds")
    parser.add_argument("--coils", type=int, default=2, help="of each line, in turn")
    parser.add_argument("--lines", type=int, default=2, help="side by side")
    parser.add_argument("--load", type=float, default=2.0, help="offered rate / full rate")
    parser.add_argument("--budget", type=float, default=1.6, help="a coil's budget / its strip's own time")
    parser.add_argument("--share", type=float, default=0.75, help="of the frames that pass the gate")
    parser.add_argument("--measure", type=int, default=1500, help="frames on which the rates are measured")
    parser.add_argument("--repeats", type=int, default=1, help="of that measurement")
    parser.add_argument("--distinct", type=int, default=600, help="different frames")
    parser.add_argument("--bundle", default=BUNDLE)
    parser.add_argument("--threads", type=int, default=2, help="of the engine")
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
