"""docker-compose.yml read as a person's `docker compose up` would have it: no variable set."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tests.support.sources import ROOT

PATH = ROOT / "docker-compose.yml"
OURS = "coilwatch:"
"""How the names of the images begin that are built here."""


def _without_variables(text: str) -> str:
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


CONTENT: dict[str, Any] = yaml.safe_load(_without_variables(PATH.read_text(encoding="utf-8")))
SERVICES: dict[str, dict[str, Any]] = CONTENT["services"]
LINE = {name: service for name, service in SERVICES.items() if service["image"].startswith(OURS)}
"""The line's own services."""


def probe_url(service: str) -> str:
    """What the service's health check asks over HTTP."""
    urls = re.findall(r"http://[^'\"\s]+", " ".join(SERVICES[service]["healthcheck"]["test"]))
    assert len(urls) == 1, f"{service} is asked {urls}"
    return str(urls[0])


def probed_port(service: str) -> int:
    """The port of that."""
    found = re.match(r"http://127\.0\.0\.1:(\d+)/", probe_url(service))
    assert found, probe_url(service)
    return int(found[1])


def host_names() -> dict[str, str]:
    """Every name that the other containers know -> the service behind it."""
    names = {name: name for name in SERVICES}
    for name, service in SERVICES.items():
        for network in service.get("networks", {}).values():
            names |= {alias: name for alias in network.get("aliases", []) if alias not in SERVICES}
    return names


def mounts(service: str) -> dict[str, str]:
    """Where in the container -> from where: a path of the repository (./...) or a volume's name."""
    split = [volume.split(":") for volume in SERVICES[service].get("volumes", [])]
    return {target: source for source, target, *_ in split}
