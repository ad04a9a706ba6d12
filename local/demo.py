"""`python -m local demo`: coils through the whole line, followed live and held against what was sent."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from local.children import ChildFailed, turns
from local.observed import ObservedRun
from local.plan import DemoPlan
from local.reading import RunReader
from local.report import coil_table, stage_report
from local.stack import Line, Place, broker_serving, run_topics, short, start_worker
from local.stages import WHOLE, Stage, stage_table
from local.strip_map import draw_strip_map
from local.summary import CoilSummary, summarise
from local.truth import disagreements, found
from local.worker import WorkerProcess
from producer_sim.manifest import Manifest, load_manifest

STALLED_S = 60.0
"""No new inspection for so long: something is wrong, and waiting does not mend it."""

SHOWN_DISAGREEMENTS = 5


def run_demo(plan: DemoPlan, place: Place) -> list[str]:
    """Show it; what went wrong with the frames, in sentences, empty when all is well.

    Raises ChildFailed, BrokerUnavailable, TopicsUnavailable, ManifestInvalid, KafkaException and
    KeyboardInterrupt.
    Whatever happens, the processes that it started are gone afterwards.
    """
    plan.out.mkdir(parents=True, exist_ok=True)
    manifest_path = plan.out / "manifest.jsonl"
    manifest_path.unlink(missing_ok=True)
    with ExitStack() as running:
        bootstrap = running.enter_context(broker_serving(place))
        prefix = f"demo-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{os.getpid()}."
        running.enter_context(run_topics(bootstrap, prefix, place))
        worker = start_worker(plan, place, bootstrap, prefix, running)
        reader = RunReader(bootstrap, prefix)
        running.callback(reader.close)
        line = Line(plan, place, bootstrap, prefix, manifest_path, running)
        run = ObservedRun()
        _follow(run, reader, worker, line, plan, place)
        stages = _stages(worker, run.frames)
        code = worker.stop()
    manifest = load_manifest(manifest_path)
    wrong = [] if code == 0 else [f"the worker ended with exit code {code}, see {worker.log}"]
    return [*wrong, *_show(run, manifest, stages, plan, place)]


def _follow(
    run: ObservedRun, reader: RunReader, worker: WorkerProcess, line: Line, plan: DemoPlan, place: Place
) -> None:
    """Read until every announced frame has an inspection. Raises ChildFailed when it comes to nothing."""
    last_frames, last_change = -1, time.monotonic()
    with _bar(place.console, plan.total_frames) as show:
        while not (line.finished() and run.complete(plan.coils)):
            reader.read(run, 0.1)
            show(run.frames)
            worker.check()
            if run.frames != last_frames:
                last_frames, last_change = run.frames, time.monotonic()
            elif time.monotonic() - last_change > STALLED_S:
                raise ChildFailed(_stalled(run, plan, worker))
    place.say(f"line: every one of {run.frames} announced frames has its inspection")


def _stalled(run: ObservedRun, plan: DemoPlan, worker: WorkerProcess) -> str:
    return (
        f"no inspection for {STALLED_S:.0f} s, {run.frames} of {plan.total_frames} are there; "
        f"the worker says:\n{worker.last_words()}"
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
    """Print and draw; what does not sum or agree."""
    summaries = [summarise(run.coils[coil_id]) for coil_id in sorted(run.coils)]
    truth = {c.coil_id: found(manifest.frames, run.coils[c.coil_id]) for c in summaries}
    place.console.print()
    place.console.print(coil_table(summaries, truth))
    if stages:
        place.console.print(stage_report(stages))
    for summary in summaries:
        path = plan.out / f"{summary.coil_id}.png"
        frames = [line for line in manifest.frames if line.coil_id == summary.coil_id]
        draw_strip_map(run.coils[summary.coil_id], summary, frames, path)
        place.say(f"strip map: {short(path)}")
    return failures(summaries, disagreements(manifest, run))


def failures(summaries: list[CoilSummary], differing: list[str]) -> list[str]:
    """What is wrong with the coils, in sentences; empty when every frame is accounted for."""
    wrong = [f"{s.coil_id}: {refusal}" for s in summaries for refusal in s.refusals]
    wrong += [f"{s.coil_id}: {s.total('missing')} frames missing" for s in summaries if s.total("missing")]
    wrong += [f"{s.coil_id}: past its deadline" for s in summaries if s.slack_s is None or s.slack_s < 0]
    more = len(differing) - SHOWN_DISAGREEMENTS
    wrong += differing[:SHOWN_DISAGREEMENTS] + ([f"and {more} frames more"] if more > 0 else [])
    return wrong
