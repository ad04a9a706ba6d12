"""The ribbon under the strip map: what became of every frame, a row a camera."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from consumer.coils.drawing.strip_drawing import FAINT, INK, PAPER, StripDrawing
from contracts.results import Fate

CLEAN, DEFECTIVE, UNSEGMENTED, DEAD_LETTERED, MISSING = range(5)
"""Codes, the worse the higher: of frames that share a cell the worst is shown."""

WORDS = ("clean", "defective", "unsegmented", "dead-lettered", "missing")
COLOURS = ("#DDE3E6", "#5B6C7D", "#F0E442", "#000000", "#D55E00")
CODE_OF = {
    Fate.CLEAN: CLEAN,
    Fate.DEFECTIVE: DEFECTIVE,
    Fate.UNSEGMENTED: UNSEGMENTED,
    Fate.DEAD_LETTERED: DEAD_LETTERED,
}
MOST_CELLS = 2000
MOST_ROWS = 6
"""Cameras that get a row of their own; of more, one row shows the worst."""

Codes = NDArray[np.int64]


def rows(drawing: StripDrawing) -> dict[str, Codes]:
    """By camera, one code a frame, or a few frames where they are more than the picture has pixels."""
    if drawing.fates is None:
        return {}
    found = {
        camera: _squeezed(_codes(drawing.fates.get(camera, {}), ledger.announced))
        for camera, ledger in sorted(drawing.ledger_by_camera.items())
        if ledger.announced
    }
    if len(found) <= MOST_ROWS:
        return found
    cells = max(codes.size for codes in found.values())
    stretched = [_stretched(codes, cells) for codes in found.values()]
    return {f"{len(found)} cameras": np.max(stretched, axis=0)}


def draw_ribbon(axes: Axes, by_camera: Mapping[str, Codes], length_m: float) -> None:
    """One cell a frame. `by_camera`: of `rows`."""
    axes.set_xlabel("along the coil, m", color=INK)
    axes.tick_params(axis="x", colors=FAINT)
    axes.tick_params(axis="y", length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    if not by_camera:
        axes.set_yticks([])
        return
    cells = max(codes.size for codes in by_camera.values())
    picture = np.array([to_rgb(c) for c in COLOURS])[
        np.stack([_stretched(c, cells) for c in by_camera.values()])
    ]
    bounds = (0.0, length_m, float(len(by_camera)), 0.0)
    axes.imshow(picture, extent=bounds, aspect="auto", interpolation="nearest")
    axes.set_yticks(np.arange(len(by_camera)) + 0.5, list(by_camera), color=INK, fontsize=9)
    for border in range(1, len(by_camera)):
        axes.axhline(border, color=PAPER, linewidth=2.0)


def write_legend(figure: Figure, by_camera: Mapping[str, Codes], bottom: float) -> None:
    """The ribbon's colours, of the fates that occur."""
    occurring = sorted({int(code) for codes in by_camera.values() for code in np.unique(codes)})
    handles = [Patch(color=COLOURS[code], label=WORDS[code]) for code in occurring]
    figure.legend(
        handles=handles, loc="lower right", bbox_to_anchor=(0.99, bottom), ncols=max(1, len(handles)),
        frameon=False, fontsize=10, labelcolor=INK, handlelength=1.0, columnspacing=1.2, borderaxespad=0.0,
    )  # fmt: skip


def _codes(fates: Mapping[int, Fate], frames: int) -> Codes:
    codes = np.full(frames, MISSING, np.int64)
    for index, fate in fates.items():
        if index < frames:
            codes[index] = CODE_OF[fate]
    return codes


def _squeezed(codes: Codes) -> Codes:
    """At most MOST_CELLS: what a person should look at must not hide behind its neighbours."""
    if codes.size <= MOST_CELLS:
        return codes
    return np.maximum.reduceat(codes, _borders(MOST_CELLS, codes.size))


def _stretched(codes: Codes, cells: int) -> Codes:
    stretched: Codes = codes[_borders(cells, codes.size)]
    return stretched


def _borders(cells: int, of: int) -> Sequence[int]:
    return [cell * of // cells for cell in range(cells)]
