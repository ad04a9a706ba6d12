"""The strip on the screen: pointer, wheel, keyboard, filters, the running end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.staged_station import StagedStation
from tests.support.strip_scenes import FRAME_MM, FRAMES, drawn, region, show, snapshot, window

Look = Callable[..., Page]
READS_PIXELS = ("willReadFrequently",)
"""Chromium's advice to whoever reads a canvas as often as these tests do; the page never does."""
LENGTH_MM = FRAMES * FRAME_MM
THREE = [
    region(0, 60_000.0, 500.0),
    region(1, 10_000.0, 200.0, class_id=2),
    region(2, 40_000.0, 700.0, size_mm=10.0),
]


@pytest.fixture
def page(look: Look, station: StagedStation) -> Page:
    return look(f"{station.url}/#/nowhere", reduced_motion=True, expected=READS_PIXELS)


def place(page: Page, number: int) -> tuple[float, float]:
    """The middle of a region, in px of the window."""
    x, y = page.evaluate(
        """(n) => {
          const {regions} = model, seen = view._window.view;
          const box = document.querySelector(".strip-map").getBoundingClientRect();
          return [box.left + seen.x((regions.alongMinMm[n] + regions.alongMaxMm[n]) / 2),
                  box.top + seen.y((regions.acrossMinMm[n] + regions.acrossMaxMm[n]) / 2)];
        }""",
        number,
    )
    return x, y


def colour(page: Page, x: float, y: float) -> list[int]:
    """Of the map, at a place of the window."""
    found: list[int] = page.evaluate(
        """([x, y]) => {
          const map = document.querySelector(".strip-map"), box = map.getBoundingClientRect();
          const ratio = map.width / box.width;
          const [px, py] = [(x - box.left) * ratio, (y - box.top) * ratio];
          return Array.from(map.getContext("2d", {willReadFrequently: true}).getImageData(px, py, 1, 1).data);
        }""",
        [x, y],
    )
    return found


def test_the_whole_strip_is_shown_first(page: Page) -> None:
    show(page, snapshot(THREE))
    assert window(page) == pytest.approx((0, LENGTH_MM))


def test_a_region_is_drawn_in_its_class_s_colour(page: Page) -> None:
    show(page, snapshot(THREE))
    assert colour(page, *place(page, 0))[:3] == [0xE6, 0x9F, 0x00]
    assert colour(page, *place(page, 1))[:3] == [0x00, 0x72, 0xB2]


def test_a_filter_hides_regions_from_sight_and_from_the_pointer(page: Page) -> None:
    show(page, snapshot(THREE))
    page.evaluate("view.setFilter({classes: new Set([2])})")
    page.mouse.click(*place(page, 0))
    page.mouse.click(*place(page, 1))
    page.evaluate("view.setFilter({minAreaMm2: 1000})")
    page.mouse.click(*place(page, 2))
    assert page.evaluate("told.picked") == [None, 1, None]


def test_hover_tells_place_and_region(page: Page) -> None:
    show(page, snapshot(THREE))
    page.mouse.move(*place(page, 0))
    at = page.evaluate("told.hovered.at(-1)")
    assert at["regionIndex"] == 0
    assert at["alongMm"] == pytest.approx(60_020, abs=200)
    expect(page.locator(".strip-readout")).to_contain_text("pit")
    page.mouse.move(5, 5)
    assert page.evaluate("told.hovered.at(-1)") is None


def test_the_wheel_zooms_at_the_pointer(page: Page) -> None:
    show(page, snapshot(THREE))
    x, y = place(page, 0)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -200)
    from_mm, to_mm = window(page)
    assert to_mm - from_mm < LENGTH_MM
    assert place(page, 0)[0] == pytest.approx(x, abs=0.5)
    page.mouse.wheel(0, 5000)
    page.mouse.wheel(0, 5000)
    page.mouse.wheel(0, 5000)
    page.wait_for_function("(mm) => told.windows.at(-1).toMm > mm - 1", arg=LENGTH_MM)


def test_dragging_pans_and_picks_nothing(page: Page) -> None:
    show(page, snapshot(THREE))
    page.evaluate("view.setWindow(20000, 40000)")
    assert window(page) == pytest.approx((20_000, 40_000))
    page.mouse.move(700, 250)
    page.mouse.down()
    page.mouse.move(600, 250, steps=4)
    page.mouse.up()
    from_mm, to_mm = window(page)
    assert from_mm > 20_000
    assert to_mm - from_mm == pytest.approx(20_000)
    assert page.evaluate("told.picked") == []


def test_close_up_both_directions_have_one_scale(page: Page) -> None:
    show(page, snapshot(THREE))
    page.evaluate("view.reveal(0)")
    window(page)
    scales = page.evaluate("[view._window.view.scaleX, view._window.view.scaleY]")
    assert scales[0] == pytest.approx(scales[1])
    assert page.evaluate("view._window.view.acrossToMm - view._window.view.acrossFromMm") < 1000


def test_by_keyboard(page: Page) -> None:
    show(page, snapshot(THREE))
    page.evaluate("view.focus()")
    for key in ("n", "n", "Enter", "n", "Enter", "p", "Enter", "Escape"):
        page.keyboard.press(key)
    assert page.evaluate("told.picked") == [2, 0, 2, None]
    expect(page.locator(".strip [aria-live]")).to_contain_text("pit")
    page.keyboard.press("+")
    page.keyboard.press("+")
    from_mm, to_mm = window(page)
    assert to_mm - from_mm < LENGTH_MM / 2 + 1
    page.keyboard.press("Home")
    assert window(page)[0] == 0
    page.keyboard.press("ArrowRight")
    assert window(page)[0] > 0
    page.keyboard.press("End")
    assert window(page)[1] == pytest.approx(LENGTH_MM)
    page.keyboard.press("0")
    assert window(page) == pytest.approx((0, LENGTH_MM))


def test_the_overview_moves_the_window(page: Page) -> None:
    show(page, snapshot(THREE))
    page.evaluate("view.setWindow(0, 8000)")
    window(page)
    box = page.locator(".strip-overview").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    from_mm, to_mm = window(page)
    assert (from_mm + to_mm) / 2 == pytest.approx(LENGTH_MM / 2, rel=0.05)


def running(frames: int, seq: int) -> dict[str, object]:
    wire = snapshot([], runs=True, reached_mm=frames * FRAME_MM)
    wire["coil"]["cameras"][0]["frames"] = frames
    wire["fates"][0]["length"] = [frames]
    return wire | {"seq": seq, "since": seq - 1, "whole": seq == 1}


def test_the_running_end_is_followed_until_one_looks_elsewhere(page: Page) -> None:
    show(page, running(2000, 1), mode="live")
    assert window(page)[1] > 2000 * FRAME_MM
    page.evaluate("(wire) => { model.apply(wire); view.update(); }", running(2100, 2))
    drawn(page, 2)
    assert window(page)[1] > 2100 * FRAME_MM
    follow = page.get_by_role("button", name="Follow the end")
    expect(follow).to_be_hidden()
    page.mouse.move(700, 250)
    page.mouse.down()
    page.mouse.move(900, 250, steps=4)
    page.mouse.up()
    at = window(page)
    page.evaluate("(wire) => { model.apply(wire); view.update(); }", running(2200, 3))
    drawn(page, 3)
    assert window(page) == pytest.approx(at)
    follow.click()
    page.wait_for_function("(mm) => told.windows.at(-1).toMm > mm", arg=2200 * FRAME_MM)


def test_the_end_moves_on_evenly(look: Look, station: StagedStation) -> None:
    """Where motion is welcome: between two pieces of news the window passes through places in between."""
    page = look(f"{station.url}/#/nowhere")
    show(page, running(2000, 1), mode="live")
    page.evaluate("(wire) => { model.apply(wire); view.update(); }", running(2010, 2))
    page.wait_for_function("(mm) => view._window.end.endMm >= mm", arg=2010 * FRAME_MM)
    assert page.evaluate("told.windows.length") > 3


def test_the_patterns_that_occur_are_explained(page: Page) -> None:
    wire = snapshot([], report=None)
    wire["coil"]["cameras"][0] |= {"clean": FRAMES - 30, "unsegmented": 10, "dead_lettered": 10}
    wire["fates"][0] = {"camera": 0, "start": [0, 10, 20], "length": [10, 10, 370], "fate": [3, 4, 1]}
    show(page, wire)
    expect(page.locator(".strip-legend li")).to_have_text(
        ["defective, not segmented", "could not be inspected", "not inspected yet"]
    )
    page.evaluate(
        "(wire) => { model.apply(wire); view.update(); }", wire | {"report": {"lanes": []}, "seq": 2}
    )
    expect(page.locator(".strip-legend")).to_contain_text("missing")


def test_a_roll_mark_s_comb_has_a_tooth_a_period(page: Page) -> None:
    mark = {"class_id": 1, "lane_mm": 500.0, "period_mm": 2000.0, "phase_mm": 1000.0, "roll": "R3"}
    show(page, snapshot([]) | {"marks": [mark | {"first_mm": 1000.0, "last_mm": 79_000.0}]})
    page.evaluate("view.setWindow(20000, 40000)")
    window(page)
    teeth = page.evaluate(
        """() => {
          const map = document.querySelector(".strip-map"), seen = view._window.view;
          const ratio = map.width / seen.widthPx;
          const y = (seen.y(500) - 12) * ratio;
          const row = map.getContext("2d").getImageData(0, Math.round(y), map.width, 1).data;
          const bright = (x) => row[4 * x] + row[4 * x + 1] + row[4 * x + 2] > 600;
          let found = 0;
          for (let x = 1; x < map.width; x += 1) found += bright(x) && !bright(x - 1) ? 1 : 0;
          return found;
        }"""
    )
    assert teeth == 10


def test_another_theme_is_drawn_in_its_colours(page: Page) -> None:
    show(page, snapshot([]))
    dark = colour(page, 700, 250)
    page.get_by_role("button", name="Colours").click()
    page.wait_for_function("document.documentElement.dataset.theme === 'light'")
    page.wait_for_function(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)) )||true"
    )
    assert sum(colour(page, 700, 250)) > sum(dark) + 200


def test_a_strip_without_frames_says_so(page: Page) -> None:
    wire = snapshot([], reached_mm=None)
    wire["coil"]["cameras"] = []
    show(page, wire | {"fates": []})
    expect(page.locator(".strip-empty")).to_be_visible()


def test_destroyed_it_lets_go(page: Page) -> None:
    show(page, snapshot(THREE))
    page.evaluate("view.destroy()")
    expect(page.locator(".strip")).to_have_count(0)
    page.evaluate("document.dispatchEvent(new CustomEvent('coilwatch:theme'))")
