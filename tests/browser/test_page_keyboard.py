"""By keyboard alone: everything is reached, and one sees where one is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.staged_pages import VIEWS, settle
from tests.support.staged_station import StagedStation

Look = Callable[..., Page]
STEPS = 60
"""Tabs from the top: past the header into what the view is about; a long table is not walked to its end."""

_FOCUSED = """() => {
  const node = document.activeElement;
  if (node === null || node === document.body) return null;
  node.dataset.visited ??= String((window.visited = (window.visited ?? 0) + 1));
  const style = getComputedStyle(node), box = node.getBoundingClientRect();
  return {
    number: Number(node.dataset.visited),
    what: node.outerHTML.slice(0, 140),
    named: (node.getAttribute("aria-label") ?? node.innerText ?? "").trim() !== ""
      || [...(node.labels ?? [])].length > 0 || node.hasAttribute("aria-labelledby") || node.title !== "",
    outlined: [null, "::after", "::before"].map((part) => getComputedStyle(node, part)).some((each) =>
        each.outlineStyle !== "none" && parseFloat(each.outlineWidth) >= 2)
      || style.boxShadow !== "none" || node.matches("input, select, textarea") && style.borderColor !== "",
    seen: box.width > 0 && box.height > 0,
  };
}"""


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_focus_is_always_seen_and_named(look: Look, station: StagedStation, view: str) -> None:
    page = look(f"{station.url}/{VIEWS[view]}")
    settle(page)
    visited: list[dict[str, Any]] = []
    for _ in range(STEPS):
        page.keyboard.press("Tab")
        focused = page.evaluate(_FOCUSED)
        if focused is None or (visited and focused["number"] == 1):
            break
        visited.append(focused)
    assert len(visited) > 1
    assert [each["what"] for each in visited if not each["seen"]] == []
    assert [each["what"] for each in visited if not each["outlined"]] == []
    assert [each["what"] for each in visited if not each["named"]] == []


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_focus_is_caught_nowhere(look: Look, station: StagedStation, view: str) -> None:
    """Two Tabs in a row move on, from wherever one is."""
    page = look(f"{station.url}/{VIEWS[view]}")
    settle(page)
    before = None
    for _ in range(STEPS):
        page.keyboard.press("Tab")
        focused = page.evaluate(_FOCUSED)
        if focused is None:
            return
        assert focused["number"] != before, f"caught at {focused['what']}"
        before = focused["number"]


def test_the_header_can_be_skipped(look: Look, station: StagedStation) -> None:
    page = look(f"{station.url}/#/coils")
    settle(page)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the page")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    assert page.url.endswith("#/coils")


def test_going_to_a_page_takes_the_focus_along(look: Look, station: StagedStation) -> None:
    page = look(station.url)
    settle(page)
    page.locator("nav [data-view=coils]").focus()
    page.keyboard.press("Enter")
    settle(page)
    assert page.evaluate("document.activeElement.id") == "main"


def test_motion_is_left_out_for_who_wants_none(look: Look, station: StagedStation) -> None:
    page = look(station.url, reduced_motion=True)
    settle(page)
    moving = page.evaluate("document.getAnimations().filter((each) => each.playState === 'running').length")
    assert moving == 0
