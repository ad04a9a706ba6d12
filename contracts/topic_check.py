"""What differs between the topics on a broker and the contract, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contracts.topics import CO_PARTITIONED, FRAMES, TopicSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTopic:
    """A topic as the broker describes it; `config` holds at least what its TopicSpec names."""

    partitions: int
    config: Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as the contract says."""

    topic: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.what}; {self.remedy}"


def differences(specs: Sequence[TopicSpec], found: Mapping[str, FoundTopic]) -> list[Difference]:
    """Every difference, in the order of `specs`; empty when all is as it should be."""
    listed = [difference for spec in specs for difference in _of_topic(spec, found.get(spec.name))]
    return listed + _unequal_counts(specs, found)


def _of_topic(spec: TopicSpec, found: FoundTopic | None) -> list[Difference]:
    if found is None:
        return [Difference(topic=spec.name, what="does not exist", remedy="run this command without --check")]
    listed = [] if found.partitions == spec.partitions else [_partitions(spec, found.partitions)]
    return listed + [
        _config(spec.name, name, found.config.get(name), wanted)
        for name, wanted in spec.config.items()
        if found.config.get(name) != wanted
    ]


def _partitions(spec: TopicSpec, count: int) -> Difference:
    what = f"has {count} partitions, expected are {spec.partitions}"
    alter = f"kafka-topics.sh --alter --topic {spec.name} --partitions {spec.partitions}"
    if count > spec.partitions:
        remedy = (
            f"partitions cannot be removed: run this command with --partitions {count}, or delete the topic"
        )
    elif spec.kind == FRAMES:
        remedy = f"{alter} (at any time: no reader needs the order of frames)"
    else:
        remedy = f"{alter} (only while no coil is open: keys move to other partitions)"
    return Difference(topic=spec.name, what=what, remedy=remedy)


def _config(topic: str, name: str, value: str | None, wanted: str) -> Difference:
    alter = f"kafka-configs.sh --alter --entity-type topics --entity-name {topic}"
    return Difference(
        topic=topic,
        what=f"{name} is {value}, expected is {wanted}",
        remedy=f"{alter} --add-config {name}={wanted}",
    )


def _unequal_counts(specs: Sequence[TopicSpec], found: Mapping[str, FoundTopic]) -> list[Difference]:
    names = [spec.name for spec in specs if spec.kind in CO_PARTITIONED and spec.name in found]
    counts = {name: found[name].partitions for name in names}
    if len(set(counts.values())) < 2:
        return []
    most = max(counts.values())
    return [
        Difference(
            topic=name,
            what=f"has {count} partitions, topics that are read together with it have {most}",
            remedy="a coil's records would lie in different partitions: their counts must be equal",
        )
        for name, count in counts.items()
        if count != most
    ]
