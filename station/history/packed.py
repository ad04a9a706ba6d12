"""Whole reports, kept small: a report that lists 5,000 defects is 2 MB of JSON and 10 MB of objects."""

from __future__ import annotations

import zlib
from bisect import insort

from contracts.reports import CoilReport

BYTES_KEPT = 64 * 1024 * 1024
"""In all. Ordinary reports are a few kB, and the number of them is the bound; this one is for the others."""

Order = tuple[int, str]
"""Start and name, see `CoilSummary.order`."""


class PackedReports:
    """The newest whole reports, compressed; the oldest leave when they are too many or too large."""

    def __init__(self, reports_kept: int, bytes_kept: int = BYTES_KEPT) -> None:
        self._reports_kept = reports_kept
        self._bytes_kept = bytes_kept
        self._order: list[Order] = []
        """The oldest first."""
        self._packed: dict[Order, bytes] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._packed)

    @property
    def size_bytes(self) -> int:
        """Of all that is kept."""
        return self._bytes

    def put(self, order: Order, report: CoilReport) -> None:
        """Keep it, unless it is older than all that is kept and there is no room."""
        self.drop(order)
        if len(self._order) >= self._reports_kept and order < self._order[0]:
            return
        packed = zlib.compress(report.model_dump_json().encode(), level=1)
        self._packed[order] = packed
        self._bytes += len(packed)
        insort(self._order, order)
        while self._order and (len(self._order) > self._reports_kept or self._bytes > self._bytes_kept):
            self.drop(self._order[0])

    def get(self, order: Order) -> CoilReport | None:
        """None: it is not kept (any more)."""
        packed = self._packed.get(order)
        return None if packed is None else CoilReport.model_validate_json(zlib.decompress(packed))

    def drop(self, order: Order) -> None:
        """Forget it, if it is there."""
        packed = self._packed.pop(order, None)
        if packed is not None:
            self._order.remove(order)
            self._bytes -= len(packed)
