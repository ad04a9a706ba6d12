"""A part that is started again when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.processes.children import ChildFailed
from local.processes.interruption import Interruption
from local.processes.kept import MOST_IN_A_ROW, STEADY_S, Kept


@dataclass
class FakePart:
    """Ends when told."""

    log: Path
    exit_code: int | None = None
    ready: bool = False
    stopped: bool = False

    def is_ready(self) -> bool:
        return self.ready

    def last_words(self) -> str:
        return self.log.read_text()

    def check(self) -> None:
        if self.exit_code is not None:
            raise ChildFailed(f"it ended with exit code {self.exit_code}")

    def stop(self) -> None:
        self.stopped = True


class Bench:
    def __init__(self, folder: Path) -> None:
        self.parts: list[FakePart] = []
        self.said: list[str] = []
        self.now_s = 0.0
        self.running = ExitStack()
        self._folder = folder
        self.kept = Kept(
            "worker",
            self._start,  # type: ignore[arg-type]
            running=self.running,
            interruption=Interruption(),
            say=self.said.append,
            clock=lambda: self.now_s,
        )

    def _start(self) -> FakePart:
        log = self._folder / "worker.log"
        log.write_text(f"part {len(self.parts)}\nlast [word]\n")
        self.parts.append(FakePart(log))
        return self.parts[-1]

    def die(self) -> None:
        self.parts[-1].exit_code = -9
        self.kept.check()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    with bench.running:
        yield bench


def test_a_part_that_ends_is_said_and_started_again(bench: Bench, tmp_path: Path) -> None:
    bench.kept.check()
    assert bench.said == []

    bench.die()
    (said,) = bench.said
    assert (
        "exit code -9, it is started again (1 of at most 5 in a row); its last words: last \\[word]" in said
    )
    assert (tmp_path / "worker.before.log").read_text().startswith("part 0")

    bench.now_s += 6.5
    bench.kept.check()
    assert len(bench.said) == 1
    bench.parts[-1].ready = True
    bench.kept.check()
    bench.kept.check()
    assert bench.said[1:] == ["worker: ready again after 6.5 s"]


def test_too_many_times_in_a_row_ends_the_whole(bench: Bench) -> None:
    for _ in range(MOST_IN_A_ROW):
        bench.die()
    with pytest.raises(ChildFailed, match="exit code -9"):
        bench.die()
    assert len(bench.parts) == 1 + MOST_IN_A_ROW


def test_one_that_ran_for_long_is_counted_anew(bench: Bench) -> None:
    for _ in range(3 * MOST_IN_A_ROW):
        bench.die()
        bench.parts[-1].ready = True
        bench.kept.check()
        bench.now_s += STEADY_S + 1
        bench.kept.check()
    assert {said.partition("(")[2][:1] for said in bench.said if "(" in said} == {"1"}


def test_the_one_that_runs_last_is_stopped(bench: Bench) -> None:
    bench.die()
    bench.running.close()
    assert [part.stopped for part in bench.parts] == [False, True]
