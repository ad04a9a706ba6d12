"""`manifest.jsonl`: what a run sent and which truth is known, so that any run can be checked afterwards.

One JSON object a line, told apart by `kind`: first the run, then its coils, then the roll marks that were put
onto them, then every frame that a camera exposed, also those that a fault kept from being sent. Written once,
at the end, atomically.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from contracts.identity import Count, FrameIdentity, Name, TimeNs
from contracts.rejections import Reason

FORMAT_VERSION: Final = 1


class Fault(StrEnum):
    """What `--fault` can do to a frame; one frame has at most one."""

    DROP = "drop"
    DUPLICATE = "duplicate"
    CORRUPT = "corrupt"
    TRUNCATE = "truncate"
    REORDER = "reorder"
    LATE = "late"
    WRONG_SIZE = "wrong-size"
    UNKNOWN_VERSION = "unknown-version"


EXPECTED_REASONS = {
    Fault.CORRUPT: Reason.CORRUPT_IMAGE,
    Fault.TRUNCATE: Reason.TRUNCATED_IMAGE,
    Fault.WRONG_SIZE: Reason.WRONG_SIZE,
    Fault.UNKNOWN_VERSION: Reason.UNKNOWN_VERSION,
}
"""Faults that end in a dead letter, and its reason. All others leave a frame that can be inspected."""


class ManifestInvalid(Exception):
    """No manifest, or a broken one; the text is one sentence."""


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Truth(_Line):
    """What is known to be on a frame."""

    classes: tuple[int, ...] = Field(
        description="Defect classes that it shows, ascending; empty: it is clean"
    )
    rle_by_class: dict[int, str] | None = Field(
        default=None, description="Masks; None: not known or not kept"
    )

    @property
    def defective(self) -> bool:
        """Whether the frame shows any defect."""
        return bool(self.classes)


class RunLine(_Line):
    """The run as a whole."""

    kind: Literal["run"] = "run"
    format_version: Literal[1] = FORMAT_VERSION
    source: str = Field(description="Where frames came from: `synthetic` or the folder's name")
    seed: int
    topic_prefix: str
    fault_probabilities: dict[Fault, float]
    started_at_ns: TimeNs
    ended_at_ns: TimeNs
    interrupted: bool = Field(description="Stopped before its end; what follows is what was really sent")
    failed: Count = Field(description="Records that the broker never acknowledged, coil events included")


class CoilLine(_Line):
    """One coil, as its CoilStarted and CoilEnded announced it."""

    kind: Literal["coil"] = "coil"
    line_id: Name
    coil_id: Name
    started_at_ns: TimeNs
    deadline_at_ns: TimeNs
    ended_at_ns: TimeNs | None
    announced_by_camera: dict[Name, Count] = Field(description="Exposed frames, dropped ones included")


class MarkLine(_Line):
    """One roll mark on one coil, up to where the coil ended. Positions are the middles of its hits."""

    kind: Literal["mark"] = "mark"
    line_id: Name
    coil_id: Name
    class_id: int
    lane_mm: float
    diameter_mm: float
    period_mm: float = Field(gt=0, description="As it was sent: on real frames a whole number of frames")
    hits_mm: tuple[float, ...] = Field(description="Sent; whether their frames were, their lines say")
    missed_mm: tuple[float, ...] = Field(description="Turns of the roll that left nothing")
    origin: str = Field(description="The frame that comes again, or `synthetic`")


class FrameLine(FrameIdentity):
    """One exposure."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["frame"] = "frame"
    exposed_at_ns: TimeNs
    sent: Count = Field(description="Times that the broker acknowledged its record; 0: it is missing")
    failed: Count = Field(default=0, description="Times that it was sent and never acknowledged")
    fault: Fault | None = None
    expected_reason: Reason | None = Field(default=None, description="None: it can be inspected")
    truth: Truth | None = Field(default=None, description="None: unknown")
    origin: str = Field(description="File name, or `synthetic/STRIP_SEED/INDEX`")

    @property
    def identity(self) -> FrameIdentity:
        """Only the identity."""
        return FrameIdentity(
            line_id=self.line_id, coil_id=self.coil_id, camera_id=self.camera_id, frame_index=self.frame_index
        )

    @property
    def missing(self) -> bool:
        """Announced, but never on the topic."""
        return self.sent == 0

    @property
    def inspectable(self) -> bool:
        """On the topic, and nothing about it that would make it a dead letter."""
        return self.sent > 0 and self.expected_reason is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A whole manifest."""

    run: RunLine
    coils: tuple[CoilLine, ...]
    frames: tuple[FrameLine, ...]
    marks: tuple[MarkLine, ...] = ()


_AnyLine = RunLine | CoilLine | MarkLine | FrameLine
_LINE: TypeAdapter[_AnyLine] = TypeAdapter(Annotated[_AnyLine, Field(discriminator="kind")])


def write_manifest(manifest: Manifest, path: Path) -> None:
    """Write it beside `path` first, then put it there: a reader never sees half of one."""
    partial = path.with_name(path.name + ".partial")
    lines: Iterable[BaseModel] = (manifest.run, *manifest.coils, *manifest.marks, *manifest.frames)
    with partial.open("w", encoding="utf-8") as out:
        out.writelines(line.model_dump_json() + "\n" for line in lines)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(path)


def load_manifest(path: Path) -> Manifest:
    """Read a manifest. Raises ManifestInvalid."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestInvalid(f"{path} cannot be read: {error}") from None
    lines = [_parse(path, number, line) for number, line in enumerate(text.splitlines(), start=1)]
    if not lines or not isinstance(lines[0], RunLine):
        raise ManifestInvalid(f"{path} does not start with a run: it is no manifest.")
    return Manifest(
        run=lines[0],
        coils=tuple(line for line in lines if isinstance(line, CoilLine)),
        frames=tuple(line for line in lines if isinstance(line, FrameLine)),
        marks=tuple(line for line in lines if isinstance(line, MarkLine)),
    )


def _parse(path: Path, number: int, line: str) -> _AnyLine:
    try:
        return _LINE.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "line"
        raise ManifestInvalid(f"{path}, line {number}: {where}: {first['msg']}") from None
