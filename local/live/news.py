"""A live line's news as they come: alarms, verdicts, alerts; and how it does, in one line."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable

from local.observing.observed import ObservedCoil, ObservedRun
from local.observing.reading import RunReader
from local.observing.verdicts import told, verdict_lines

KEPT_COILS = 6
"""Coils whose messages are kept: the running one, those that wait for a verdict, some that are amended."""

RATE_OVER_S = 10.0


class News:
    """Reads the line's topics from here on, and says what a person should know."""

    def __init__(
        self,
        reader: RunReader,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._reader, self._say, self._clock, self._wall_ns = reader, say, clock, wall_ns
        self._run = ObservedRun()
        self._said: dict[str, int] = {}  # coil -> version of its report
        self._verdicts: Counter[str] = Counter()
        self._rate: deque[tuple[float, int]] = deque()

    def read(self, for_s: float) -> None:
        """Take in what is there, wait up to `for_s` for it, and say what is new. Raises KafkaException."""
        self._reader.read(self._run, for_s)
        self._tell_alarms()
        self._tell_verdicts()
        self._run.keep_newest(KEPT_COILS)
        self._said = {
            coil_id: version for coil_id, version in self._said.items() if coil_id in self._run.coils
        }
        self._note_rate()

    @property
    def waited_for(self) -> list[str]:
        """Coils that began under our eyes and have no verdict, or not the last one."""
        return [coil_id for coil_id, coil in self._run.coils.items() if coil.started and not coil.closed]

    def status(self) -> str:
        """One line: the running coil, the rate, verdicts so far."""
        running = [coil for coil in self._run.coils.values() if coil.started and not coil.ended]
        words = [self._of(coil) for coil in running] or ["no coil runs"]
        words.append(f"{self._frames_per_s():.1f} frames/s inspected, {self._run.frames:,} in all")
        if self._verdicts:
            counts = ", ".join(f"{count} {verdict}" for verdict, count in self._verdicts.most_common())
            words.append(f"verdicts: {counts}")
        return " · ".join(words)

    def _of(self, coil: ObservedCoil) -> str:
        at = "" if coil.reached_mm is None else f" at metre {coil.reached_mm / 1e3:.0f}"
        if coil.started is None:
            return f"{coil.line_id}: {coil.coil_id}{at}"
        left_s = (coil.started.deadline_at_ns - self._wall_ns()) / 1e9
        return f"{coil.line_id}: {coil.coil_id}{at}, its verdict due in {left_s:.0f} s"

    def _tell_alarms(self) -> None:
        for alarm in self._run.alarms:
            self._say(f"[bold yellow]alarm[/bold yellow] {told(alarm)}")
        self._run.alarms.clear()

    def _tell_verdicts(self) -> None:
        for coil in self._run.coils.values():
            report = coil.report
            if report is None or self._said.get(coil.coil_id) == report.report_version:
                continue
            if coil.coil_id not in self._said:
                self._verdicts[report.verdict] += 1
            self._said[coil.coil_id] = report.report_version
            for line in verdict_lines(report):
                self._say(line)

    def _note_rate(self) -> None:
        now_s = self._clock()
        self._rate.append((now_s, self._run.frames))
        while now_s - self._rate[0][0] > RATE_OVER_S:
            self._rate.popleft()

    def _frames_per_s(self) -> float:
        if len(self._rate) < 2:
            return 0.0
        (from_s, before), (to_s, after) = self._rate[0], self._rate[-1]
        return (after - before) / max(1e-9, to_s - from_s)
