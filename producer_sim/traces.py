"""A trace for each frame, as a camera's driver would begin it."""

from __future__ import annotations

from hashlib import blake2b


def traceparent_of(line_id: str, coil_id: str, camera_id: str, frame_index: int) -> str:
    """W3C trace context, sampled; of the frame's identity alone, so that the same run has the same traces."""
    digits = blake2b(f"{line_id}/{coil_id}/{camera_id}/{frame_index}".encode(), digest_size=24).hexdigest()
    return f"00-{digits[:32]}-{digits[32:]}-01"
