"""What the worker publishes: an inspection a frame, a defect event a defective frame, dead letters."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from contracts.cloudevents import clip
from contracts.identity import MAX_SIDE_PX, ClassId, Count, FrameGeometry, FrameIdentity, Message, TimeNs
from contracts.rejections import Reason


class Fate(StrEnum):
    """What became of a received frame. received = clean + defective + unsegmented + dead_lettered."""

    CLEAN = "clean"
    DEFECTIVE = "defective"
    UNSEGMENTED = "unsegmented"
    DEAD_LETTERED = "dead_lettered"


class RecordId(Message):
    """Where a record lies in Kafka."""

    topic: str
    partition: Count
    offset: Count


class Inspection(FrameIdentity):
    """One for EVERY frame whose identity could be read: the ledger's entry. Key: `coil_id`.

    Only a dead-lettered frame has a `reason`; it has no gate score or threshold, and lacks the times that its
    headers did not say. Only a defective one has regions, or none when the segmenter could place nothing.
    A later inspection of the same `source` replaces an earlier one (an unsegmented frame that was segmented
    when there was slack); the same identity from another `source` is a duplicate.
    """

    fate: Fate
    gate_score: float | None = Field(default=None, ge=0, le=1)
    gate_threshold: float | None = Field(default=None, ge=0, le=1)
    regions_by_class: dict[ClassId, Count] = Field(
        default_factory=dict, description="class_id -> number of regions"
    )
    reason: Reason | None = None
    bundle: str = Field(
        description="Model bundle, name@first 12 digits of its card's sha256, then "
        "/preset/operating-point unless those are line and plant"
    )
    exposed_at_ns: TimeNs | None
    deadline_at_ns: TimeNs | None
    inspected_at_ns: TimeNs
    source: RecordId

    @model_validator(mode="after")
    def _fits_its_fate(self) -> Inspection:
        gated = self.gate_score is not None and self.gate_threshold is not None
        if self.fate is Fate.DEAD_LETTERED:
            if self.reason is None or self.gate_score is not None or self.gate_threshold is not None:
                raise ValueError(
                    "dead_lettered needs a reason, and has neither gate_score nor gate_threshold"
                )
        elif (
            self.reason is not None or not gated or self.exposed_at_ns is None or self.deadline_at_ns is None
        ):
            raise ValueError(
                f"{self.fate} needs gate_score, gate_threshold and both times, and has no reason"
            )
        if self.regions_by_class and self.fate is not Fate.DEFECTIVE:
            raise ValueError(f"{self.fate} has no regions")
        return self


class Box(Message):
    """Pixel box in the frame, inclusive of every bound. Rows run along the strip, columns across it."""

    row_min: int = Field(ge=0)
    col_min: int = Field(ge=0)
    row_max: int = Field(ge=0)
    col_max: int = Field(ge=0)


class BoxMm(Message):
    """The same box on the coil, in mm: along from its head, across from the strip's drive-side origin."""

    along_min_mm: float
    along_max_mm: float
    across_min_mm: float
    across_max_mm: float


class DefectRegion(Message):
    """One connected component of one class's mask."""

    class_id: ClassId
    class_name: str
    score: float = Field(ge=0, le=1, description="Mean probability over the region")
    area_px: int = Field(ge=1)
    area_mm2: float = Field(gt=0)
    box_px: Box
    box_mm: BoxMm
    mask_rle: str = Field(description="Column-major, 1-based `start length` pairs over the whole frame")


class DefectEvent(FrameIdentity, FrameGeometry):
    """One for every defective frame. Key: `coil_id`."""

    width_px: int = Field(gt=0, le=MAX_SIDE_PX)
    height_px: int = Field(gt=0, le=MAX_SIDE_PX)
    gate_score: float = Field(ge=0, le=1)
    regions: tuple[DefectRegion, ...]
    bundle: str
    exposed_at_ns: TimeNs
    deadline_at_ns: TimeNs
    inspected_at_ns: TimeNs
    source: RecordId


class DeadLetter(Message):
    """What can never be inspected. On the topic: the ORIGINAL key, value and headers, plus `dl_` headers."""

    reason: Reason
    detail: Annotated[str, AfterValidator(clip)] = Field(description="One sentence, at most 500 characters")
    source: RecordId
    rejected_at_ns: TimeNs
