"""Numbers with their units, as Grafana writes them or shorter."""

from __future__ import annotations

import math

_SECONDS = ((3600.0, "h"), (120.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_PER = {"h": 3600.0, "min": 60.0, "s": 1.0, "ms": 1e-3, "µs": 1e-6}
_BYTES = ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"))
_COUNTS = ((1e6, "M"), (1e4, "k"))


def with_unit(value: float, unit: str, decimals: int | None = None) -> str:
    """A number as a person reads it; three digits unless `decimals` are given."""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if unit == "s":
        return _seconds(value, decimals)
    if unit == "bytes":
        return _scaled(value, _BYTES, "B", decimals)
    if unit == "percentunit":
        return f"{_digits(value * 100, decimals)} %"
    suffix = unit.removeprefix("suffix:").strip() if unit.startswith("suffix:") else ""
    return _counted(value, decimals) + (f" {suffix}" if suffix else "")


def _seconds(value: float, decimals: int | None) -> str:
    if value == 0:
        return "0 s"
    for least, name in _SECONDS:
        if abs(value) >= least * (1 - 1e-9):
            return f"{_digits(value / _PER[name], decimals)} {name}"
    return f"{_digits(value / 1e-6, decimals)} µs"


def _scaled(value: float, scales: tuple[tuple[float, str], ...], plain: str, decimals: int | None) -> str:
    for least, name in scales:
        if abs(value) >= least:
            return f"{_digits(value / least, decimals)} {name}"
    return f"{_digits(value, decimals)} {plain}"


def _counted(value: float, decimals: int | None) -> str:
    for least, name in _COUNTS:
        if abs(value) >= least:
            per = 1e6 if name == "M" else 1e3
            return f"{_digits(value / per, decimals)} {name}"
    return _digits(value, decimals)


def _digits(value: float, decimals: int | None) -> str:
    if decimals is not None:
        return f"{value:.{decimals}f}"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"
