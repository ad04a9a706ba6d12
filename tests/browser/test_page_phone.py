"""On a phone: nothing scrolls sideways, and a thumb hits what it aims at."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.support.browser import NARROW, PHONE, Size
from tests.support.staged_pages import VIEWS, settle
from tests.support.staged_station import StagedStation

Look = Callable[..., Page]
LEAST_PX = 40

_WIDE = """(width) => [...document.querySelectorAll("body *")]
  .filter((node) => {
    const box = node.getBoundingClientRect();
    if (box.width === 0 || box.right <= width + 1) return false;
    for (let up = node.parentElement; up !== null; up = up.parentElement) {
      if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(up).overflowX)) return false;
    }
    return true;
  })
  .slice(0, 5)
  .map((node) => node.outerHTML.slice(0, 160))"""

_SMALL = """(least) => [...document.querySelectorAll("button, select, input, summary, [role=button], nav a")]
  .filter((node) => {
    const hit = node.closest("label") ?? node;
    const box = hit.getBoundingClientRect();
    const shown = box.width > 0 && getComputedStyle(node).visibility !== "hidden";
    const given = !node.closest("[inert], [aria-hidden=true]");
    return shown && given && Math.min(box.width, box.height) < least - 0.5
      && box.bottom > 0 && !(box.width <= 1 && box.height <= 1);
  })
  .map((node) => `${Math.round(node.getBoundingClientRect().width)} x ` +
    `${Math.round(node.getBoundingClientRect().height)}: ${node.outerHTML.slice(0, 160)}`)"""


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("size", [NARROW, PHONE], ids=["360", "390"])
@pytest.mark.parametrize("view", sorted(VIEWS))
def test_no_view_scrolls_sideways(
    look: Look, station: StagedStation, view: str, size: Size, language: str
) -> None:
    page = look(f"{station.url}/{VIEWS[view]}", size, language=language)
    settle(page)
    assert page.evaluate(_WIDE, size.width) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size.width


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_a_thumb_hits_what_it_aims_at(look: Look, station: StagedStation, view: str) -> None:
    page = look(f"{station.url}/{VIEWS[view]}", PHONE)
    settle(page)
    assert page.evaluate(_SMALL, LEAST_PX) == []


def test_every_page_is_reached_by_thumb(look: Look, station: StagedStation) -> None:
    page = look(station.url, PHONE)
    settle(page)
    for view in ("coils", "try", "live"):
        page.locator(f"nav [data-view={view}]").tap()
        page.locator(f"main.view-{view}").wait_for()
