"""`python -m producer_sim replay|record|diff`: builds the parts from the command line and runs them."""

from __future__ import annotations

import signal
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Self

from contracts.topics import COIL_EVENTS, DEFECTS, FRAMES, INSPECTIONS
from producer_sim.arguments import parse
from producer_sim.diff import Outcomes, compare, read_outcomes
from producer_sim.progress import progress_bar
from producer_sim.recording import Record, Recording, RecordingWriter
from producer_sim.refused import SendFailed, SimulatorRefused
from producer_sim.replay_command import replay_new, replay_recording
from producer_sim.topic_range import Bound, TopicRange, belongs_to, consumer_configuration

INTERRUPTED = 130
_LIVE = "kafka:"


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 done, 1 the broker failed or diff found a difference, 2 refused, 130 interrupted.

    An endless run is done when it is stopped.
    """
    given = parse(arguments)
    try:
        given.properties = _properties(given)
        return _COMMANDS[given.command](given)
    except SimulatorRefused as refused:
        return _complain(str(refused), 2)
    except SendFailed as failed:
        return _complain(str(failed), 1)
    except KeyboardInterrupt:
        return _complain("Interrupted; nothing more was written.", INTERRUPTED)


def _complain(sentence: str, code: int) -> int:
    print(f"coilwatch-sim: {sentence}", file=sys.stderr)
    return code


def _properties(given: Namespace) -> dict[str, str]:
    """The file's properties, overridden by those on the command line."""
    found = dict[str, str]()
    if given.properties is not None:
        try:
            lines = given.properties.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SimulatorRefused(f"--properties {given.properties} cannot be read: {error}.") from None
        for number, line in enumerate(lines, start=1):
            if line.strip() and not line.lstrip().startswith("#"):
                name, equals, value = line.partition("=")
                if not equals:
                    raise SimulatorRefused(f"{given.properties}, line {number}: it is no NAME=VALUE.")
                found[name.strip()] = value.strip()
    found |= dict(given.property)
    if "bootstrap.servers" in found:
        raise SimulatorRefused("bootstrap.servers is no --property here: give --bootstrap-servers.")
    return found


class _Stop:
    """A flag that the first SIGINT or SIGTERM sets; a second SIGINT ends the program at once."""

    def __init__(self) -> None:
        self.requested = False

    def __enter__(self) -> Self:
        numbers = (signal.SIGINT, signal.SIGTERM)
        self._before = {number: signal.signal(number, self._request) for number in numbers}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _request(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _replay(given: Namespace) -> int:
    run = replay_new if given.recording is None else replay_recording
    with _Stop() as stop:
        complete = run(given, lambda: stop.requested, print)
    return 0 if complete else INTERRUPTED


def _record(given: Namespace) -> int:
    _require_folder(given.out)
    names = list(dict.fromkeys(given.topic or (FRAMES, COIL_EVENTS)))
    records = _live_records(given, given.topic_prefix, names, given.start, given.end)
    counts = Counter[str]()
    with progress_bar("Recording", None, "records", visible=True) as bar, RecordingWriter(given.out) as out:
        for record in records:
            out.write(record)
            counts[record.topic] += 1
            bar.step()
        if not counts:
            raise SimulatorRefused(f"There is no such record in {', '.join(names)}: nothing is written.")
    what = ", ".join(f"{count} of {name}" for name, count in sorted(counts.items()))
    print(f"Recorded {what} to {given.out}.")
    return 0


def _diff(given: Namespace) -> int:
    a, b = (_outcomes(given, side) for side in (given.a, given.b))
    result = compare(a, b)
    if a.bundles.keys() != b.bundles.keys():
        print(f"Bundles differ: {', '.join(a.bundles)} in {a.name}, {', '.join(b.bundles)} in {b.name}.")
    if result.first is not None:
        print(f"{result.different} of {result.frames} frames differ. First, {result.first}.")
        return 1
    also = ", every region of their defect events among it" if result.events_compared else ""
    print(f"No difference in {result.frames} frames{also}.")
    return 0


def _outcomes(given: Namespace, side: str) -> Outcomes:
    if side.startswith(_LIVE):
        whole = Bound(kind="beginning"), Bound(kind="end")
        prefix = side.removeprefix(_LIVE)
        return read_outcomes(side, _live_records(given, prefix, [INSPECTIONS, DEFECTS], *whole))
    records = _of_coils(Recording(Path(side)).records(), frozenset(given.coil))
    return read_outcomes(side, records)


def _live_records(
    given: Namespace, prefix: str, names: list[str], start: Bound, end: Bound
) -> Iterable[Record]:
    configuration = consumer_configuration(given.bootstrap_servers, given.properties)
    topics = TopicRange(configuration, topic_prefix=prefix, start=start, end=end)
    return _of_coils(topics.read(names), frozenset(given.coil))


def _of_coils(records: Iterable[Record], coil_ids: frozenset[str]) -> Iterable[Record]:
    return (record for record in records if belongs_to(record.key, coil_ids))


def _require_folder(path: Path) -> None:
    if not path.absolute().parent.is_dir():
        raise SimulatorRefused(f"There is no folder {path.parent} to write {path.name} into.")


_COMMANDS: dict[str, Callable[[Namespace], int]] = {"replay": _replay, "record": _record, "diff": _diff}
