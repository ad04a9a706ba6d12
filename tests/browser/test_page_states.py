"""What is amiss is said: by a band beneath the header that no view can hide, and by words, not by colour."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import DESK, PHONE
from tests.support.staged_line import Condition, Staging
from tests.support.staged_pages import VIEWS, go, settle
from tests.support.staged_station import StagedStation, serving

Look = Callable[..., Page]
Staged = Callable[..., StagedStation]

SAID = {
    Condition.BROKER_AWAY: ("Kafka is away", "no broker answers"),
    Condition.WORKER_DOWN: ("Not inspecting", ""),
    Condition.STALE: ("Nothing new", ""),
}


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("condition", sorted(SAID))
def test_a_condition_is_said_on_every_page(
    look: Look, staged: Staged, condition: Condition, size: object
) -> None:
    page = look(staged(condition=condition).url, size)
    band = page.locator(".condition-band")
    for view in VIEWS:
        go(page, view)
        expect(band).to_be_visible()
        for words in SAID[condition]:
            expect(band).to_contain_text(words)
    assert page.locator(".condition-calm").inner_text() == "", "what is amiss is not called running as well"


def test_a_line_that_was_never_heard_of(look: Look, staged: Staged) -> None:
    page = look(staged(Staging.EMPTY).url)
    settle(page)
    expect(page.locator(".condition-band")).to_contain_text("No data yet")
    go(page, "coils")
    expect(page.locator("main")).not_to_contain_text("C-24")


def test_a_line_at_rest_is_calm(look: Look, staged: Staged) -> None:
    page = look(staged(Staging.ROLLED).url)
    settle(page)
    expect(page.locator(".condition-calm")).to_contain_text("No coil is running")
    expect(page.locator(".condition-band")).to_have_count(0)


def test_it_says_so_when_it_changes_and_when_it_is_over(look: Look, staged: Staged) -> None:
    station = staged()
    page = look(station.url)
    settle(page)
    expect(page.locator(".condition-calm")).to_contain_text("Coil is running")
    station.staged.condition = Condition.BROKER_AWAY
    expect(page.locator("[role=status].condition")).to_contain_text("Kafka is away")
    station.staged.condition = Condition.WELL
    expect(page.locator(".condition-band")).to_have_count(0)
    expect(page.locator(".condition-calm")).to_contain_text("Coil is running")


def test_a_station_that_goes_and_comes_back(look: Look) -> None:
    with serving(earlier=2) as station:
        page = look(station.url, expected=("/api/live", "ERR_"))
        settle(page)
        port = int(station.url.rsplit(":", 1)[1])
    expect(page.locator(".condition-band")).to_contain_text("No connection to the station")
    with serving(earlier=2, port=port):
        expect(page.locator(".condition-band")).to_have_count(0)
        expect(page.locator(".condition-calm")).to_contain_text("Coil is running")


def test_a_coil_that_nobody_knows(look: Look, station: StagedStation) -> None:
    page = look(f"{station.url}/#/coils/C-99-0001", expected=("/api/coils/C-99-0001", "404"))
    expect(page.locator("main")).to_contain_text("C-99-0001")
    expect(page.locator("main")).to_contain_text("No such coil")


def test_a_door_asks_for_its_token(look: Look, staged: Staged) -> None:
    page = look(staged(token="a-token-of-the-plant").url, expected=("/api/", "401"))
    expect(page.locator("main.view-login input")).to_be_visible()
    page.locator("main input").first.fill("a-token-of-the-plant")
    page.keyboard.press("Enter")
    expect(page.locator(".condition-calm")).to_contain_text("Coil is running")
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("main.view-login input")).to_be_visible()
