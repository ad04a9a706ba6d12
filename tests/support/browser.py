"""The Chromium of the system, and a page of it that notes whatever goes wrong.

`opened` gives a page and holds it to having had no console error, no failed request and no violation of the
page's Content-Security-Policy.
"""

from __future__ import annotations

import gc
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, sync_playwright

from tests.support.programs import unavailable

PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",  # in a container as root there is none
    "--disable-background-networking",
    "--disable-gpu",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
)
PATIENCE_MS = 20_000
"""Before something that a test waits for counts as missing: two cores are shared with other tests."""

_WATCH_CSP = """
window.coilwatchRefused = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.coilwatchRefused.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}`));
"""


class Size(NamedTuple):
    """Of a window, in CSS px."""

    width: int
    height: int


WALL = Size(1920, 1080)
DESK = Size(1440, 900)
PHONE = Size(390, 844)
NARROW = Size(360, 740)


@dataclass(slots=True)
class Complaints:
    """What a page should not have had."""

    errors: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    """Requests that failed or were refused."""

    def all(self) -> list[str]:
        """Every one."""
        return [*self.errors, *self.answers]


def chromium() -> str:
    """Its path; a visible skip without it, a failure in CI."""
    for name in PROGRAMS:
        path = shutil.which(name)
        if path is not None:
            return path
    return unavailable("Chromium is not on this machine: apt-get install chromium")


@contextmanager
def launch() -> Iterator[Browser]:
    """A Chromium without a window, gone afterwards."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
            gc.collect()  # what is left of its pages goes while its loop is there, not in a later test


@contextmanager
def opened(
    browser: Browser,
    url: str,
    size: Size = DESK,
    *,
    theme: str = "dark",
    language: str = "en",
    reduced_motion: bool = False,
    expected: tuple[str, ...] = (),
) -> Iterator[Page]:
    """A page at `url`, as a person has set it; held to having had nothing to complain of.

    `expected`: parts of addresses whose refusal the test provokes, and of what the console says of them.
    """
    with unheld(browser, size, theme=theme, language=language, reduced_motion=reduced_motion) as (page, had):
        page.goto(url)
        yield page
        refused = page.evaluate("window.coilwatchRefused ?? []")
        assert not refused, f"refused by the Content-Security-Policy: {refused}"
        surprises = [each for each in had.all() if not any(part in each for part in expected)]
        assert not surprises, surprises


@contextmanager
def unheld(
    browser: Browser, size: Size, *, theme: str, language: str, reduced_motion: bool = False
) -> Iterator[tuple[Page, Complaints]]:
    """An empty page as a person has set it, and what there will be to complain of."""
    context = browser.new_context(
        viewport={"width": size.width, "height": size.height},
        locale="ru-RU" if language == "ru" else "en-GB",
        timezone_id="UTC",
        has_touch=size.width < 600,
        is_mobile=size.width < 600,
        reduced_motion="reduce" if reduced_motion else "no-preference",
        color_scheme="dark" if theme == "dark" else "light",
    )
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(_WATCH_CSP)
    # Only once: what the person changes on the page afterwards stays when it is loaded again.
    chosen = json.dumps({"coilwatch.theme": theme, "coilwatch.language": language})
    context.add_init_script(
        f"if (location.protocol === 'http:') for (const [k, v] of Object.entries({chosen})) "
        "if (!localStorage.getItem(k)) localStorage.setItem(k, v)"
    )
    page = context.new_page()
    complaints = Complaints()
    _listen(page, complaints)
    try:
        yield page, complaints
    finally:
        context.close()


def _listen(page: Page, complaints: Complaints) -> None:
    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            where: Any = message.location
            complaints.errors.append(f"{message.type}: {message.text} ({where.get('url', '')})")

    def failed(request: Request) -> None:
        # A live stream ends with its page, a look-up with the view that asked.
        if request.failure != "net::ERR_ABORTED":
            complaints.answers.append(f"{request.url}: {request.failure}")

    def answered(response: Response) -> None:
        if response.status >= 400:
            complaints.answers.append(f"{response.url}: {response.status}")

    page.on("console", said)
    page.on("pageerror", lambda error: complaints.errors.append(f"uncaught: {error}"))
    page.on("requestfailed", failed)
    page.on("response", answered)
