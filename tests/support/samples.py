"""What a registry holds, read as a scrape would."""

from __future__ import annotations

from prometheus_client import CollectorRegistry
from prometheus_client.samples import Sample


def summed(registry: CollectorRegistry, name: str, **labels: str) -> float:
    """The samples of this name with these labels, summed over the labels that are not named."""
    found = [
        sample.value
        for sample in _samples(registry)
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    assert found, f"no sample {name} {labels}"
    return sum(found)


def series(registry: CollectorRegistry) -> list[Sample]:
    """All that a scrape stores; when a counter was created is not told by a process of ours."""
    return [sample for sample in _samples(registry) if not sample.name.endswith("_created")]


def _samples(registry: CollectorRegistry) -> list[Sample]:
    return [sample for family in registry.collect() for sample in family.samples]
