"""The door: a wrong token gets a sentence, the right one leads to where one wanted to go."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import PHONE
from tests.support.staged_station import StagedStation, serving

Look = Callable[..., Page]
TOKEN = "a-token-of-more-than-sixteen"
REFUSED = ("/api/", "401", "429")


@pytest.fixture(scope="module")
def guarded(browser: Browser) -> Iterator[StagedStation]:
    """A station with a token."""
    with serving(token=TOKEN, earlier=2) as found:
        yield found


def field(page: Page) -> Locator:
    return page.get_by_label("Token", exact=True)


def test_every_address_leads_to_the_door_and_on_to_where_one_wanted(
    look: Look, guarded: StagedStation
) -> None:
    page = look(f"{guarded.url}/#/coils?verdict=hold", expected=REFUSED)
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(field(page)).to_be_focused()
    page.keyboard.type(TOKEN)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{guarded.url}/#/coils?verdict=hold")
    expect(page.get_by_role("heading", name="Coils", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Coils", exact=True)).to_be_visible()


def test_a_wrong_token_is_said_where_it_was_typed(look: Look, guarded: StagedStation) -> None:
    page = look(f"{guarded.url}/#/login", PHONE, expected=REFUSED)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("Type or paste the token first")
    field(page).fill("not-the-token")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("That is not the token")
    expect(field(page)).to_be_focused()
    expect(field(page)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("button", name="Log in")).to_be_enabled()


def test_too_many_wrong_tokens_ask_for_patience(look: Look, guarded: StagedStation) -> None:
    page = look(f"{guarded.url}/#/login", language="ru", expected=REFUSED)
    page.route("**/api/login", lambda route: route.fulfill(status=429, json={"error": "wait"}))
    page.locator("#login-token").fill("not-the-token")
    page.get_by_role("button", name="Войти").click()
    expect(page.get_by_role("alert")).to_contain_text("Подождите минуту")


def test_the_token_is_hidden_until_one_asks_to_see_it(look: Look, guarded: StagedStation) -> None:
    page = look(f"{guarded.url}/#/login", expected=REFUSED)
    expect(field(page)).to_have_attribute("type", "password")
    page.get_by_role("button", name="Show").click()
    expect(field(page)).to_have_attribute("type", "text")


@pytest.mark.parametrize("to", ["https%3A%2F%2Fexample.com", "%2F%2Fexample.com", "%23%2Flogin%3Fto%3Dx"])
def test_a_link_can_lead_nowhere_else(look: Look, guarded: StagedStation, to: str) -> None:
    page = look(f"{guarded.url}/#/login?to={to}", expected=REFUSED)
    field(page).fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{guarded.url}/#/")
