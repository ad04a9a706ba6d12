"""What surrounds every view: header, addresses, titles, files, and the page's own security policy."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from station.app import PAGES
from tests.support.browser import DESK, PHONE
from tests.support.staged_pages import KEPT, VIEWS, go, settle
from tests.support.staged_station import StagedStation

Look = Callable[..., Page]
SCRIPTS = sorted(PAGES.rglob("*.js"))


def _ids(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(PAGES)) for path in paths]


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_view_opens_without_a_complaint(
    look: Look, station: StagedStation, size: object, theme: str
) -> None:
    page = look(station.url, size, theme=theme)
    for view in VIEWS:
        go(page, view)
        expect(page.locator("main h1:visible")).to_have_count(1)
        assert page.title().endswith("coilwatch"), view
    assert page.evaluate("document.documentElement.dataset.theme") == theme


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_every_address_can_be_opened_at_once(look: Look, station: StagedStation, view: str) -> None:
    page = look(f"{station.url}/{VIEWS[view]}")
    settle(page)
    assert page.locator("main").count() == 1
    assert page.locator("header, banner").first.is_visible()


def test_the_header_says_where_one_is(look: Look, station: StagedStation) -> None:
    page = look(station.url)
    for view, link in {"live": "live", "coils": "coils", "coil": "coils", "try": "try"}.items():
        go(page, view)
        current = page.locator("nav [aria-current=page]")
        assert current.get_attribute("data-view") == link
    titles = []
    for view in VIEWS:
        go(page, view)
        titles.append(page.title())
    assert len(set(titles)) == len(titles), "each page has a title of its own"


def test_going_back_goes_to_the_view_before(look: Look, station: StagedStation) -> None:
    page = look(station.url)
    settle(page)
    page.locator("nav [data-view=coils]").click()
    page.locator(f"a[href='#/coils/{KEPT}']").first.click()
    expect(page.locator("main h1:visible")).to_contain_text(KEPT)
    page.go_back()
    expect(page.locator("nav [aria-current=page]")).to_have_attribute("data-view", "coils")
    expect(page.locator(f"a[href='#/coils/{KEPT}']").first).to_be_visible()


def test_the_theme_is_changed_and_kept(look: Look, station: StagedStation) -> None:
    page = look(station.url, theme="dark")
    button = page.get_by_role("button", name=re.compile("^Colours"))
    button.click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_a_view_lets_go_of_everything(look: Look, station: StagedStation) -> None:
    """Opening and leaving the heaviest views again and again leaves no more nodes behind than once did."""
    page = look(station.url)
    counts = []
    for _ in range(4):
        for view in ("coil", "live", "coils", "try", "nowhere"):
            go(page, view)
        counts.append(page.evaluate("document.querySelectorAll('*').length"))
    assert counts[-1] <= counts[0] + 5, counts


def test_nothing_comes_from_outside(look: Look, station: StagedStation) -> None:
    page = look("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(station.url)
    for view in VIEWS:
        go(page, view)
    outside = [url for url in asked if not url.startswith((station.url, "blob:", "data:"))]
    assert asked
    assert not outside


def test_the_security_policy_is_kept_by_the_files(station: StagedStation) -> None:
    with urllib.request.urlopen(station.url) as answer:
        policy, html = answer.headers["Content-Security-Policy"], answer.read().decode()
    assert "'unsafe" not in policy
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script>", html)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", html)


@pytest.mark.parametrize("script", SCRIPTS, ids=_ids(SCRIPTS))
def test_scripts_write_no_markup_and_no_log(script: Path) -> None:
    text = script.read_text()
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("):
        assert forbidden not in text, f"{script.name} uses {forbidden}"
    assert 'setAttribute("style"' not in text
    assert "console.log" not in text
    assert "TODO" not in text
    assert not re.search(r"https?://(?!www\.w3\.org/)", _without_comments(text))


@pytest.mark.parametrize("script", SCRIPTS, ids=_ids(SCRIPTS))
def test_scripts_import_what_is_there(script: Path) -> None:
    for imported in _imports(script.read_text()):
        assert imported.startswith("."), f"{script.name} imports {imported}"
        assert (script.parent / imported).resolve().is_file(), f"{script.name} imports {imported}"


def _imports(text: str) -> Iterator[str]:
    yield from re.findall(r"^\s*(?:import|export)[^;]*?from\s+\"([^\"]+)\"", text, re.MULTILINE)
    yield from re.findall(r"\bimport\(\s*\"([^\"]+)\"", text)


def _without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", text, flags=re.DOTALL)
