"""A record becomes a frame, or is rejected for a reason. Runs in the decode pool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consumer.ports import Record
from contracts.codec import ReadableFrame, read_frame_header, readable_identity
from contracts.frames import Encoding, FrameHeader
from contracts.rejections import FrameRejected, Reason
from model.card import InputSpec
from model.images import ImageInvalid, decode_grey

_MAGIC = {Encoding.JPEG: b"\xff\xd8", Encoding.PNG: b"\x89PNG\r\n\x1a\n"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A frame ready for the gate, or the reason why it never will be; `header` where it could be read."""

    header: FrameHeader | None
    pixels: NDArray[np.uint8] | None = None
    """(H / reduce, W / reduce) uint8, grey."""
    rejection: FrameRejected | None = None
    readable: ReadableFrame | None = None
    """Of a rejected frame: what it says of itself, where that can be trusted."""
    decoded_s: float


class Intake:
    """Decodes records for one model input. Safe to call from several threads: it holds no state."""

    def __init__(self, spec: InputSpec, clock: Callable[[], float]) -> None:
        self._spec = spec
        self._clock = clock

    def decode(self, record: Record) -> Decoded:
        """Never raises for a bad frame: the rejection comes back. Anything that it raises is a bug."""
        header: FrameHeader | None = None
        try:
            if not record.headers_readable:
                raise FrameRejected(Reason.HEADER_NOT_UTF8, "a header's name is not UTF-8")
            header = read_frame_header(record.key, record.headers)
            pixels = self._pixels(record.value, header)
        except FrameRejected as rejected:
            known = readable_identity(record.key, record.headers)
            return Decoded(header=header, rejection=rejected, readable=known, decoded_s=self._clock())
        return Decoded(header=header, pixels=pixels, decoded_s=self._clock())

    def _pixels(self, value: bytes | None, header: FrameHeader) -> NDArray[np.uint8]:
        if value is None:
            raise FrameRejected(Reason.NULL_VALUE, "the record has no value")
        if not value:
            raise FrameRejected(Reason.EMPTY_VALUE, "the record's value is empty")
        spec = self._spec
        if (header.width_px, header.height_px) != (spec.width_px, spec.height_px):
            raise FrameRejected(
                Reason.WRONG_SIZE,
                f"the header says {header.width_px}x{header.height_px} px, "
                f"the model takes {spec.width_px}x{spec.height_px}",
            )
        try:
            pixels = decode_grey(value, width_px=spec.width_px, height_px=spec.height_px, reduce=spec.reduce)
        except ImageInvalid as invalid:
            raise FrameRejected(Reason(invalid.kind), invalid.detail) from invalid
        if not value.startswith(_MAGIC[header.encoding]):
            raise FrameRejected(
                Reason.HEADER_CONTRADICTORY,
                f"content-type says {header.encoding}, the bytes are another format",
            )
        return pixels
