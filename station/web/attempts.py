"""How often a wrong token may be shown: few times a minute an address, in bounded memory."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_S = 60.0
FAILURES = 10
"""In a window. A token has 16 characters or more: this is for the log's and the processor's sake."""
ADDRESSES = 1024

_ALL_OTHERS = ""


@dataclass(slots=True)
class _Window:
    began_at_s: float
    failures: int = 0


class Attempts:
    """Counts failures by address. When the table is full, all further addresses share one entry.

    So nobody can push his own entry out by calling from many addresses.
    """

    def __init__(self, clock: Callable[[], float], addresses: int = ADDRESSES) -> None:
        self._clock = clock
        self._most = addresses
        self._windows: dict[str, _Window] = {}

    def wait_s(self, address: str) -> float:
        """How long this address must wait before its next attempt; 0: it may try."""
        window = self._windows.get(self._key(address))
        if window is None or window.failures < FAILURES:
            return 0.0
        return max(0.0, window.began_at_s + WINDOW_S - self._clock())

    def failed(self, address: str) -> None:
        """Count a wrong token."""
        now_s = self._clock()
        if len(self._windows) >= self._most:
            self._forget(now_s)
        key = self._key(address)
        window = self._windows.get(key)
        if window is None or now_s >= window.began_at_s + WINDOW_S:
            window = self._windows[key] = _Window(now_s)
        window.failures += 1

    def __len__(self) -> int:
        return len(self._windows)

    def _key(self, address: str) -> str:
        network = _network(address)
        if network in self._windows or len(self._windows) < self._most - 1:
            return network
        return _ALL_OTHERS

    def _forget(self, now_s: float) -> None:
        self._windows = {
            key: window for key, window in self._windows.items() if now_s < window.began_at_s + WINDOW_S
        }


def _network(address: str) -> str:
    """An IPv6 host has a whole /64 to call from."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64] or "unknown"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
