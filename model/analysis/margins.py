"""How wide areas are drawn: every mask against its surroundings, and against itself on clean steel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.analysis.surroundings import DEPTHS_PX, STANDS_OUT, Likeness

SAYS = (
    "Share of a mask's pixels whose grey level and gradient lie where 95 % of the steel around it lies; "
    "beside it the same masks laid on clean frames, where nothing is to be found. Margin: how deep under the "
    "mask's edge the gradient is strongest, where it stands out at all."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One mask's likeness to its surroundings. gradient, unlike: (DEPTHS,) float64."""

    image_id: str
    class_id: int
    at: str
    like_share: float
    margin_px: float | None
    gradient: NDArray[np.float64]
    unlike: NDArray[np.float64]


def measured(image_id: str, class_id: int, at: str, found: Likeness) -> Measured:
    """Without the pixels, which would take 410 kB a mask."""
    return Measured(
        image_id=image_id,
        class_id=class_id,
        at=at,
        like_share=found.like_share,
        margin_px=found.margin_px,
        gradient=found.gradient,
        unlike=found.unlike,
    )


def describe(masks: Sequence[Measured], on_clean: Sequence[Measured]) -> dict[str, Any]:
    """By class; `on_clean` are the same masks laid on clean frames."""
    return {
        str(c): _of_class([m for m in masks if m.class_id == c], [m for m in on_clean if m.class_id == c])
        for c in sorted({m.class_id for m in masks})
    }


def _of_class(masks: Sequence[Measured], on_clean: Sequence[Measured]) -> dict[str, Any]:
    margins = [m.margin_px for m in masks if m.margin_px is not None]
    shares = [m.like_share for m in masks]
    null = [m.like_share for m in on_clean]
    bare = None
    if sum(null):  # a share `b` of bare steel, which looks like its surroundings as often as clean steel does
        bare = round(min(1.0, float(np.mean(shares)) / float(np.mean(null))), 4)
    return {
        "masks": len(masks),
        "like_share": quartiles(shares),
        "like_share_on_clean_steel": quartiles(null),
        "bare_share_at_most": bare,
        "masks_on_clean_steel": len(null),
        "no_different_from_clean": sum(s >= float(np.median(null)) for s in shares) if null else None,
        "rises_at_px": _rises_at(_pooled([m.gradient for m in masks])),
        "margin_px": quartiles(margins),
        "masks_with_an_edge": len(margins),
        "by_depth": {
            "depth_px": DEPTHS_PX.tolist(),
            "gradient": _pooled([m.gradient for m in masks]),
            "gradient_on_clean_steel": _pooled([m.gradient for m in on_clean]),
            "unlike": _pooled([m.unlike for m in masks]),
        },
    }


def _rises_at(gradient: Sequence[float | None], far_px: int = -8) -> int | None:
    """The depth where the pooled gradient is half way between outside and its peak; None without a peak."""
    known = [(int(d), g) for d, g in zip(DEPTHS_PX, gradient, strict=True) if g is not None]
    outside = [g for d, g in known if d <= far_px]
    peak = max((g for _, g in known), default=0.0)
    if not outside or peak < STANDS_OUT:
        return None
    half = (float(np.median(outside)) + peak) / 2
    return next(d for d, g in known if d > far_px and g >= half)


def quartiles(values: Sequence[float]) -> list[float] | None:
    """Lower quartile, median, upper quartile."""
    return [round(float(v), 4) for v in np.quantile(values, (0.25, 0.5, 0.75))] if len(values) else None


def _pooled(rows: Sequence[NDArray[np.float64]], least: int = 5) -> list[float | None]:
    """The median of the masks that reach a depth; None where fewer than `least` do."""
    if not rows:
        return [None] * DEPTHS_PX.size
    columns = [column[~np.isnan(column)] for column in np.stack(rows).T]
    return [round(float(np.median(c)), 4) if c.size >= least else None for c in columns]
