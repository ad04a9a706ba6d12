"""Back-pressure by bytes in flight, with hysteresis."""

from __future__ import annotations


class BackPressure:
    """Hold above `high_bytes`, go on below `low_bytes`: a frame is never dropped to catch up."""

    def __init__(self, *, high_bytes: int, low_bytes: int) -> None:
        if not 0 < low_bytes < high_bytes:
            raise ValueError(f"need 0 < low_bytes < high_bytes, got {low_bytes} and {high_bytes}")
        self._high_bytes = high_bytes
        self._low_bytes = low_bytes
        self.bytes_in_flight = 0
        self.holding = False

    def add(self, count_bytes: int) -> None:
        """Count bytes in (or, negative, out). Returns nothing; see `holding`."""
        self.bytes_in_flight += count_bytes
        if self.bytes_in_flight >= self._high_bytes:
            self.holding = True
        elif self.bytes_in_flight <= self._low_bytes:
            self.holding = False
