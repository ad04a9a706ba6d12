"""Prometheus and Alertmanager come from the system's packages: which are here, which are missing."""

from __future__ import annotations

from dataclasses import dataclass

from local.packages import Package, PackagesMissing

PROMETHEUS = Package(name="prometheus", title="Prometheus", programs=("prometheus",))
# Debian's name for the program, then its own.
ALERTMANAGER = Package(
    name="prometheus-alertmanager", title="Alertmanager", programs=("prometheus-alertmanager", "alertmanager")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchingPrograms:
    """Paths of what watches the line."""

    prometheus: str
    alertmanager: str


def watching_programs(search_path: str | None = None) -> WatchingPrograms:
    """Both programs, looked for in PATH. Raises PackagesMissing, which names all that is missing."""
    prometheus, alertmanager = PROMETHEUS.find(search_path), ALERTMANAGER.find(search_path)
    if prometheus is None or alertmanager is None:
        raise PackagesMissing(missing_for_watching(search_path), "")
    return WatchingPrograms(prometheus=prometheus, alertmanager=alertmanager)


def missing_for_watching(search_path: str | None = None) -> list[Package]:
    """Those of both that are not here."""
    return [package for package in (PROMETHEUS, ALERTMANAGER) if package.find(search_path) is None]
