"""`replay`, put together: source, faults, pace and sink, then the manifest of what came of them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime

from pydantic import TypeAdapter, ValidationError

from contracts.identity import Name
from contracts.topics import COIL_EVENTS, FRAMES
from producer_sim.arguments import DEFAULT_SPEED_MPS, DEFAULT_SYNTHETIC_DEFECT_SHARE
from producer_sim.arrangement import RunShape
from producer_sim.faults import Faults
from producer_sim.folder_marks import FolderMarks
from producer_sim.folder_source import FolderSource, frame_size, list_frames
from producer_sim.labels import read_truths
from producer_sim.ledger import Ledger
from producer_sim.manifest import RunLine, Truth, write_manifest
from producer_sim.pace import Pace, SystemClock, frames_per_s
from producer_sim.progress import Bar, progress_bar
from producer_sim.recording import Recording
from producer_sim.refused import SendFailed, SimulatorRefused
from producer_sim.replay import LineSettings, Replay
from producer_sim.resend import resend
from producer_sim.roll_marks import Marking
from producer_sim.sink import KafkaSink, producer_configuration
from producer_sim.sources import FrameSource
from producer_sim.synthetic_marks import SyntheticMarks
from producer_sim.synthetic_source import SyntheticSource

MANY_COILS = 10**9
"""More than an endless run has: their ids must be allowed too."""

Should = Callable[[], bool]
Say = Callable[[str], None]


def replay_new(given: Namespace, should_stop: Should, say: Say) -> bool:
    """Send a new run and write its manifest. False when it was told to stop before its end, if it has one."""
    shape, faults = _shape(given), Faults(dict(given.fault), given.seed)
    source = _source(given, shape)
    if given.manifest is not None and not given.manifest.absolute().parent.is_dir():
        raise SimulatorRefused(f"There is no folder {given.manifest.parent} for the manifest.")
    ledger = Ledger(keep_frames=given.manifest is not None, keep_coils=not shape.endless)
    clock, complete = SystemClock(), False
    with progress_bar("Sending", shape.frames, "frames", visible=not given.no_progress) as bar:
        sink = _sink(given, bar, [FRAMES, COIL_EVENTS])
        pace = Pace(_frames_per_s(given, shape, source), clock, sink.idle)
        replay = Replay(
            shape=shape,
            settings=_line_settings(given),
            source=source,
            faults=faults,
            pace=pace,
            sink=sink,
            ledger=ledger,
        )
        started_at_ns = clock.wall_ns()
        try:
            complete = replay.run(should_stop, bar.step)
        finally:
            sink.close()
            ended_at_ns = clock.wall_ns()
            if given.manifest is not None:
                run = RunLine(
                    source=source.name,
                    seed=given.seed,
                    topic_prefix=given.topic_prefix,
                    fault_probabilities=faults.probabilities,
                    started_at_ns=started_at_ns,
                    ended_at_ns=ended_at_ns,
                    interrupted=not complete,
                    failed=sink.failed,
                )
                write_manifest(ledger.to_manifest(run), given.manifest)
    took_s = (ended_at_ns - started_at_ns) / 1e9
    say(" ".join([_summary(bar.done, "frames exposed", took_s, complete), *_details(given, ledger, pace)]))
    _require_acknowledged(sink)
    return complete


def replay_recording(given: Namespace, should_stop: Should, say: Say) -> bool:
    """Send a recording as it is. False when it was told to stop before its end."""
    recording = Recording(given.recording)
    clock = SystemClock()
    began_s = clock.monotonic_s()
    with progress_bar("Sending", len(recording), "records", visible=not given.no_progress) as bar:
        sink = _sink(given, bar, sorted(recording.topics))
        pace = Pace(given.fps, clock, sink.idle)
        try:
            complete = resend(
                recording,
                topic_prefix=given.topic_prefix,
                pace=pace,
                sink=sink,
                should_stop=should_stop,
                sent=bar.step,
            )
        finally:
            sink.close()
    say(_summary(bar.done, "records sent", clock.monotonic_s() - began_s, complete))
    _require_acknowledged(sink)
    return complete


def _sink(given: Namespace, bar: Bar, topics: list[str]) -> KafkaSink:
    sink = KafkaSink(producer_configuration(given.bootstrap_servers, given.properties), bar.say)
    sink.require_topics(topics, given.topic_prefix)
    return sink


def _shape(given: Namespace) -> RunShape:
    prefix = given.coil_prefix
    if prefix is None:
        prefix = f"sim-{datetime.now(UTC):%Y%m%d-%H%M%S}-"
    shape = RunShape(
        lines=given.lines,
        coils=None if given.endless else given.coils,
        cameras=given.cameras,
        frames_per_coil=given.frames_per_coil,
        coil_prefix=prefix,
    )
    try:
        TypeAdapter(Name).validate_python(shape.coil_id(shape.lines - 1, (shape.coils or MANY_COILS) - 1))
    except ValidationError:
        raise SimulatorRefused(
            f"--coil-prefix '{prefix}' makes no coil id: letters, digits and ._- are allowed, at most 64."
        ) from None
    return shape


def _line_settings(given: Namespace) -> LineSettings:
    return LineSettings(
        budget_s=given.budget_s, mm_per_px=given.mm_per_px, topic_prefix=given.topic_prefix, seed=given.seed
    )


def _source(given: Namespace, shape: RunShape) -> FrameSource:
    marking = Marking(
        marks=tuple(given.roll_mark),
        seed=given.seed,
        mm_per_px=given.mm_per_px,
        cameras=shape.cameras,
        frames_per_coil=shape.frames_per_coil,
    )
    if given.frames is None:
        share = DEFAULT_SYNTHETIC_DEFECT_SHARE if given.defect_share is None else given.defect_share
        marks = None
        if marking.marks:
            marks = SyntheticMarks(
                marking, width_px=SyntheticSource.width_px, height_px=SyntheticSource.height_px
            )
        return SyntheticSource(
            given.seed, share, distinct=given.distinct, with_masks=given.manifest_masks, marks=marks
        )
    return _folder_source(given, marking)


def _folder_source(given: Namespace, marking: Marking) -> FolderSource:
    paths = list_frames(given.frames, given.distinct)
    names = [path.name for path in paths]
    with_masks = given.manifest_masks or bool(marking.marks)
    truths = read_truths(names, given.frames, given.labels, with_masks=with_masks)
    marks = None
    if marking.marks:
        width_px, height_px = frame_size(paths[0])
        marks = FolderMarks(marking, truths, width_px=width_px, height_px=height_px)
    if not given.manifest_masks:
        truths = {name: Truth(classes=truth.classes) for name, truth in truths.items()}
    return FolderSource(paths, truths, seed=given.seed, defect_share=given.defect_share, marks=marks)


def _frames_per_s(given: Namespace, shape: RunShape, source: FrameSource) -> float | None:
    if given.flat_out:
        return None
    if given.fps is not None:
        return float(given.fps)
    return frames_per_s(
        given.speed_mps or DEFAULT_SPEED_MPS,
        height_px=source.height_px,
        mm_per_px=given.mm_per_px,
        streams=shape.lines * shape.cameras,
    )


def _summary(done: int, what: str, took_s: float, complete: bool) -> str:
    stopped = "" if complete else "Interrupted: "
    return f"{stopped}{done} {what} in {took_s:.1f} s ({done / max(took_s, 1e-9):,.0f}/s)."


def _details(given: Namespace, ledger: Ledger, pace: Pace) -> list[str]:
    named = ", ".join(coil.coil_id for coil in ledger.coils) or f"{ledger.begun}"
    parts = [f"Coils: {named}."] if ledger.begun else []
    if ledger.faults:
        counts = ", ".join(f"{count} {fault}" for fault, count in sorted(ledger.faults.items()))
        parts.append(f"Faults: {counts}.")
    if pace.behind_s > 1:
        parts.append(f"Fell behind its pace by up to {pace.behind_s:.1f} s.")
    if given.manifest is not None:
        parts.append(f"Manifest: {given.manifest}.")
    return parts


def _require_acknowledged(sink: KafkaSink) -> None:
    if sink.failed:
        raise SendFailed(f"{sink.failed} records were never acknowledged: {sink.first_error}.")
