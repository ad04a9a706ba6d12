"""`python -m local demo`: coils through the whole line, followed live and held against what was sent."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from local.observing.mark_truth import MarkOutcome, outcomes, without_alarm
from local.observing.observed import ObservedCoil, ObservedRun
from local.observing.reading import RunReader
from local.observing.stages import WHOLE, Stage, stage_table
from local.observing.summary import CoilSummary, summarise
from local.observing.truth import disagreements, found
from local.observing.verdicts import told, verdict_lines, wrong_with
from local.plan import DemoPlan, simulator_arguments
from local.processes.children import Child, ChildFailed, turns
from local.processes.worker import WorkerProcess
from local.report import ShownCoil, coil_table, stage_report
from local.stack import (
    Line,
    Place,
    broker_serving,
    draw_map,
    run_topics,
    short,
    source_of,
    start_station,
    start_tracker,
    start_worker,
    wait_until_ready,
)
from producer_sim.manifest import Manifest, load_manifest

STALLED_S = 60.0
"""Nothing new for so long: something is wrong, and waiting does not mend it."""

VERDICT_AFTER_S = 15.0
"""Where frames are missing the tracker waits, at most until the deadline."""

SHOWN_DISAGREEMENTS = 5


def run_demo(plan: DemoPlan, place: Place) -> list[str]:
    """Show it; what went wrong with the coils, in sentences, empty when all is well.

    Raises ChildFailed, BrokerUnavailable, TopicsUnavailable, PortsRefused, ManifestInvalid, KafkaException
    and KeyboardInterrupt.
    Whatever happens, the processes that it started are gone afterwards.
    """
    plan.out.mkdir(parents=True, exist_ok=True)
    manifest_path = plan.out / "manifest.jsonl"
    manifest_path.unlink(missing_ok=True)
    with ExitStack() as running:
        bootstrap = running.enter_context(broker_serving(place))
        prefix = f"demo-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{os.getpid()}."
        running.enter_context(run_topics(bootstrap, prefix, place))
        tracker = start_tracker(plan, place, bootstrap, prefix, running)
        worker = start_worker(plan, place, bootstrap, prefix, running)
        station = start_station(plan, place, bootstrap, prefix, running)
        wait_until_ready(worker, tracker, station, place)
        place.say(f"page: [bold]{station.page}[/bold] shows the strip live, as long as the demo runs")
        reader = RunReader(bootstrap, prefix)
        running.callback(reader.close)
        place.say(_announcement(plan))
        line = Line(
            plan, lambda plan: simulator_arguments(plan, bootstrap, prefix, manifest_path), place, running
        )
        run = ObservedRun()
        _follow(run, reader, (worker, tracker, station), line, plan, place)
        stages = _stages(worker, run.frames)
        wrong = _show(run, load_manifest(manifest_path), stages, plan, place)
        if reader.refused:
            wrong.append(f"{reader.refused} records of the results can't be read")
        for coil_id in sorted(run.coils):
            path = plan.out / f"{coil_id}.png"
            draw_map(coil_id, path, bootstrap, prefix, place)
            place.say(f"strip map: {short(path)}")
        parts = {"worker": worker, "tracker": tracker, "station": station}
        return [*wrong, *(said for name, part in parts.items() for said in _stopped(name, part))]


def _announcement(plan: DemoPlan) -> str:
    coils = f"{plan.coils} coil{'' if plan.coils == 1 else 's'} of {plan.frames_per_coil} frames"
    pace = f"{plan.fps:g} frames/s (a pace that two cores carry; --fps sets another)"
    return f"line: {coils}, {source_of(plan)}, at {pace}"


def _stopped(name: str, child: Child) -> Iterator[str]:
    code = child.stop()
    if code != 0:
        yield f"the {name} ended with exit code {code}, see {child.log}"


def _follow(
    run: ObservedRun,
    reader: RunReader,
    parts: Sequence[Child],
    line: Line[DemoPlan],
    plan: DemoPlan,
    place: Place,
) -> None:
    """Read until every coil has its verdict, telling alarms as they come.

    Raises ChildFailed when it comes to nothing.
    """
    seen, told_alarms, last_change = (-1, -1), 0, time.monotonic()
    patience_s = max(STALLED_S, plan.budget_s + VERDICT_AFTER_S)
    with _bar(place.console, plan.total_frames) as show:
        while not (line.finished() and run.closed(plan.coils)):
            reader.read(run, 0.1)
            show(run.frames)
            for alarm in run.alarms[told_alarms:]:
                place.say(f"[bold yellow]alarm[/bold yellow] {told(alarm)}")
            told_alarms = len(run.alarms)
            for part in parts:
                part.check()
            if (run.frames, run.verdicts) != seen:
                seen, last_change = (run.frames, run.verdicts), time.monotonic()
            elif time.monotonic() - last_change > patience_s:
                raise ChildFailed(_stalled(run, plan, parts, patience_s))
    place.say(f"line: {run.frames} frames inspected, {run.verdicts} verdicts")


def _stalled(run: ObservedRun, plan: DemoPlan, parts: Sequence[Child], for_s: float) -> str:
    words = "\n".join(f"{part.part} says:\n{part.last_words()}" for part in parts)
    return (
        f"nothing new for {for_s:.0f} s: {run.frames} of {plan.total_frames} frames are inspected, "
        f"{run.verdicts} of {plan.coils} verdicts are there\n{words}"
    )


@contextmanager
def _bar(console: Console, total: int) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("      inspected"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda done: progress.update(task, completed=done)


def _stages(worker: WorkerProcess, frames: int) -> list[Stage]:
    """Once the worker has counted what was already read: its counters move a moment after its commit."""
    stages: list[Stage] = []
    try:
        for _ in turns(3.0, 0.1, "the worker's counters"):
            stages = stage_table(worker.metrics() or "")
            if any(stage.name == WHOLE and stage.frames >= frames for stage in stages):
                break
    except ChildFailed:
        return stages
    return stages


def _show(
    run: ObservedRun, manifest: Manifest, stages: list[Stage], plan: DemoPlan, place: Place
) -> list[str]:
    """Print it all; what is wrong with it."""
    marks = outcomes(manifest, run)
    coils = [_shown(run.coils[coil_id], manifest, marks) for coil_id in sorted(run.coils)]
    place.console.print()
    place.console.print(coil_table(coils))
    if stages:
        place.console.print(stage_report(stages))
    for report in (coil.report for coil in coils if coil.report is not None):
        for line in verdict_lines(report):
            place.say(line)
    wrong = failures(run, [coil.summary for coil in coils], disagreements(manifest, run))
    # Of real frames nobody knows whether the model finds the one that comes again.
    return wrong if plan.frames is not None else [*wrong, *without_alarm(marks)]


def _shown(coil: ObservedCoil, manifest: Manifest, marks: tuple[MarkOutcome, ...]) -> ShownCoil:
    frames = (line for line in manifest.frames if line.coil_id == coil.coil_id)
    return ShownCoil(
        report=coil.report,
        summary=summarise(coil),
        found=found(frames, coil),
        marks=tuple(mark for mark in marks if mark.sent.coil_id == coil.coil_id),
    )


def failures(run: ObservedRun, summaries: Sequence[CoilSummary], differing: Sequence[str]) -> list[str]:
    """What is wrong with the coils, in sentences; empty when every frame is accounted for, in time."""
    wrong = [f"{s.coil_id}: {what}" for s in summaries for what in wrong_with(run.coils[s.coil_id], s)]
    more = len(differing) - SHOWN_DISAGREEMENTS
    return [*wrong, *differing[:SHOWN_DISAGREEMENTS], *([f"and {more} frames more"] if more > 0 else [])]
