"""Staged coils: the messages that line control and a worker would leave of them, in order of time."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from contracts.coils import CoilEnded, CoilStarted
from contracts.frames import Encoding, FrameHeader
from contracts.identity import FRAMES_PER_BLOCK
from contracts.rejections import Reason
from contracts.results import DefectEvent, Fate, Inspection, RecordId
from model.synthesis import HEIGHT_PX, WIDTH_PX
from tests.support.staged_frames import CAMERA_MM, FRAME_MM, MM_ACROSS, MM_ALONG, Pressed, Scene, regions

CAMERAS = ("camera-1", "camera-2")
PARTITIONS = 6
SECOND_NS = 1_000_000_000
BUNDLE = "synthetic@0123456789ab"
ROLL_MM = 305.0
"""Diameter of the looper roll in the example rolls: its mark returns every 958 mm."""

Told = CoilStarted | CoilEnded | Inspection | DefectEvent
At = tuple[int, Told]
"""When it was written, and what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a coil is like."""

    frames: int = 600
    """Of each camera."""
    shares: Mapping[int, float] = field(default_factory=dict)
    """class_id -> share of frames that show it."""
    mark: tuple[int, float] | None = None
    """A damaged roll: class_id, middle of its lane in mm."""
    lane: tuple[int, float, int] | None = None
    """Something that scratches: class_id, middle of the lane in mm, how often."""
    dead_lettered: int = 0
    unsegmented: int = 0
    """In one stretch: the worker was behind."""
    missing: int = 0


GOOD = Recipe(shares={1: 0.006})
"""Released: a few single pits."""
ORDINARY = Recipe(shares={1: 0.02, 3: 0.012}, dead_lettered=1)
"""Held."""
MARKED = Recipe(
    shares={1: 0.02, 2: 0.001, 3: 0.03, 4: 0.004},
    mark=(1, 415.0),
    lane=(3, 905.0, 18),
    dead_lettered=4,
    unsegmented=36,
)
"""Some of everything."""
POOR = Recipe(shares={1: 0.03, 2: 0.006, 3: 0.05, 4: 0.012})
"""Rejected."""
INCOMPLETE = Recipe(shares={1: 0.01, 3: 0.01}, missing=2)
"""Held, and alarmed."""


@dataclass(frozen=True, kw_only=True)
class StagedCoil:
    """One coil by its recipe. A function of its number."""

    number: int
    coil_id: str
    started_at_ns: int
    recipe: Recipe
    line_id: str = "line-1"
    frames_per_s: float = 40.0
    """Of both cameras together."""
    budget_s: float = 90.0
    lag_s: float = 0.4
    """From exposure to inspection."""

    @property
    def length_mm(self) -> float:
        """Of the whole strip."""
        return self.recipe.frames * FRAME_MM

    @property
    def ended_at_ns(self) -> int:
        """When the last frame has passed."""
        return self.exposed_at_ns(1, self.recipe.frames - 1)

    @property
    def whole_at_ns(self) -> int:
        """When the last message was written."""
        return self.ended_at_ns + round((self.lag_s + 2.0) * SECOND_NS)

    @cached_property
    def scenes(self) -> dict[tuple[int, int], Scene]:
        """(camera, frame_index) -> what the frame shows."""
        pressed = self._pressed()
        return {place: self._scene(place, pressed.get(place, ())) for place in self._places()}

    def messages(self) -> Iterator[At]:
        """All of them."""
        return heapq.merge(iter([self._start()]), self._inspected(), self._tail(), key=lambda at: at[0])

    def exposed_at_ns(self, camera: int, index: int) -> int:
        """When a frame passed."""
        serial = index * len(CAMERAS) + camera
        return self.started_at_ns + round(serial / self.frames_per_s * SECOND_NS)

    def source(self, camera: int, index: int) -> RecordId:
        """Where the frame's record lies."""
        partition = (camera * 3 + index // FRAMES_PER_BLOCK + self.number) % PARTITIONS
        offset = self.number * 10_000 + index * len(CAMERAS) + camera
        return RecordId(topic="strip.frames.v1", partition=partition, offset=offset)

    def header(self, camera: int, index: int) -> FrameHeader:
        """What the frame's record says of it."""
        return FrameHeader(
            **self._frame(camera, index),
            **self._geometry(camera, index),
            exposed_at_ns=self.exposed_at_ns(camera, index),
            deadline_at_ns=self._deadline_at_ns,
            encoding=Encoding.JPEG,
        )

    @property
    def _deadline_at_ns(self) -> int:
        return self.started_at_ns + round(self.budget_s * SECOND_NS)

    def _places(self) -> Iterator[tuple[int, int]]:
        for index in range(self.recipe.frames):
            for camera in range(len(CAMERAS)):
                yield camera, index

    @cached_property
    def _fates(self) -> dict[tuple[int, int], Fate | None]:
        """Of frames that are not simply inspected; None: it never came."""
        rng, recipe = self._rng(1), self.recipe
        places = list(self._places())
        odd: dict[tuple[int, int], Fate | None] = {}
        from_place = int(0.55 * len(places))
        for place in places[from_place : from_place + recipe.unsegmented]:
            odd[place] = Fate.UNSEGMENTED
        for number in rng.choice(len(places), recipe.dead_lettered + recipe.missing, replace=False):
            dead = len([fate for fate in odd.values() if fate is Fate.DEAD_LETTERED]) < recipe.dead_lettered
            odd[places[number]] = Fate.DEAD_LETTERED if dead else None
        return odd

    def _scene(self, place: tuple[int, int], pressed: tuple[Pressed, ...]) -> Scene:
        camera, index = place
        luck, reached = float(self._rng(2, camera, index).random()), 0.0
        for class_id, share in self.recipe.shares.items():
            reached += share
            if luck < reached:
                return Scene(camera=camera, index=index % 97, class_id=class_id, pressed=pressed)
        return Scene(camera=camera, index=index, pressed=pressed)

    def _pressed(self) -> dict[tuple[int, int], tuple[Pressed, ...]]:
        found: dict[tuple[int, int], list[Pressed]] = {}
        for class_id, along_mm, across_mm in self._hits():
            camera = int(across_mm // CAMERA_MM)
            row, column = along_mm / MM_ALONG, (across_mm - camera * CAMERA_MM) / MM_ACROSS
            for index in (int(row // HEIGHT_PX), int(row // HEIGHT_PX) + 1):
                if index < self.recipe.frames:
                    stamp = Pressed(
                        class_id=class_id, row_px=round(row) - index * HEIGHT_PX, column_px=round(column) - 18
                    )
                    if stamp.row_px + 219 > 0 and stamp.row_px < HEIGHT_PX:
                        found.setdefault((camera, index), []).append(stamp)
        return {place: tuple(stamps) for place, stamps in found.items()}

    def _hits(self) -> Iterator[tuple[int, float, float]]:
        """class_id, where its first row lies along the strip, the middle of its lane."""
        rng, recipe = self._rng(3), self.recipe
        if recipe.mark is not None:
            class_id, lane_mm = recipe.mark
            period_mm = math.pi * ROLL_MM
            for turn in range(int((self.length_mm - 3000) // period_mm)):
                if rng.random() > 0.08:
                    yield class_id, 2310 + turn * period_mm + rng.normal(0, 1.5), lane_mm
        if recipe.lane is not None:
            class_id, lane_mm, times = recipe.lane
            for along_mm in rng.uniform(1000, self.length_mm - 1000, times):
                yield class_id, float(along_mm), lane_mm + float(rng.normal(0, 3))

    def _start(self) -> At:
        return self.started_at_ns, CoilStarted(
            **self._who(),
            started_at_ns=self.started_at_ns,
            budget_s=self.budget_s,
            cameras=CAMERAS,
            width_mm=len(CAMERAS) * CAMERA_MM,
        )

    def _inspected(self) -> Iterator[At]:
        for camera, index in self._places():
            fate = self._fates.get((camera, index), Fate.CLEAN)
            if fate is not None:
                at_ns = self.exposed_at_ns(camera, index) + round(self.lag_s * SECOND_NS)
                yield from self._of_frame(camera, index, fate, at_ns)

    def _tail(self) -> Iterator[At]:
        """The end; then what waited to be segmented is."""
        end = CoilEnded(
            **self._who(),
            ended_at_ns=self.ended_at_ns,
            frames_by_camera=dict.fromkeys(CAMERAS, self.recipe.frames),
            length_mm=self.length_mm,
        )
        yield self.ended_at_ns, end
        for (camera, index), fate in self._fates.items():
            if fate is Fate.UNSEGMENTED:
                yield from self._of_frame(camera, index, Fate.CLEAN, self.whole_at_ns)

    def _of_frame(self, camera: int, index: int, fate: Fate, at_ns: int) -> Iterator[At]:
        found = regions(self.scenes[camera, index], index) if fate is Fate.CLEAN else ()
        fate = Fate.DEFECTIVE if found else fate
        dead = fate is Fate.DEAD_LETTERED
        counts: dict[int, int] = {}
        for region in found:
            counts[region.class_id] = counts.get(region.class_id, 0) + 1
        score = 0.02 if fate is Fate.CLEAN else 0.93
        inspection = Inspection(
            **self._frame(camera, index),
            fate=fate,
            gate_score=None if dead else score,
            gate_threshold=None if dead else 0.03,
            regions_by_class=counts,
            reason=Reason.TRUNCATED_IMAGE if dead else None,
            bundle=BUNDLE,
            exposed_at_ns=self.exposed_at_ns(camera, index),
            deadline_at_ns=self._deadline_at_ns,
            inspected_at_ns=at_ns,
            source=self.source(camera, index),
        )
        yield at_ns, inspection
        if found:
            yield (
                at_ns,
                DefectEvent(
                    **self._frame(camera, index),
                    **self._geometry(camera, index),
                    gate_score=score,
                    regions=found,
                    bundle=BUNDLE,
                    exposed_at_ns=inspection.exposed_at_ns or 0,
                    deadline_at_ns=self._deadline_at_ns,
                    inspected_at_ns=at_ns,
                    source=inspection.source,
                ),
            )

    def _who(self) -> dict[str, str]:
        return {"line_id": self.line_id, "coil_id": self.coil_id}

    def _frame(self, camera: int, index: int) -> dict[str, object]:
        return {**self._who(), "camera_id": CAMERAS[camera], "frame_index": index}

    def _geometry(self, camera: int, index: int) -> dict[str, float | int]:
        return {
            "mm_per_px_across": MM_ACROSS,
            "mm_per_px_along": MM_ALONG,
            "position_mm": index * FRAME_MM,
            "offset_mm": camera * CAMERA_MM,
            "width_px": WIDTH_PX,
            "height_px": HEIGHT_PX,
        }

    def _rng(self, *stream: int) -> np.random.Generator:
        return np.random.default_rng([self.number, *stream])
