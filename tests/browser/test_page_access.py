"""Held to WCAG 2.2 A and AA as far as axe can tell, in both themes and both languages."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.support.browser import DESK, PHONE
from tests.support.staged_line import Condition, Staging
from tests.support.staged_pages import VIEWS, settle
from tests.support.staged_station import StagedStation

Look = Callable[..., Page]
STANDARD = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
}


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("view", sorted(VIEWS))
def test_no_view_violates_the_standard(
    look: Look, station: StagedStation, view: str, theme: str, size: object
) -> None:
    page = look(f"{station.url}/{VIEWS[view]}", size, theme=theme, reduced_motion=True)
    settle(page)
    assert _violations(page) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("condition", [Condition.BROKER_AWAY, Condition.STALE])
def test_a_condition_can_be_read(
    look: Look, staged: Callable[..., StagedStation], condition: Condition, theme: str
) -> None:
    page = look(staged(condition=condition, earlier=2).url, theme=theme)
    expect(page.locator(".condition-band")).to_be_visible()
    assert _violations(page) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_an_empty_line_can_be_read(look: Look, staged: Callable[..., StagedStation], theme: str) -> None:
    page = look(staged(Staging.EMPTY).url, theme=theme)
    expect(page.locator(".condition-band")).to_be_visible()
    assert _violations(page) == []


def test_headings_go_down_one_at_a_time(look: Look, station: StagedStation) -> None:
    for view, address in VIEWS.items():
        page = look(f"{station.url}/{address}")
        settle(page)
        levels = page.evaluate(
            "[...document.querySelectorAll('main :is(h1,h2,h3,h4,h5)')]"
            ".filter((h) => h.checkVisibility()).map((h) => Number(h.tagName[1]))"
        )
        assert levels.count(1) == 1, f"{view}: {levels}"
        assert all(below - above <= 1 for above, below in pairwise(levels)), f"{view}: {levels}"


def _violations(page: Page) -> list[str]:
    found: dict[str, Any] = Axe().run(page, options=STANDARD).response
    return [
        f"{each['id']}: {node['html'][:160]} {node.get('failureSummary', '')}"
        for each in found["violations"]
        for node in each["nodes"]
    ]
