"""Whether two runs came to the same results, frame by frame and to the last bit.

Compared are identity, fate, gate score and threshold, regions by class and reason; and, when both sides hold
defect events, every region with its class, score, area, box and mask. Times, offsets and the order in which
results were published say nothing about a result and are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from contracts.codec import MessageRejected, decode
from contracts.results import DefectEvent, Inspection, RecordId
from contracts.topics import DEFECTS, INSPECTIONS
from producer_sim.recording import Record
from producer_sim.refused import SimulatorRefused

Identity = tuple[str, str, str, int]
"""line, coil, camera, frame index; sorts as the frames lie on the coil."""

Results = dict[Identity, dict[RecordId, dict[str, Any]]]

INSPECTION_FIELDS = {"fate", "gate_score", "gate_threshold", "regions_by_class", "reason"}
EVENT_FIELDS = {"gate_score", "regions"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """One run's results by frame and source record: a frame that was sent twice has two.

    A later result of the same source record replaces the earlier one, as the contract says of inspections.
    """

    name: str
    inspections: Results = field(default_factory=dict)
    events: Results = field(default_factory=dict)
    bundles: Counter[str] = field(default_factory=Counter)


def read_outcomes(name: str, records: Iterable[Record]) -> Outcomes:
    """Collect a run's inspections and defect events. Raises SimulatorRefused when it holds no inspection."""
    outcomes = Outcomes(name=name)
    for record in records:
        if record.topic not in (INSPECTIONS, DEFECTS):
            continue
        try:
            message = decode(record.headers, record.value)
        except MessageRejected as rejected:
            where = f"{record.topic}/{record.partition}/{record.offset}"
            raise SimulatorRefused(f"{name} holds no result at {where}: {rejected}.") from None
        if isinstance(message, Inspection):
            outcomes.bundles[message.bundle] += 1
            compared = message.model_dump(include=INSPECTION_FIELDS)
            outcomes.inspections.setdefault(_identity(message), {})[message.source] = compared
        elif isinstance(message, DefectEvent):
            compared = message.model_dump(include=EVENT_FIELDS)
            outcomes.events.setdefault(_identity(message), {})[message.source] = compared
    if not outcomes.inspections:
        raise SimulatorRefused(f"{name} holds no inspections: there is nothing to compare.")
    return outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What comparing found; `first` is one sentence about the first difference, None when there is none."""

    frames: int
    different: int
    events_compared: bool
    first: str | None


def compare(a: Outcomes, b: Outcomes) -> Comparison:
    """Compare two runs, in the order in which the frames lie on the coils."""
    with_events = bool(a.events) and bool(b.events)
    frames = sorted(a.inspections.keys() | b.inspections.keys())
    found = [why for frame in frames if (why := _difference(frame, a, b, with_events=with_events))]
    return Comparison(
        frames=len(frames),
        different=len(found),
        events_compared=with_events,
        first=found[0] if found else None,
    )


def _difference(frame: Identity, a: Outcomes, b: Outcomes, *, with_events: bool) -> str | None:
    kinds = [("inspection", a.inspections, b.inspections)]
    if with_events:
        kinds.append(("defect event", a.events, b.events))
    for kind, of_a, of_b in kinds:
        left, right = (_ordered(of.get(frame, {})) for of in (of_a, of_b))
        where = "/".join(map(str, frame))
        if len(left) != len(right):
            return f"{where}: {len(left)} {kind}s in {a.name}, {len(right)} in {b.name}"
        for one, other in zip(left, right, strict=True):
            for name in one:
                if one[name] != other[name]:
                    said, but = _shown(name, one[name], other[name])
                    return f"{where}: {kind}'s {name} is {said} in {a.name}, {but} in {b.name}"
    return None


def _shown(name: str, one: object, other: object) -> tuple[str, str]:
    """Of two lists of regions only the first that differ: a mask alone can fill a screen."""
    if name == "regions" and isinstance(one, tuple | list) and isinstance(other, tuple | list):
        if len(one) != len(other):
            return f"{len(one)} regions", f"{len(other)} regions"
        for left, right in zip(one, other, strict=True):
            if left != right:
                field_name = next(key for key in left if left[key] != right[key])
                return f"{field_name} {_clipped(left[field_name])}", f"{_clipped(right[field_name])}"
    return _clipped(one), _clipped(other)


def _clipped(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _ordered(results: dict[RecordId, dict[str, Any]]) -> list[dict[str, Any]]:
    """Two results of one frame were published in an order that means nothing."""
    return sorted(results.values(), key=repr)


def _identity(message: Inspection | DefectEvent) -> Identity:
    return message.line_id, message.coil_id, message.camera_id, message.frame_index
