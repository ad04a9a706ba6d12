"""What was odd about a coil, in words for its report. Each of them keeps a coil from being released."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from consumer.coils.ledger.lines import LineBook
from contracts.coils import CoilEnded, CoilStarted

MOST_NOTES = 20
LONGEST_NOTE = 300
"""Characters."""


def notes(starts: Sequence[CoilStarted], book: LineBook, others: Iterable[LineBook]) -> tuple[str, ...]:
    """In a fixed order, so that they do not depend on that of the records.

    `starts`: all that differ, the one that counts first; `book`: the line whose coil it is; `others`: lines
    that sent something under its id.
    """
    said = [
        *_of_starts(starts),
        *_of_ends(book.ends),
        *_of_cameras(starts, book),
        *_of_frames(book),
        *_of_others(sorted(others, key=lambda other: other.line_id)),
    ]
    if len(said) > MOST_NOTES:
        said[MOST_NOTES - 1 :] = [f"and {len(said) - MOST_NOTES + 1} more oddities"]
    return tuple(note if len(note) <= LONGEST_NOTE else f"{note[: LONGEST_NOTE - 1]}…" for note in said)


def _of_starts(starts: Sequence[CoilStarted]) -> Iterator[str]:
    if len(starts) > 1:
        words = "; ".join(f"on {s.line_id} at {s.started_at_ns} ns for {s.budget_s:g} s" for s in starts)
        yield f"line control started it {len(starts)} times: {words}; the earliest counts"


def _of_ends(ends: Sequence[CoilEnded]) -> Iterator[str]:
    if len(ends) > 1:
        words = "; then ".join(_announcement(end) for end in ends)
        yield f"line control ended it {len(ends)} times: with {words}; the last counts"


def _announcement(end: CoilEnded) -> str:
    return (
        ", ".join(f"{n:,} of {camera}" for camera, n in sorted(end.frames_by_camera.items())) or "no frames"
    )


def _of_cameras(starts: Sequence[CoilStarted], book: LineBook) -> Iterator[str]:
    """Who is named by the start and who by the end must be the same, and no others have frames."""
    ended = book.ended
    if ended is not None and starts:
        only_started = set(starts[0].cameras) - ended.frames_by_camera.keys()
        if only_started:
            yield f"the end does not name {_listed(only_started)}, which the start does"
        only_ended = ended.frames_by_camera.keys() - set(starts[0].cameras)
        if only_ended:
            yield f"the end names {_listed(only_ended)}, which the start does not"
    unknown = {camera for camera, frames in book.cameras.items() if frames.distinct}
    unknown -= set() if ended is None else ended.frames_by_camera.keys()
    unknown -= set(starts[0].cameras) if starts else set()
    if unknown and (ended is not None or starts):
        frames = sum(book.cameras[camera].distinct for camera in unknown)
        yield f"{_frames(frames)} of {_listed(unknown)}, which line control does not name"


def _of_frames(book: LineBook) -> Iterator[str]:
    surplus = sum(camera.surplus for camera in book.cameras.values())
    if surplus:
        yield f"{_frames(surplus)} beyond the announced number"
    if book.ended is not None and not any(book.ended.frames_by_camera.values()):
        yield "it ended with no frames"
    awaiting = sum(camera.awaiting_regions for camera in book.cameras.values())
    if awaiting:
        yield f"the defects of {_frames(awaiting)} are not known: their defect events are missing"


def _of_others(others: Iterable[LineBook]) -> Iterator[str]:
    for other in others:
        ended = ", and an end" if other.ends else ""
        yield f"{_frames(other.distinct)}{ended} of {other.line_id} under this coil's id: not counted"


def _frames(number: int) -> str:
    return f"{number:,} {'frame' if number == 1 else 'frames'}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
