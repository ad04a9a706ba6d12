"""Who a frame is, and where on the strip it lies."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

FRAMES_PER_BLOCK = 32
"""Consecutive frames that share a partition: all workers share a coil, and a batch still finds neighbours."""

MAX_SIDE_PX = 16_384
MAX_TIME_NS = 2**63 - 1

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
"""A line, coil or camera: safe in a key, a file name and a label."""

Count = Annotated[int, Field(ge=0, le=2**53 - 1, json_schema_extra={"format": "int64"})]
ClassId = Annotated[int, Field(ge=1, le=10_000)]
"""A kind of defect, 1-based, as in the bundle's card."""

TimeNs = Annotated[int, Field(ge=0, le=MAX_TIME_NS, json_schema_extra={"format": "int64"})]
"""Nanoseconds since the Unix epoch, UTC."""


class Message(BaseModel):
    """What every message shares: immutable; unknown fields of the same major are accepted and dropped."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class FrameIdentity(Message):
    """`line_id/coil_id/camera_id/frame_index`. A second record with the same identity is a duplicate."""

    line_id: Name
    coil_id: Name
    camera_id: Name
    frame_index: Count

    def __str__(self) -> str:
        return f"{self.line_id}/{self.coil_id}/{self.camera_id}/{self.frame_index}"

    @property
    def key(self) -> bytes:
        """The frame record's Kafka key, `coil_id/camera_id/block`."""
        block = self.frame_index // FRAMES_PER_BLOCK
        return f"{self.coil_id}/{self.camera_id}/{block}".encode()


class FrameGeometry(Message):
    """Where the frame lies: image x runs ACROSS the strip, image y ALONG it (the rolling direction)."""

    mm_per_px_across: float = Field(gt=0, le=100)
    mm_per_px_along: float = Field(gt=0, le=100)
    position_mm: float = Field(
        ge=0, le=1e8, description="Along the strip, from the coil's head to image row 0"
    )
    offset_mm: float = Field(default=0.0, ge=-1e5, le=1e5, description="Across the strip, to image column 0")
