"""When the frames that wait will be inspected: how many they are, over the rate that was measured."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from consumer.flight import Flight
from consumer.ladder import Rung
from consumer.ports import Clocks
from contracts.frames import FrameHeader

WINDOW_S = 10.0
"""A rate is that of the last commits within this: a share of defective frames that changes shows soon."""
LEAST_WINDOW_S = 1.0
"""A shorter one would hold five commits or fewer."""
FORGET_S = 10.0
"""A coil of which no frame was in flight for so long is not in sight any more."""
SATURATED_FRAMES = 64
"""With so many unfinished, two of the gate's batches, the worker had work all the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoilInSight:
    """A coil whose frames the worker holds, or held a moment ago."""

    line_id: str
    coil_id: str
    deadline_at_ns: int
    budget_s: float
    """The longest time that any of its frames had left at its exposure: nearly the coil's whole budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What is known of the near future; None: not known (yet). Seconds count from now."""

    outstanding: int | None
    """Frames in flight, and those that wait in the worker's partitions."""
    rate: float | None
    """Frames/s on the rung where the worker stands."""
    full_rate: float | None
    """Frames/s, when it last stood on `Rung.FULL`."""
    coil: CoilInSight | None
    """The one with the earliest deadline that can still be kept."""
    left_s: float | None
    """Until that deadline."""

    @property
    def finish_s(self) -> float | None:
        """Until the last frame outstanding is inspected."""
        return _seconds(self.outstanding, self.rate)

    @property
    def full_finish_s(self) -> float | None:
        """The same, were everything done for every frame."""
        return _seconds(self.outstanding, self.full_rate)

    @property
    def slack_s(self) -> float | None:
        """Between the predicted finish and the deadline; negative: late."""
        finish_s = self.finish_s
        return None if self.left_s is None or finish_s is None else self.left_s - finish_s


class RateMeter:
    """Frames/s of each rung, from commit to commit, while there was always one frame more to do.

    Only then: what a slow line delivers says nothing of what the worker can do. A rung that was left keeps
    its last rate.
    """

    def __init__(self) -> None:
        self._rates: dict[Rung, float] = {}
        self._commits: deque[tuple[float, int]] = deque()
        self._committed = 0
        self._rung = Rung.FULL

    def rate(self, rung: Rung) -> float | None:
        """The last one measured on this rung."""
        return self._rates.get(rung)

    def committed(self, frames: int, now_s: float, rung: Rung) -> None:
        """Count a commit."""
        if rung is not self._rung:
            self.interrupted()
            self._rung = rung
        self._committed += frames
        self._commits.append((now_s, self._committed))
        while now_s - self._commits[0][0] > WINDOW_S:
            self._commits.popleft()
        began_s, before = self._commits[0]
        if now_s - began_s >= LEAST_WINDOW_S and self._committed > before:
            self._rates[rung] = (self._committed - before) / (now_s - began_s)

    def interrupted(self) -> None:
        """The worker had to wait for frames: begin to measure again."""
        self._commits.clear()


class CoilsInSight:
    """The coils of the frames in flight, and those of a moment ago."""

    def __init__(self) -> None:
        self._coils: dict[str, tuple[CoilInSight, float]] = {}

    def see(self, header: FrameHeader, now_s: float) -> None:
        """Note the coil of a frame in flight."""
        left_s = (header.deadline_at_ns - header.exposed_at_ns) / 1e9
        known = self._coils.get(header.coil_id)
        coil = CoilInSight(
            line_id=header.line_id,
            coil_id=header.coil_id,
            deadline_at_ns=header.deadline_at_ns,
            budget_s=left_s if known is None else max(left_s, known[0].budget_s),
        )
        self._coils[header.coil_id] = (coil, now_s)

    def most_urgent(self, now_s: float, wall_ns: int) -> CoilInSight | None:
        """The earliest deadline still to come. One that has passed can't be kept: it drives nothing."""
        self._coils = {
            coil_id: (coil, seen_s)
            for coil_id, (coil, seen_s) in self._coils.items()
            if now_s - seen_s <= FORGET_S and coil.deadline_at_ns > wall_ns
        }
        return min((c for c, _ in self._coils.values()), key=lambda c: c.deadline_at_ns, default=None)


class Forecast:
    """Predicts when the frames outstanding are done.

    Conservative: ALL frames outstanding count against the earliest deadline in sight. A coil's frames lie in
    every partition, between those of others, and what waits behind cannot be told apart before it is taken.
    """

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks
        self._meter = RateMeter()
        self._coils = CoilsInSight()

    def committed(self, frames: int, rung: Rung) -> None:
        """Count frames whose fate is committed."""
        self._meter.committed(frames, self._clocks.monotonic_s(), rung)

    def look(
        self, *, backlog: int | None, in_flight: int, flights: Iterable[Flight], rung: Rung
    ) -> Prediction:
        """Predict.

        `backlog`: records that wait in the partitions, None while that is not known. `in_flight`: frames
        taken and not committed, of which `flights` are those that did not leave yet.
        """
        now_s, wall_ns = self._clocks.monotonic_s(), self._clocks.wall_ns()
        unfinished = backlog or 0
        for flight in flights:
            unfinished += not flight.finished
            if flight.header is not None:
                self._coils.see(flight.header, now_s)
        if unfinished < SATURATED_FRAMES:
            self._meter.interrupted()
        coil = self._coils.most_urgent(now_s, wall_ns)
        full_rate = self._meter.rate(Rung.FULL)
        return Prediction(
            outstanding=None if backlog is None else backlog + in_flight,
            rate=self._meter.rate(rung) or full_rate,  # a rung is at least as fast as the one above it
            full_rate=full_rate,
            coil=coil,
            left_s=None if coil is None else (coil.deadline_at_ns - wall_ns) / 1e9,
        )


def _seconds(frames: int | None, rate: float | None) -> float | None:
    if frames == 0:
        return 0.0
    return None if frames is None or rate is None else frames / rate
