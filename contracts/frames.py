"""The frame record: image bytes as the value, everything else in CloudEvents binary-mode headers.

Source: CloudEvents 1.0.2, Kafka protocol binding, section 3.2 (binary content mode).
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from contracts.identity import MAX_SIDE_PX, FrameGeometry, FrameIdentity, TimeNs


class Encoding(StrEnum):
    """How a frame's bytes are encoded; the record's `content-type`."""

    JPEG = "image/jpeg"
    PNG = "image/png"


class FrameHeader(FrameIdentity, FrameGeometry):
    """Everything a frame record says about its image."""

    exposed_at_ns: TimeNs
    deadline_at_ns: TimeNs = Field(
        description="When the coil's verdict is due: the worker needs no second topic"
    )
    width_px: int = Field(gt=0, le=MAX_SIDE_PX)
    height_px: int = Field(gt=0, le=MAX_SIDE_PX)
    encoding: Encoding
    traceparent: str | None = Field(
        default=None, max_length=55, description="W3C trace context, passed through"
    )

    @property
    def identity(self) -> FrameIdentity:
        """Only the identity."""
        return FrameIdentity(
            line_id=self.line_id, coil_id=self.coil_id, camera_id=self.camera_id, frame_index=self.frame_index
        )
