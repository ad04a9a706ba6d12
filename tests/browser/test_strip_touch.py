"""The strip under fingers: tap, drag, pinch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, Page

from tests.support.browser import PHONE
from tests.support.staged_station import StagedStation
from tests.support.strip_scenes import FRAME_MM, FRAMES, region, show, snapshot, window

Look = Callable[..., Page]
LENGTH_MM = FRAMES * FRAME_MM
MIDDLE_MM = LENGTH_MM / 2
STEPS = 6


class Fingers:
    """Touches the middle of the map's height, at places along it in px of the window."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        box = page.locator(".strip-map").bounding_box()
        assert box is not None
        self._y = box["y"] + box["height"] / 2

    def move(self, begin: list[float], end: list[float]) -> None:
        """Put a finger at each place, move them evenly, and lift them."""
        self._touch("touchStart", begin)
        for step in range(1, STEPS + 1):
            at = [a + (b - a) * step / STEPS for a, b in zip(begin, end, strict=True)]
            self._touch("touchMove", at)
        self._touch("touchEnd", [])

    def _touch(self, kind: str, at: list[float]) -> None:
        points = [{"x": x, "y": self._y, "id": number} for number, x in enumerate(at)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@pytest.fixture
def page(look: Look, station: StagedStation) -> Page:
    page = look(f"{station.url}/#/nowhere", PHONE, reduced_motion=True)
    show(page, snapshot([region(0, MIDDLE_MM, 500.0)]))
    return page


def place(page: Page, along_mm: float) -> tuple[float, float]:
    """On the strip's middle, in px of the window."""
    x, y = page.evaluate(
        """(mm) => {
          const box = document.querySelector(".strip-map").getBoundingClientRect();
          return [box.left + view._window.view.x(mm), box.top + view._window.view.y(520)];
        }""",
        along_mm,
    )
    return x, y


def test_a_tap_near_a_region_picks_it(page: Page) -> None:
    x, y = place(page, MIDDLE_MM)
    page.touchscreen.tap(x + 12, y)  # further off than a mouse may be
    assert page.evaluate("told.picked") == [0]


def test_two_fingers_zoom_where_they_are_and_pick_nothing(page: Page) -> None:
    x, _ = place(page, MIDDLE_MM)
    fingers = Fingers(page)
    fingers.move([x - 30, x + 30], [x - 90, x + 90])
    from_mm, to_mm = window(page)
    assert to_mm - from_mm == pytest.approx(LENGTH_MM / 3, rel=0.1)
    assert place(page, MIDDLE_MM)[0] == pytest.approx(x, abs=2)
    fingers.move([x - 90, x + 90], [x - 20, x + 20])
    assert window(page) == pytest.approx((0, LENGTH_MM))
    assert page.evaluate("told.picked") == []


def test_a_finger_drags_the_strip_along(page: Page) -> None:
    page.evaluate("view.setWindow(20000, 40000)")
    assert window(page) == pytest.approx((20_000, 40_000))
    Fingers(page).move([250], [150])
    from_mm, to_mm = window(page)
    assert from_mm > 22_000
    assert to_mm - from_mm == pytest.approx(20_000)
    assert page.evaluate("told.picked") == []
