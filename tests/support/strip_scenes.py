"""A coil as the wire says it, in a handful of regions, and a page with a StripView of it."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
from playwright.sync_api import Page

COIL = "C-strip"
FRAMES = 400
FRAME_MM = 200.0
WIDTH_MM = 1000.0
GEOMETRY = {
    "across_mm": 0.0,
    "width_mm": WIDTH_MM,
    "height_px": 400,
    "width_px": 2000,
    "mm_per_px_along": 0.5,
    "mm_per_px_across": 0.5,
}
SQUARE = ((0, 0), (80, 0), (80, 80), (0, 80))
"""A contour: column, row in px, from the region's corner."""

Region = dict[str, Any]


def region(row: int, along_mm: float, across_mm: float, class_id: int = 1, size_mm: float = 40.0) -> Region:
    """A square with its outline."""
    frame_index = int(along_mm // FRAME_MM)
    column, down = across_mm / 0.5, (along_mm - frame_index * FRAME_MM) / 0.5
    return {
        "row": row,
        "class_id": class_id,
        "camera": 0,
        "frame_index": frame_index,
        "frame_along_mm": frame_index * FRAME_MM,
        "along_min_mm": along_mm,
        "along_max_mm": along_mm + size_mm,
        "across_min_mm": across_mm,
        "across_max_mm": across_mm + size_mm,
        "area_mm2": size_mm**2,
        "score": 0.9,
        "partition": 3,
        "offset": 1000 + row,
        "contour": [(column + x * size_mm / 40, down + y * size_mm / 40) for x, y in SQUARE],
    }


def columns(regions: list[Region]) -> dict[str, Any]:
    """As `regions` of the wire."""
    names = [name for name in region(0, 0.0, 0.0) if name != "contour"]
    points = [point for each in regions for point in each["contour"]]
    return {name: [each[name] for each in regions] for name in names} | {
        "contour_points": [len(each["contour"]) for each in regions],
        "points": base64.b64encode(np.array(points, "<i2").tobytes()).decode("ascii"),
    }


def snapshot(regions: list[Region], **coil: Any) -> dict[str, Any]:
    """A whole coil: all its frames are clean."""
    camera = {"frames": FRAMES, "received": FRAMES, "clean": FRAMES, "announced": None, "frame_mm": FRAME_MM}
    camera |= dict.fromkeys(("defective", "unsegmented", "dead_lettered", "duplicates"), 0)
    stands = {
        "coil_id": COIL,
        "line_id": "line-1",
        "began_at_ns": "1",
        "runs": False,
        "width_mm": WIDTH_MM,
        "length_mm": None,
        "reached_mm": FRAMES * FRAME_MM,
        "class_names": {"1": "pit", "2": "crack"},
        "cameras": [{"camera_id": "camera-1", "geometry": GEOMETRY, **camera}],
    }
    return {
        "coil_id": COIL,
        "since": 0,
        "seq": 1,
        "whole": True,
        "coil": stands | coil,
        "fates": [{"camera": 0, "start": [0], "length": [FRAMES], "fate": [1]}],
        "regions": columns(regions),
        "gone": [],
        "marks": [],
        "alarms": [],
    }


_SHOW = """async ({wire, mode}) => {
  const {CoilModel} = await import("/strip/coil_model.js");
  const {StripView} = await import("/strip/strip_view.js");
  const main = document.querySelector("main");
  main.replaceChildren();
  window.told = {picked: [], windows: [], hovered: []};
  window.model = new CoilModel(wire.coil_id);
  model.apply(wire);
  window.view = new StripView(main, {
    mode,
    onPick: (region) => told.picked.push(region),
    onHover: (at) => told.hovered.push(at),
    onWindow: (seen) => told.windows.push(seen),
  });
  view.show(model);
}"""


def show(page: Page, wire: dict[str, Any], mode: str = "map") -> None:
    """Put a StripView on the page: then there are `view`, `model` and what it `told`."""
    page.evaluate(_SHOW, {"wire": wire, "mode": mode})
    drawn(page, wire["seq"])


def drawn(page: Page, seq: int) -> None:
    """Wait until the coil is on the screen as far as `seq`, and nothing glides any more."""
    page.wait_for_function(
        "(seq) => performance.getEntriesByName('coilwatch:drawn').some((each) => each.detail.seq >= seq)",
        arg=seq,
    )


def window(page: Page) -> tuple[float, float]:
    """From and to in mm, as it was told last, once it rests."""
    page.wait_for_function(
        """() => new Promise((done) => {
          const before = JSON.stringify(told.windows.at(-1));
          const rests = () => told.windows.length > 0 && JSON.stringify(told.windows.at(-1)) === before;
          setTimeout(() => done(rests()), 80);
        })"""
    )
    seen = json.loads(page.evaluate("JSON.stringify(told.windows.at(-1))"))
    return seen["fromMm"], seen["toMm"]
