"""The image without Docker: its build steps by hand, then the services that run from it.

They run outside the checkout, with the commands, settings and health checks of docker-compose.yml.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from urllib.request import urlopen

import pytest

from consumer.service import Exit
from local.kafka.broker import LocalBroker
from local.kafka.ports import free_pair
from tests.support.compose import LINE, SERVICES, mounts, probe_url, probed_port
from tests.support.dockerfile import context_files
from tests.support.image_steps import ImageSteps, StepFailed
from tests.support.sources import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SCRIPTS = sorted(PROJECT["scripts"])
STARTS_AT_ONCE = "coilwatch-worker"
"""It has settings and no command line, so no --help either."""

READY_WITHIN_S = 120.0
PORTS = {
    "worker": "COILWATCH_METRICS_PORT",
    "coils": "COILWATCH_COILS_METRICS_PORT",
    "station": "COILWATCH_STATION_PORT",
}


class Image:
    """What the steps made, and how a process is started from it."""

    def __init__(self, steps: ImageSteps, home: Path) -> None:
        self.root = steps.root
        self.home = home
        self._environment = steps.environment("line") | {"HOME": str(home)}

    def run(self, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """To its end."""
        return subprocess.run(
            command, cwd=self.home, env=self._environment | settings,
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def start(self, command: list[str], settings: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
        """Go on beside it."""
        with log.open("wb") as out:
            return subprocess.Popen(
                command, cwd=self.home, env={**self._environment, **settings}, stdout=out, stderr=out
            )

    def files(self) -> dict[str, int]:
        """Every file of it, and when it was written."""
        return {str(path): path.lstat().st_mtime_ns for path in self.root.rglob("*") if not path.is_dir()}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    place = tmp_path_factory.mktemp("image")
    steps = ImageSteps(ROOT, place)
    try:
        steps.build("line")
    except StepFailed as failed:
        if os.environ.get("CI") == "true" or "No matching distribution" not in str(failed):
            raise
        pytest.skip(f"pip reaches no package index: {failed}")
    assert len(steps.noted) == 1, "only the making of the user was left out"
    (place / "home").mkdir()
    return Image(steps, place / "home")


def test_every_file_of_the_packages_is_installed(image: Image) -> None:
    (site,) = image.root.glob("opt/coilwatch/lib/python*/site-packages")
    ours = [file for file in context_files(ROOT) if len(file.parts) > 1]
    assert [str(file) for file in ours if not (site / file).is_file()] == []
    left_out = ("editables", "hatchling", "openvino_telemetry", "pip", "torch")
    assert [name for name in left_out if (site / name).exists()] == []


def test_nothing_comes_from_the_checkout(image: Image) -> None:
    ours = "consumer, contracts, local, model, monitoring, producer_sim, station"
    asked = f"import {ours}; print(*(m.__file__ for m in ({ours})), sep='\\n')"
    said = image.run("python", "-c", asked).stdout.splitlines()
    assert len(said) == 7
    assert [path for path in said if not Path(path).is_relative_to(image.root)] == []


@pytest.mark.parametrize("script", [name for name in SCRIPTS if name != STARTS_AT_ONCE])
def test_its_programs_start(image: Image, script: str) -> None:
    done = image.run(script, "--help")
    assert done.returncode == 0, done.stderr
    assert "usage" in done.stdout


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"COILWATCH_BUNDEL": "synthetic"}, "did you mean COILWATCH_BUNDLE?"),
        ({"COILWATCH_BUNDLE": "nowhere", "COILWATCH_METRICS_PORT": "0"}, "nowhere"),
        ({"COILWATCH_ENGINE": "torch", "COILWATCH_METRICS_PORT": "0"}, "coilwatch[torch]"),
    ],
)
def test_a_worker_refuses_to_start_with_a_sentence(image: Image, settings: dict[str, str], said: str) -> None:
    done = image.run(STARTS_AT_ONCE, **settings)
    assert done.returncode == Exit.REFUSED
    assert said in done.stderr
    assert "Traceback" not in done.stderr


# --- the services of docker-compose.yml ---


class Compose:
    """A service as compose would start it: only addresses and mounted paths are exchanged."""

    def __init__(self, image: Image, bootstrap_servers: str, folder: Path) -> None:
        self._image = image
        self._folder = folder
        self._exchanged = {"kafka:9092": bootstrap_servers, "0.0.0.0": "127.0.0.1"}
        for name in ("worker", "coils", "station", "alerts"):
            self._exchanged[str(probed_port(name))] = str(free_pair())
            self._exchanged |= {target: str(ROOT / source) for target, source in mounts(name).items()}

    def here(self, text: str) -> str:
        """A command's word or a setting's value as it must be on this machine."""
        for there, here in self._exchanged.items():
            text = text.replace(there, here)
        return text

    def command(self, name: str) -> list[str]:
        return [self.here(word) for word in LINE[name]["command"]]

    def settings(self, name: str) -> dict[str, str]:
        """With the port, which in a container is the default one."""
        found = {each: self.here(str(value)) for each, value in LINE[name].get("environment", {}).items()}
        port = PORTS.get(name)
        return found | ({port: self.here(str(probed_port(name)))} if port else {})

    def start(self, name: str, running: ExitStack) -> subprocess.Popen[bytes]:
        process = self._image.start(self.command(name), self.settings(name), self._folder / f"{name}.log")
        running.callback(process.wait)
        running.callback(process.kill)
        return process

    def healthy(self, name: str) -> bool:
        """Whether its health check holds now."""
        test = [self.here(word) for word in SERVICES[name]["healthcheck"]["test"]]
        assert test[0] == "CMD"
        return self._image.run(*test[1:]).returncode == 0

    def log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text(encoding="utf-8")[-3000:]

    def inspected(self) -> float:
        """Frames, by the worker's own count."""
        with urlopen(self.here(probe_url("worker").replace("/readyz", "/metrics")), timeout=5) as answer:
            text = answer.read().decode()
        return sum(float(count) for count in re.findall(r"(?m)^coilwatch_frames_total(?:{.*})? (\S+)", text))

    def wait_until(self, holds: Callable[[], bool], name: str, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + READY_WITHIN_S
        while not holds():
            assert process.poll() is None, f"{name} ended with {process.returncode}: {self.log(name)}"
            assert time.monotonic() < until, f"it waits in vain for {name}: {self.log(name)}"
            time.sleep(0.5)


@pytest.fixture
def running() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_the_services_run_as_compose_says(
    image: Image, own_broker: LocalBroker, running: ExitStack, tmp_path: Path
) -> None:
    compose = Compose(image, own_broker.bootstrap_servers, tmp_path)
    before = image.files()

    topics = image.run(*compose.command("topics"))
    assert topics.returncode == 0, topics.stderr
    assert not compose.healthy("worker"), "nobody answers yet"
    probed = ("worker", "coils", "station", "alerts")
    started = {name: compose.start(name, running) for name in (*probed, "simulator")}
    for name in probed:
        compose.wait_until(partial(compose.healthy, name), name, started[name])
    compose.wait_until(lambda: compose.inspected() > 0, "worker", started["worker"])
    assert started["simulator"].poll() is None, compose.log("simulator")

    for name, process in reversed(started.items()):
        process.send_signal(signal.SIGTERM)
        grace_s = float(SERVICES[name].get("stop_grace_period", "10s").removesuffix("s"))
        assert process.wait(grace_s) == Exit.STOPPED, compose.log(name)
    assert image.files() == before, "a container's own files are read-only"
    assert os.listdir(image.root) == ["opt"]
    assert os.listdir(image.home) == [], "nor is anything kept elsewhere"
