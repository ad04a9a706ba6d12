"""The ports of a live line, each with the setting that changes it; checked before anything is started."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from local.kafka.ports import HOST, is_free

KAFKA_SETTING = "COILWATCH_LOCAL_KAFKA_PORT"


class PortsRefused(Exception):
    """Some are in use or make no sense; a sentence each, with the setting to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Port:
    title: str
    setting: str
    default: int
    watching: bool = False  # only with Prometheus and Alertmanager
    service: str = ""  # what Debian's package may have started on it

    def taken(self, number: int) -> str:
        """The sentence when somebody else listens there."""
        own = f", or end the system's own service (systemctl stop {self.service})" if self.service else ""
        return f"port {number} of {self.title} is in use: set {self.setting} to a free one{own}"


PORTS = {
    "station": _Port(title="the operator's page", setting="COILWATCH_STATION_PORT", default=8480),
    "worker": _Port(title="the worker's metrics", setting="COILWATCH_METRICS_PORT", default=9464),
    "tracker": _Port(title="the tracker's metrics", setting="COILWATCH_COILS_METRICS_PORT", default=9465),
    "prometheus": _Port(
        title="Prometheus",
        setting="COILWATCH_LOCAL_PROMETHEUS_PORT",
        default=9090,
        watching=True,
        service="prometheus",
    ),
    "alertmanager": _Port(
        title="Alertmanager",
        setting="COILWATCH_LOCAL_ALERTMANAGER_PORT",
        default=9093,
        watching=True,
        service="prometheus-alertmanager",
    ),
    "alerts": _Port(
        title="the alert listener", setting="COILWATCH_LOCAL_ALERTS_PORT", default=9466, watching=True
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where each part of a live line serves on this machine."""

    station: int
    worker: int
    tracker: int
    prometheus: int
    alertmanager: int
    alerts: int

    def refuse_taken(
        self, kafka: int | None, *, watched: bool, free: Callable[[int], bool] = is_free
    ) -> None:
        """Raises PortsRefused, which names all that are in use. `kafka` None: its broker serves already."""
        wanted = {name: getattr(self, name) for name, port in PORTS.items() if watched or not port.watching}
        wrong = [PORTS[name].taken(number) for name, number in wanted.items() if not free(number)]
        if kafka is not None and not (free(kafka) and free(kafka + 1)):
            wrong.append(
                f"port {kafka} of Kafka, or the next one, is in use (by no Kafka that answers): "
                f"set {KAFKA_SETTING} to a free one"
            )
        if wrong:
            raise PortsRefused("\n".join(wrong))


def read_ports(environment: Mapping[str, str], kafka: int) -> Ports:
    """The ports as the settings say. Raises PortsRefused when one makes no sense, or two are the same."""
    numbers = {name: _number(port, environment) for name, port in PORTS.items()}
    settings = {kafka: KAFKA_SETTING, kafka + 1: f"{KAFKA_SETTING} + 1"}
    for name, number in numbers.items():
        other = settings.setdefault(number, PORTS[name].setting)
        if other != PORTS[name].setting:
            raise PortsRefused(f"{PORTS[name].setting} and {other} are both {number}: give each its own port")
    return Ports(**numbers)


def free_page_port(environment: Mapping[str, str], free: Callable[[int], bool] = is_free) -> int | None:
    """The page's port for who starts nothing else that must be found; None: its own is taken, any will do.

    Raises PortsRefused when the one that was asked for makes no sense or is in use.
    """
    port = PORTS["station"]
    number = _number(port, environment)
    if free(number):
        return number
    if port.setting in environment:
        raise PortsRefused(port.taken(number))
    return None


def _number(port: _Port, environment: Mapping[str, str]) -> int:
    said = environment.get(port.setting, str(port.default))
    if not (said.isascii() and said.isdecimal()) or not 1024 <= int(said) <= 65_535:
        raise PortsRefused(f"{port.setting} is {said!r}: a port from 1024 to 65535")
    return int(said)


def address(port: int) -> str:
    """host:port of a port of this machine."""
    return f"{HOST}:{port}"
