"""What good steel looks like to a line camera: rolled texture, lighting, stains and strip edges.

Image x runs across the strip, image y along it (the rolling direction), so texture is stretched along y.
Grey levels follow the real set: medians of mean 92, deviation 36, neighbour difference 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
"""(H, W) float32 grey levels, not yet clipped to 0..255."""

_TILE_HEIGHT_PX, _TILE_WIDTH_PX = 768, 3200


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """Noise of unit deviation, larger than a frame, which takes a random window of each: drawing is cheap."""

    grain: Grey
    streaks: Grey
    scale: Grey
    sparkle: Grey


@lru_cache(maxsize=1)
def tiles() -> Tiles:
    """The one set of tiles (40 MB, made on first use in about 0.3 s, the same in every process)."""
    rng = np.random.default_rng(20_240_611)

    def noise(sigma_x: float, sigma_y: float) -> Grey:
        white = rng.standard_normal((_TILE_HEIGHT_PX, _TILE_WIDTH_PX), dtype=np.float32)
        blurred = cv2.GaussianBlur(white, (0, 0), sigmaX=sigma_x, sigmaY=sigma_y)
        return np.asarray(blurred / blurred.std(), dtype=np.float32)

    return Tiles(
        grain=noise(0.55, 0.75),
        streaks=noise(0.9, 16.0),
        scale=(0.8 * noise(5.0, 26.0) + 0.6 * noise(1.3, 7.0)).astype(np.float32),
        sparkle=np.maximum(noise(0.9, 1.3) - 2.0, 0.0).astype(np.float32),
    )


def window(tile: Grey, rng: np.random.Generator, height_px: int, width_px: int) -> Grey:
    """A random (height_px, width_px) window of a tile, mirrored at random."""
    top = int(rng.integers(0, tile.shape[0] - height_px + 1))
    left = int(rng.integers(0, tile.shape[1] - width_px + 1))
    step_y, step_x = (int(s) for s in rng.choice((-1, 1), 2))
    return tile[top : top + height_px, left : left + width_px][::step_y, ::step_x]


def smooth_profile(rng: np.random.Generator, length: int, knots: int) -> Grey:
    """(length,) a smooth random curve in about -1..1 through that many knots."""
    values = rng.uniform(-1, 1, (1, knots)).astype(np.float32)
    return np.asarray(cv2.resize(values, (length, 1), interpolation=cv2.INTER_CUBIC)[0], dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What all frames of one coil share: its steel, its lamps, where its edges lie."""

    grey: float
    grain: float
    streaks: float
    ripple: float
    ripple_period_px: float
    ripple_tilt: float
    scale: float
    sparkle: float
    bands: Grey  # (W,) grey levels, constant along the strip
    light: Grey  # (W,) gain
    scale_lanes: Grey  # (W,) 0..1
    sparkle_lanes: Grey  # (W,) 0..1
    left_px: int
    right_px: int


def draw_look(rng: np.random.Generator, width_px: int) -> Look:
    """Draw a coil's look."""
    left, right = _edges(rng, width_px)
    fine = cv2.GaussianBlur(rng.standard_normal((1, width_px), dtype=np.float32), (0, 0), 1.5)[0]
    wide = smooth_profile(rng, width_px, 40)
    lamp_at = rng.uniform(0.2, 0.8)
    across = np.linspace(0, 1, width_px, dtype=np.float32)
    falloff = 1 - rng.uniform(0.4, 1.4) * (across - lamp_at) ** 2
    return Look(
        grey=float(rng.uniform(65, 140)),
        grain=float(rng.uniform(4.0, 10.0)),
        streaks=float(rng.uniform(1.5, 5.0)),
        ripple=float(rng.uniform(2.0, 7.0)) if rng.random() < 0.4 else 0.0,
        ripple_period_px=float(rng.uniform(6, 14)),
        ripple_tilt=float(rng.normal(0, 0.004)),
        scale=float(rng.uniform(8, 34)) if rng.random() < 0.65 else 0.0,
        sparkle=float(rng.uniform(40, 160)) if rng.random() < 0.4 else 0.0,
        bands=np.asarray(2.0 * fine + rng.uniform(3, 11) * wide, dtype=np.float32),
        light=np.asarray(falloff * (1 + 0.12 * smooth_profile(rng, width_px, 6)), dtype=np.float32),
        scale_lanes=np.clip(smooth_profile(rng, width_px, 12) + 0.2, 0, 1),
        sparkle_lanes=np.clip(smooth_profile(rng, width_px, 9), 0, 1),
        left_px=left,
        right_px=right,
    )


def _edges(rng: np.random.Generator, width_px: int) -> tuple[int, int]:
    """First and past-the-last column that show steel; a third of the real frames show a black edge."""
    side = rng.random()
    black = int(width_px * rng.uniform(0.03, 0.55))
    if side < 0.17:
        return black, width_px
    if side < 0.34:
        return 0, width_px - black
    return 0, width_px


def steel(look: Look, rng: np.random.Generator, height_px: int, width_px: int) -> Grey:
    """A frame of good steel, (height_px, width_px) float32, without its black edges."""
    noise = tiles()
    grain = window(noise.grain, rng, height_px, width_px)
    streaks = window(noise.streaks, rng, height_px, width_px)
    texture = cv2.addWeighted(grain, look.grain, streaks, look.streaks * rng.uniform(0.7, 1.3), 0.0)
    texture += look.grey * rng.uniform(0.92, 1.08) + look.bands
    if look.ripple:
        texture += _ripple(look, rng, height_px, width_px)
    if look.scale:
        flakes = window(noise.scale, rng, height_px, width_px)
        texture -= np.clip(flakes * 3 - 3.0, 0, 1) * (look.scale * look.scale_lanes)
    if look.sparkle:
        texture += window(noise.sparkle, rng, height_px, width_px) * (look.sparkle * look.sparkle_lanes)
    texture *= _gain(look, rng, height_px, width_px)
    return np.asarray(texture, dtype=np.float32)


def _ripple(look: Look, rng: np.random.Generator, height_px: int, width_px: int) -> Grey:
    """Waves across the strip. sin(a + b) as two outer products: no sine per pixel."""
    along = 2 * np.pi * np.arange(height_px) / look.ripple_period_px + rng.uniform(0, 2 * np.pi)
    bend = smooth_profile(rng, width_px, 5) * 6 + 2 * np.pi * look.ripple_tilt * np.arange(width_px)
    strength = look.ripple * np.clip(smooth_profile(rng, width_px, 7) + 0.3, 0, 1)
    rows = np.stack([np.sin(along), np.cos(along)], axis=1)
    columns = np.stack([np.cos(bend), np.sin(bend)]) * strength
    return np.asarray(rows @ columns, dtype=np.float32)


def _gain(look: Look, rng: np.random.Generator, height_px: int, width_px: int) -> Grey:
    """Lamp falloff across, a mild gradient along, and now and then a glare that saturates."""
    along = np.linspace(-0.5, 0.5, height_px, dtype=np.float32) * rng.normal(0, 0.15) + 1
    rows, columns = [along], [look.light]
    if rng.random() < 0.15:
        y, x = rng.uniform(-0.2, 1.2) * height_px, rng.uniform(0, width_px)
        rows.append(_bell(height_px, y, rng.uniform(60, 180)))
        columns.append(_bell(width_px, x, rng.uniform(60, 300)) * np.float32(rng.uniform(0.4, 1.6)))
    return np.asarray(np.stack(rows, axis=1) @ np.stack(columns), dtype=np.float32)


def _bell(length: int, centre: float, sigma: float) -> Grey:
    steps = (np.arange(length, dtype=np.float32) - np.float32(centre)) / np.float32(sigma)
    return np.asarray(np.exp(-0.5 * steps**2), dtype=np.float32)


def water_stain(grey: Grey, rng: np.random.Generator) -> None:
    """Darken (in place) one side of a long smooth curve: a dried puddle's edge, harmless."""
    height, width = grey.shape
    centre = (int(rng.uniform(0, width)), int(rng.uniform(-0.6, 1.6) * height))
    axes = (int(rng.uniform(60, 320)), int(rng.uniform(60, 360)))
    region, angle = np.zeros((height // 2, width // 2), np.uint8), rng.uniform(0, 180)
    cv2.ellipse(region, (centre[0] // 2, centre[1] // 2), axes, angle, 0, 360, 255, -1, cv2.LINE_AA)
    soft = cv2.resize(cv2.GaussianBlur(region, (0, 0), rng.uniform(1, 5)), (width, height))
    grey *= 1 - soft * np.float32(rng.uniform(0.05, 0.25) / 255)


def splashes(grey: Grey, rng: np.random.Generator) -> None:
    """Bright drops (in place) with a dark core, as wet steel reflects the lamp: smooth, so no defect."""
    height, width = grey.shape
    drops = np.zeros((height, width), np.uint8)
    x0, y0 = rng.uniform(0, width), rng.uniform(0, height)
    for _ in range(int(rng.integers(4, 26))):
        centre = (int(x0 + rng.normal(0, 50)), int(y0 + rng.normal(0, 60)))
        radii = (int(rng.integers(1, 7)), int(rng.integers(2, 14)))
        cv2.ellipse(drops, centre, radii, rng.normal(0, 12), 0, 360, 255, -1)
        if radii[0] > 3:
            cv2.ellipse(drops, centre, (radii[0] // 3, radii[1] // 2), 0, 0, 360, 0, -1)
    x, y, w, h = cv2.boundingRect(drops)
    wet = slice(max(0, y - 3), y + h + 3), slice(max(0, x - 3), x + w + 3)
    grey[wet] += cv2.GaussianBlur(drops[wet], (5, 5), 0) * np.float32(0.8) if w else 0


def faint_marks(grey: Grey, rng: np.random.Generator) -> None:
    """Weak short streaks and dust (in place), well below any defect's contrast."""
    height, width = grey.shape
    for _ in range(int(rng.integers(2, 12))):
        x, y = int(rng.integers(0, width - 4)), int(rng.integers(0, height - 4))
        length, thickness = int(rng.integers(3, 60)), int(rng.integers(1, 4))
        grey[y : y + length, x : x + thickness] += np.float32(rng.uniform(-11, 9))


def black_edges(grey: Grey, look: Look, rng: np.random.Generator) -> None:
    """Black out (in place) what lies beside the strip, with the trimmed edge's shadow and bright line."""
    width = grey.shape[1]
    for first, last, inward in ((0, look.left_px, 1), (look.right_px, width, -1)):
        if first >= last:
            continue
        edge = look.left_px if inward > 0 else look.right_px - 1
        for depth in range(int(rng.integers(8, 30))):
            grey[:, edge + inward * depth] *= 0.55 + 0.45 * abs(np.sin(depth * 0.45 + 0.4))
        grey[:, first:last] = 4.0
