"""The live line as a newcomer runs it: every address answers, a killed worker comes back, Ctrl-C ends all."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.kafka.jars import jars_folder
from local.kafka.ports import BELOW_EPHEMERAL, free_pair, is_free
from local.live.addresses import PORTS
from local.processes.children import turns
from local.processes.leash import leashed
from tests.integration.conftest import LOCAL_HOME
from tests.support.marked_processes import MARK, kill_marked
from tests.support.watched_line import need_watching_programs

ROOT = Path(__file__).parents[2]
WITHIN_S = 90.0

pytestmark = pytest.mark.usefixtures("broker")  # java and the jars are there, or this is skipped

Up = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def watching() -> None:
    """Prometheus and Alertmanager are there, or this is skipped."""
    need_watching_programs()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of its own, with the jars that are fetched already."""
    home = tmp_path / "home"
    home.mkdir()
    jars = jars_folder(LOCAL_HOME)
    (home / jars.name).symlink_to(jars)
    return home


@pytest.fixture
def up(home: Path) -> Iterator[Up]:
    """Start `python -m local up` at ports of its own; all that it starts inherits a mark to be found by."""
    mark = uuid.uuid4().hex
    settings = {port.setting: str(_free_port()) for port in PORTS.values()}

    def start(*words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "local", "up", "--frames-per-coil", "30", *words],
            env={
                **os.environ,
                **settings,
                "COILWATCH_LOCAL_HOME": str(home),
                "COILWATCH_LOCAL_KAFKA_PORT": str(free_pair()),
                MARK: mark,
            },
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
        )  # fmt: skip

    yield start
    assert kill_marked(mark) == []


def _free_port() -> int:
    return next(port for port in iter(lambda: random.choice(BELOW_EPHEMERAL), None) if is_free(port))


def _until(process: subprocess.Popen[str], pattern: str) -> list[str]:
    """The lines up to the first with the pattern. A live line says something each half a minute at least."""
    assert process.stdout is not None
    give_up_at, lines = time.monotonic() + WITHIN_S, list[str]()
    for line in process.stdout:
        lines.append(line)
        if re.search(pattern, line):
            return lines
        if time.monotonic() > give_up_at:
            break
    process.kill()
    raise AssertionError(f"{pattern} was not said: {''.join(lines)}")


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10.0) as answer:
        text: str = answer.read().decode()
    return text


def _asked(page: str, of: str) -> dict[str, Any]:
    """What the page's own server says."""
    said: dict[str, Any] = json.loads(_get(f"{page}api/{of}"))
    return said


def _part(process: subprocess.Popen[str], *words: str) -> psutil.Process:
    """The child with these words at the end of its command line."""
    children = psutil.Process(process.pid).children()
    (found,) = (child for child in children if child.cmdline()[-len(words) :] == list(words))
    return found


@pytest.mark.usefixtures("watching")
def test_the_whole_line_runs_is_watched_and_ends(up: Up, home: Path) -> None:
    with up() as process:
        said = "".join(_until(process, "all of it runs"))
        urls = re.findall(r"http://127[.]0[.]0[.]1:\d+/\S*", said)
        assert len(urls) == 8
        told, page, *watching = urls
        assert told == page
        assert "<title>" in _get(page)
        assert _asked(page, "state")["broker"]["up"]
        worker_metrics, tracker_metrics, prometheus, alerts, *_ = map(_get, watching)
        assert "coilwatch_worker_ready 1.0" in worker_metrics
        assert "coilwatch_coils_ready 1.0" in tracker_metrics
        assert "<title>Prometheus" in prometheus
        assert "<title>Prometheus" in alerts

        _until(process, "alarm|by rules")
        verdict = _until(process, r"-1-00\d: .*(release|hold|reject).* by rules")[-1]
        assert "sim-" in verdict
        _until_every_target_is_up(watching[2].rstrip("/"))
        assert _asked(page, "coils")["coils"], "the history has the verdict"

        _part(process, "-m", "consumer").kill()
        _until(process, r"worker ended with exit code -9, it is started again \(1 of")
        _until(process, "worker: ready again")
        _until(process, "by rules")

        process.send_signal(signal.SIGINT)
        ended = "".join(_until(process, "ends its coil"))
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 0, ended + rest
    assert "by rules" in rest
    assert "no verdict yet" not in rest
    assert rest.splitlines()[-1].startswith("up  ended")
    assert (home / "up" / "prometheus" / "data").is_dir()


def _until_every_target_is_up(prometheus: str) -> None:
    for _ in turns(WITHIN_S, 0.2, "every target is up"):
        targets = json.loads(_get(f"{prometheus}/api/v1/targets"))["data"]["activeTargets"]
        if {target["labels"]["job"] for target in targets if target["health"] == "up"} == {
            "worker", "coils", "prometheus", "alertmanager",
        }:  # fmt: skip
            return


def test_a_hangup_while_it_starts_leaves_nothing_running(up: Up) -> None:
    with up("--line-only") as process:
        _until(process, "tracker: starting")
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 0, said
    assert "broker: stopping it again" in said


def test_without_its_broker_it_ends_and_says_so(up: Up) -> None:
    with up("--line-only") as process:
        _until(process, "all of it runs")
        _part(process, *_broker(process)).kill()
        said, _ = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 1
    assert re.search(r"up: the broker on port \d+ ended", said), said
    assert "Traceback" not in said


def _broker(process: subprocess.Popen[str]) -> list[str]:
    (words,) = (
        c.cmdline()[-2:] for c in psutil.Process(process.pid).children() if "kafka.Kafka" in c.cmdline()
    )
    return words


@pytest.mark.skipif(leashed([]) == [], reason="no setpriv that knows --pdeathsig on this machine")
def test_who_is_killed_takes_everything_along(up: Up) -> None:
    with up("--line-only") as process:
        _until(process, "all of it runs")
        children = psutil.Process(process.pid).children()
        process.kill()
    assert len(children) == 5
    assert psutil.wait_procs(children, timeout=WITHIN_S)[1] == []
