"""The shipped files of Prometheus and Alertmanager with this machine's addresses in the containers' place.

Only addresses and paths are exchanged: intervals, routes and labels are those that a plant gets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

SHIPPED = Path(__file__).resolve().parents[2] / "monitoring" / "prometheus"
RULES = SHIPPED / "rules.yml"

_DISCOVERED = "_sd_configs"
_STATIC = "static_configs"


class ConfigurationInvalid(Exception):
    """A shipped file is not there, or not of the shape that is exchanged here; the message is a sentence."""


def prometheus_configuration(
    targets: Mapping[str, Sequence[str]], rules: Path, alertmanager: str | None, shipped: Path = SHIPPED
) -> dict[str, Any]:
    """`prometheus.yml`: each job at its `targets` (host:port), the rules, and where alerts go.

    Jobs that `targets` does not name are left out; so are alerts when `alertmanager` is None.
    Raises ConfigurationInvalid.
    """
    path = shipped / "prometheus.yml"
    configuration = _load(path)
    jobs = {str(job["job_name"]): job for job in configuration.get("scrape_configs", [])}
    if unknown := sorted(targets.keys() - jobs.keys()):
        raise ConfigurationInvalid(f"{path} has no job {', '.join(unknown)}: it has {', '.join(jobs)}")
    configuration["scrape_configs"] = [
        _at(job, targets[name]) for name, job in jobs.items() if name in targets
    ]
    configuration["rule_files"] = [str(rules.resolve())]
    alerting = configuration.pop("alerting", None)
    if alertmanager is not None:
        if not alerting or len(alerting.get("alertmanagers", [])) != 1:
            raise ConfigurationInvalid(f"{path} names no Alertmanager, or more than one")
        configuration["alerting"] = {
            **alerting, "alertmanagers": [_at(alerting["alertmanagers"][0], [alertmanager])]
        }  # fmt: skip
    return configuration


def alertmanager_configuration(listener: str, shipped: Path = SHIPPED) -> dict[str, Any]:
    """`alertmanager.yml` with every webhook at `listener` (host:port). Raises ConfigurationInvalid."""
    path = shipped / "alertmanager.yml"
    configuration = _load(path)
    webhooks = [
        webhook
        for receiver in configuration.get("receivers", [])
        for webhook in receiver.get("webhook_configs", [])
    ]
    if not webhooks:
        raise ConfigurationInvalid(f"{path} has no webhook")
    for webhook in webhooks:
        webhook["url"] = urlsplit(str(webhook["url"]))._replace(netloc=listener).geturl()
    return configuration


def write(configuration: Mapping[str, Any], path: Path) -> None:
    """As YAML, in the order that it has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(dict(configuration), sort_keys=False), encoding="utf-8")


def _at(place: Mapping[str, Any], addresses: Sequence[str]) -> dict[str, Any]:
    """A scrape job, or an Alertmanager, at these addresses instead of those that it discovers."""
    kept = {name: value for name, value in place.items() if not name.endswith(_DISCOVERED)}
    labels = next((each["labels"] for each in kept.get(_STATIC, []) if each.get("labels")), None)
    static: dict[str, Any] = {"targets": list(addresses)}
    return {**kept, _STATIC: [static if labels is None else {**static, "labels": labels}]}


def _load(path: Path) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationInvalid(f"{path} cannot be read: {error}") from None
    if not isinstance(loaded, dict):
        raise ConfigurationInvalid(f"{path} holds no settings")
    return loaded
