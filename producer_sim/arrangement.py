"""In which order a run's exposures leave: lines side by side, coils one after another, cameras in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from contracts.identity import FRAMES_PER_BLOCK
from producer_sim.manifest import Fault

FaultAt = Callable[[int, int, int, int], Fault | None]
"""(line, coil, camera, frame_index), all from 0 -> the frame's fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunShape:
    """How many of everything, and what they are called."""

    lines: int
    coils: int | None  # a line, one after another; None: without end
    cameras: int  # a line, side by side across the strip
    frames_per_coil: int  # a camera
    coil_prefix: str

    @property
    def endless(self) -> bool:
        """Only who stops it ends it."""
        return self.coils is None

    @property
    def frames(self) -> int | None:
        """Exposures of the whole run; None without end."""
        if self.coils is None:
            return None
        return self.lines * self.coils * self.cameras * self.frames_per_coil

    def coil_numbers(self) -> Iterable[int]:
        """A line's coils, from 0."""
        return count() if self.coils is None else range(self.coils)

    @property
    def camera_ids(self) -> tuple[str, ...]:
        """Every line's cameras, from its drive side."""
        return tuple(f"camera-{number + 1}" for number in range(self.cameras))

    def line_id(self, line: int) -> str:
        """Name of a line (counted from 0)."""
        return f"line-{line + 1}"

    def coil_id(self, line: int, coil: int) -> str:
        """Name of a line's coil (both counted from 0)."""
        return f"{self.coil_prefix}{line + 1}-{coil + 1:03d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoilEnd:
    """The line's running coil has passed; the next one starts with its first exposure."""

    line: int
    coil: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """One frame to be sent, or dropped; `serial` counts through the run, whatever the order of sending."""

    line: int
    coil: int
    camera: int
    frame_index: int
    serial: int
    fault: Fault | None


Step = Exposure | CoilEnd


def arrange(shape: RunShape, fault_at: FaultAt) -> Iterator[Step]:
    """All steps of a run in the order of sending. Lines take turns, an exposure each."""
    running = [_line_steps(shape, fault_at, line) for line in range(shape.lines)]
    while running:
        still_running = []
        for steps in running:
            for step in steps:
                yield step
                if isinstance(step, Exposure):
                    still_running.append(steps)
                    break
        running = still_running


def _line_steps(shape: RunShape, fault_at: FaultAt, line: int) -> Iterator[Step]:
    for coil in shape.coil_numbers():
        for first in range(0, shape.frames_per_coil, FRAMES_PER_BLOCK):
            indices = range(first, min(first + FRAMES_PER_BLOCK, shape.frames_per_coil))
            blocks = [_block(shape, fault_at, line, coil, camera, indices) for camera in range(shape.cameras)]
            for exposures in zip(*blocks, strict=True):
                yield from exposures
        yield CoilEnd(line=line, coil=coil)


def _block(
    shape: RunShape, fault_at: FaultAt, line: int, coil: int, camera: int, indices: range
) -> list[Exposure]:
    """One camera's block in the order of sending: `reorder` swaps a frame with a neighbour that stayed."""
    faults = {index: fault_at(line, coil, camera, index) for index in indices}
    order, moved = list(indices), set[int]()
    for place, index in enumerate(order):
        if faults[index] is not Fault.REORDER or index in moved:
            continue
        for neighbour in (place + 1, place - 1):
            if 0 <= neighbour < len(order) and order[neighbour] not in moved:
                moved |= {index, order[neighbour]}
                order[place], order[neighbour] = order[neighbour], order[place]
                break
    first_serial = ((coil * shape.lines + line) * shape.cameras + camera) * shape.frames_per_coil
    return [
        Exposure(
            line=line,
            coil=coil,
            camera=camera,
            frame_index=index,
            serial=first_serial + index,
            fault=None if faults[index] is Fault.REORDER and index not in moved else faults[index],
        )
        for index in order
    ]
