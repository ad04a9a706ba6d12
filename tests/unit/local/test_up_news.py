"""What a live line says while it runs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from rich.text import Text

from contracts.alarms import Alarm
from local.live.news import KEPT_COILS, News
from local.observing.observed import ObservedRun
from tests.support.coil_run import STARTED_AT_NS, Told, alarm, ended, event, inspection, report, started


class Bench:
    """Gives what it is told to as the topics would."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.now_s = 0.0
        self._waiting: list[Told] = []
        self.news = News(
            self,  # type: ignore[arg-type]
            lambda line: self.said.append(Text.from_markup(line).plain),
            clock=lambda: self.now_s,
            wall_ns=lambda: STARTED_AT_NS + round(self.now_s * 1e9),
        )

    def read(self, run: ObservedRun, for_s: float) -> None:
        for message in self._waiting:
            run.add(message, seen_at_ns=0)
        self._waiting.clear()

    def comes(self, *messages: Told, after_s: float = 1.0) -> list[str]:
        """What is said of them."""
        self._waiting += messages
        self.now_s += after_s
        before = len(self.said)
        self.news.read(0.0)
        return self.said[before:]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_alarms_and_verdicts_are_said_once(bench: Bench) -> None:
    raised: Alarm = alarm(after_s=1.0)
    (said,) = bench.comes(started(), inspection(0), event(2), raised)
    assert said.startswith("alarm C1: ")
    assert bench.comes() == []

    verdict = bench.comes(ended({"top": 1}), report(verdict="hold"))
    assert verdict[0].startswith("C1: hold by rules")
    assert bench.comes() == []
    again = bench.comes(report(verdict="hold", report_version=2))
    assert "version 2 of its report" in again[0]
    assert "verdicts: 1 hold" in bench.news.status()


def test_the_status_is_one_line(bench: Bench) -> None:
    assert bench.news.status() == "no coil runs · 0.0 frames/s inspected, 0 in all"
    bench.comes(started())
    frames: Sequence[Told] = [inspection(n) for n in range(20)]
    bench.comes(*frames, after_s=2.0)
    assert bench.news.status() == (
        "line-1: C1, its verdict due in 297 s · 10.0 frames/s inspected, 20 in all"
    )


def test_what_is_waited_for_began_under_our_eyes(bench: Bench) -> None:
    bench.comes(inspection(0, coil="before"), started(), inspection(0))
    assert bench.news.waited_for == ["C1"]
    bench.comes(ended({"top": 1}), report())
    assert bench.news.waited_for == []


def test_only_the_newest_coils_are_kept_and_all_are_counted(bench: Bench) -> None:
    for number in range(3 * KEPT_COILS):
        bench.comes(started(f"C{number}"), inspection(0, coil=f"C{number}"))
    assert bench.news.waited_for == [f"C{number}" for number in range(2 * KEPT_COILS, 3 * KEPT_COILS)]
    assert f"{3 * KEPT_COILS} in all" in bench.news.status()
