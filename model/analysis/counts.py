"""The dataset's table: how many frames show which class, how large it is, and which come together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from model.frames.annotations import Areas

QUANTILES: Final = (0.02, 0.25, 0.5, 0.75, 0.98)


def count(areas_px: Areas, pixels_per_frame: int) -> dict[str, Any]:
    """areas_px: image id -> class -> pixels (0: not known), an empty mapping for a clean frame."""
    classes = sorted({c for areas in areas_px.values() for c in areas})
    by_number = Counter(len(areas) for areas in areas_px.values())
    clean = by_number.pop(0, 0)
    total_px = max(1, pixels_per_frame * len(areas_px))
    return {
        "frames": len(areas_px),
        "defective": len(areas_px) - clean,
        "clean": clean,
        "by_number_of_classes": {str(n): by_number[n] for n in sorted(by_number)},
        "by_class": {str(c): _of_class(areas_px, c, total_px) for c in classes},
        "together": {
            str(one): {
                str(other): sum(one in areas and other in areas for areas in areas_px.values())
                for other in classes
            }
            for one in classes
        },
    }


def _of_class(areas_px: Areas, class_id: int, total_px: int) -> dict[str, Any]:
    sizes = np.array([areas[class_id] for areas in areas_px.values() if class_id in areas], np.int64)
    pixels, known = int(sizes.sum()), sizes[sizes > 0]
    return {
        "frames": len(sizes),
        "pixels": pixels,
        "share_of_pixels": round(pixels / total_px, 6),
        "area_px_quantiles": {
            f"{q:g}": round(float(value))
            for q, value in zip(QUANTILES, np.quantile(known if known.size else [0], QUANTILES), strict=True)
        },
    }


def as_text(table: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The table as the terminal shows it."""
    numbers = ", ".join(
        f"{frames:,} with {_classes(n)}" for n, frames in table["by_number_of_classes"].items()
    )
    lines = [
        f"{table['frames']:,} frames: {table['defective']:,} defective ({numbers}), {table['clean']:,} clean",
        f"{'class':<14}{'frames':>8}{'pixels':>14}{'of all px':>11}{'median area':>13}{'98 % below':>12}",
    ]
    for class_id, one in table["by_class"].items():
        quantiles = one["area_px_quantiles"]
        lines.append(
            f"{names[class_id]:<14}{one['frames']:>8,}{one['pixels']:>14,}{one['share_of_pixels']:>11.3%}"
            f"{quantiles['0.5']:>13,}{quantiles['0.98']:>12,}"
        )
    return "\n".join(lines)


def _classes(number: str) -> str:
    return "one class" if number == "1" else f"{number} classes"
