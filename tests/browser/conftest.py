"""A browser, and a staged line that stands still for those who only look at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import chromium, launch, opened
from tests.support.staged_line import Condition, Staging
from tests.support.staged_station import StagedStation, serving

Look = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; a visible skip without it, a failure in CI.

    Not for the session: while it is there Playwright's event loop runs, and no other test can start its own.
    """
    with launch() as found:
        yield found


@pytest.fixture(scope="session")
def station() -> Iterator[StagedStation]:
    """A line that is held: a coil is part of the way through, others lie behind it. Nobody may change it."""
    chromium()
    with serving(Staging.HELD) as found:
        yield found


@pytest.fixture
def staged(browser: Browser) -> Iterator[Callable[..., StagedStation]]:
    """A station of the test's own: `staged(Staging.EMPTY)`, `staged(condition=Condition.STALE)`."""
    with ExitStack() as running:

        def start(
            staging: Staging = Staging.HELD, condition: Condition = Condition.WELL, **others: Any
        ) -> StagedStation:
            return running.enter_context(serving(staging, condition, **({"earlier": 4} | others)))

        yield start


@pytest.fixture
def look(browser: Browser, staged: object) -> Iterator[Look]:
    """Open a page: `look(station.url + "/#/coils", PHONE, theme="light")`; see `browser.opened`.

    At the test's end each is held to having had no error. Then only its `staged` station goes.
    """
    with ExitStack() as open_pages:

        def open_page(url: str, *args: Any, **settings: Any) -> Page:
            page: AbstractContextManager[Page] = opened(browser, url, *args, **settings)
            return open_pages.enter_context(page)

        yield open_page
