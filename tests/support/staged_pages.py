"""The page's views over a staged line, by the address behind `#`, for tests that hold all to something."""

from __future__ import annotations

from playwright.sync_api import Page

KEPT = "C-24-1815"
"""A coil with everything on it, whose strip is kept."""
NOT_KEPT = "C-24-1812"
"""One of which only the report is there."""

VIEWS = {
    "live": "#/",
    "coils": "#/coils",
    "coil": f"#/coils/{KEPT}",
    "coil-without-map": f"#/coils/{NOT_KEPT}",
    "try": "#/try",
    "login": "#/login",
    "nowhere": "#/nothing/of/the/kind",
}


def settle(page: Page) -> None:
    """Until the view has its heading, has loaded what it asked for, and the fonts are there."""
    page.locator("main h1:visible").first.wait_for()
    page.wait_for_function("() => document.querySelector('main [aria-busy=true]') === null")
    page.wait_for_function("() => document.fonts.status === 'loaded'")


def go(page: Page, view: str) -> None:
    """To another view, as a link would."""
    page.evaluate("hash => { location.hash = hash; }", VIEWS[view])
    settle(page)
