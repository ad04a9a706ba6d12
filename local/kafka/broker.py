"""One broker of our own: format, start, wait until it serves, stop, kill."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local.kafka.jars import HERE, fetch_jars, jars_folder
from local.kafka.ports import HOST, is_free, serves
from local.kafka.prerequisites import BrokerUnavailable, java, missing_for_broker
from local.kafka.processes import command_line, end, kill
from local.kafka.settings import render, server_properties
from local.packages import Package
from local.processes.leash import leashed

CLUSTER_ID = "coilwatch-local-node-w"
START_WITHIN_S = 60.0
STOP_WITHIN_S = 20.0

JVM = ("-Xms64m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""Chosen by measuring on 2 cores: serving after 1.8-2.0 s against 3.4-3.8 s with the JVM's own choice; 6,000
records of 100 kB in 60 transactions cost 2.5-2.8 s of the broker's CPU against 5.8-9.5 s, 305 MB resident
against 400-450. A class archive (CDS) takes 0.8 s more off the start, but is 50 MB to keep: left."""


def _silent(_: str) -> None:
    return None


class LocalBroker:
    """A broker on `port` (controller on the next one), data in `home`; knows it again from another process.

    `local_home` keeps the jars for all brokers. `say` is told what takes time.
    """

    def __init__(
        self, port: int, home: Path, *, local_home: Path | None = None, say: Callable[[str], None] = _silent
    ) -> None:
        self.port = port
        self.home = home.resolve()
        self._local_home = local_home or self.home.parent
        self._say = say
        self._properties = self.home / "server.properties"
        self._pid_file = self.home / "broker.pid"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        """What clients connect to."""
        return f"{HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The living broker's process; None when there is none, also when the pid file is stale."""
        try:
            pid = int(self._pid_file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
        return pid if str(self._properties) in command_line(pid) else None

    def serves(self, within_s: float = 1.0) -> bool:
        """Our broker is there and answers a metadata request."""
        return self.pid is not None and serves(self.bootstrap_servers, within_s=within_s)

    def fetch(self) -> Path:
        """The folder with the broker's jars, fetched now if need be. Raises BrokerUnavailable."""
        java()
        return fetch_jars(self._local_home, self._say)

    def missing_packages(self) -> list[Package]:
        """What this machine lacks to start it."""
        return missing_for_broker(jars_are_here=jars_folder(self._local_home).is_dir())

    def check(self) -> None:
        """Raises BrokerUnavailable when its process is gone."""
        if self.pid is None:
            raise BrokerUnavailable(f"the broker on port {self.port} ended, it says: {self._last_words()}")

    def start(self, *, on_leash: bool = False) -> bool:
        """Start and wait until it serves. False when it already did. Raises BrokerUnavailable.

        It lives on when our process ends, unless it is `on_leash`.
        """
        with self._only_one_starts():
            if self.pid is not None:
                self._wait_until_it_serves()
                return False
            self._refuse_taken_ports()
            program = java()
            classpath = ":".join(str(jar) for jar in sorted(self.fetch().glob("*.jar")))
            self._format(program, classpath)
            self._launch(program, classpath, on_leash=on_leash)
            self._wait_until_it_serves()
            return True

    def stop(self) -> bool:
        """Controlled shutdown, killed when it takes longer than 20 s. False when none ran."""
        pid = self.pid
        if pid is not None:
            end(pid, str(self._properties), grace_s=STOP_WITHIN_S)
        self._forget()
        return pid is not None

    def kill(self) -> None:
        """SIGKILL: what a power cut does to the process. The data stays."""
        pid = self.pid
        if pid is not None:
            kill(pid, str(self._properties))
        self._forget()

    def restart(self) -> None:
        """Stop and start on the same data and port."""
        self.stop()
        self.start()

    def clean(self) -> None:
        """Stop, and remove data and logs."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def _refuse_taken_ports(self) -> None:
        for port in (self.port, self.port + 1):
            if not is_free(port):
                raise BrokerUnavailable(
                    f"port {port} is taken by another program: set COILWATCH_LOCAL_KAFKA_PORT to a free port "
                    f"(the one after it is used too)"
                )

    def _format(self, program: str, classpath: str) -> None:
        """Write the properties; format storage that is new."""
        data = self.home / "data"
        properties = server_properties(port=self.port, controller_port=self.port + 1, data=data)
        self._properties.write_text(render(properties), encoding="utf-8")
        if (data / "meta.properties").exists():
            return
        words = ["format", "-t", CLUSTER_ID, "-c", str(self._properties), "--standalone"]
        run = subprocess.run(
            [program, *self._jvm(), "-cp", classpath, "kafka.tools.StorageTool", *words],
            capture_output=True, text=True, check=False, start_new_session=True,
        )  # fmt: skip
        if run.returncode != 0:
            said = (run.stderr or run.stdout).strip()[-500:]
            raise BrokerUnavailable(f"Kafka could not format {data}: {said}")

    def _launch(self, program: str, classpath: str, *, on_leash: bool) -> None:
        """Its own session: a Ctrl-C meant for the caller does not reach it."""
        command = [program, *self._jvm(), "-cp", classpath, "kafka.Kafka", str(self._properties)]
        with (self.home / "stdout.log").open("wb") as stdout:
            self._child = subprocess.Popen(
                leashed(command) if on_leash else command,
                stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.STDOUT,
                start_new_session=True, cwd=self.home,
            )  # fmt: skip
        self._pid_file.write_text(str(self._child.pid), encoding="ascii")

    def _jvm(self) -> tuple[str, ...]:
        return (
            *JVM,
            f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}",
            f"-Dcoilwatch.kafka.home={self.home}",
        )

    def _wait_until_it_serves(self) -> None:
        """In slices, so that a broker that died is noticed at once."""
        for _ in range(round(START_WITHIN_S)):
            if serves(self.bootstrap_servers, within_s=1.0):
                return
            if self.pid is None:
                break
        self.stop()
        raise BrokerUnavailable(f"the broker on port {self.port} does not serve: {self._last_words()}")

    def _last_words(self) -> str:
        texts = [(self.home / name) for name in ("broker.log", "stdout.log")]
        said = " ".join(text.read_text(errors="replace")[-600:] for text in texts if text.exists())
        return " ".join(said.split()) or "none"

    def _forget(self) -> None:
        self._pid_file.unlink(missing_ok=True)
        if self._child is not None:
            self._child.wait()
            self._child = None

    @contextmanager
    def _only_one_starts(self) -> Iterator[None]:
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "starting.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
