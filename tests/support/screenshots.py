"""Pictures of the page over a staged line, as the documentation shows them.

python -m tests.support.screenshots --out docs/station
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page, expect

from station.app import PAGES
from tests.support.browser import DESK, PHONE, Size, launch, opened
from tests.support.staged_line import Condition, Staging
from tests.support.staged_pages import KEPT, VIEWS, settle
from tests.support.staged_station import StagedStation, serving

PATIENCE_MS = 60_000
"""A coil passes in half a minute."""

PICTURES = PAGES.parents[1] / "docs" / "station"


class Shot(NamedTuple):
    """One picture."""

    name: str
    view: str
    size: Size = DESK
    theme: str = "dark"
    language: str = "en"
    prepare: Callable[[Page], None] | None = None
    whole: bool = False
    """The whole page, not only what a window shows."""


def try_an_image(page: Page) -> None:
    """Give the trial a frame of the strip, and wait for what the models say."""
    image = page.request.get(_any_frame(page)).body()
    page.locator("label.model", has_text="synthetic").click()
    page.locator("input[type=file]").set_input_files(
        {"name": "frame.jpg", "mimeType": "image/jpeg", "buffer": image}
    )
    expect(page.locator(".overlay-region").first).to_be_visible(timeout=60_000)


def drawn(page: Page) -> None:
    """Wait for the strip to be drawn."""
    page.wait_for_function("() => performance.getEntriesByName('coilwatch:drawn').length > 0")


def rolling(page: Page) -> None:
    """Wait for a coil that has run for a while: its pace is measured, and its roll mark raised the alarm."""
    expect(page.locator(".live-bar-flag")).to_contain_text(":", timeout=PATIENCE_MS)
    expect(page.locator(".live-alarm")).to_have_count(2, timeout=PATIENCE_MS)
    drawn(page)


def with_a_frame(page: Page) -> None:
    """And one of its defects is looked at."""
    rolling(page)
    page.locator(".strip-map").focus()
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    expect(page.locator(".frame-card canvas").first).to_be_visible()


def with_its_frames(page: Page) -> None:
    """Wait for the pictures of its defects, which load when they come into view."""
    drawn(page)
    page.locator(".coil-pictures").first.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelectorAll('.coil-pictures canvas').length > 3")
    page.evaluate("window.scrollTo(0, 0)")


LIVE = (
    Shot("live", "live", prepare=rolling),
    Shot("live-frame", "live", prepare=with_a_frame),
    Shot("live-light-ru", "live", theme="light", language="ru", prepare=rolling),
    Shot("live-phone", "live", PHONE, prepare=rolling),
)
HELD = (
    Shot("coil", "coil", prepare=drawn),
    Shot("coil-light", "coil", theme="light", prepare=with_its_frames, whole=True),
    Shot("coil-phone", "coil", PHONE, language="ru", prepare=drawn),
    Shot("coils", "coils"),
    Shot("coils-light-ru", "coils", theme="light", language="ru"),
    Shot("coils-phone", "coils", PHONE),
    Shot("try", "try", prepare=try_an_image),
)
AWAY = (Shot("broker-away", "live", prepare=drawn),)
SHOTS = (
    (Staging.LIVE, Condition.WELL, LIVE),
    (Staging.HELD, Condition.WELL, HELD),
    (Staging.HELD, Condition.BROKER_AWAY, AWAY),
)


def take_all(folder: Path, only: str = "") -> list[Path]:
    """Take them; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    taken: list[Path] = []
    with launch() as browser:
        for staging, condition, shots in SHOTS:
            wanted = [shot for shot in shots if only in shot.name]
            if wanted:
                with serving(staging, condition) as station:
                    taken += [take(browser, station, shot, folder) for shot in wanted]
    return taken


def take(browser: Browser, station: StagedStation, shot: Shot, folder: Path) -> Path:
    """Take one. Raises AssertionError when the page had something to complain of."""
    url, path = f"{station.url}/{VIEWS[shot.view]}", folder / f"{shot.name}.png"
    with opened(
        browser, url, shot.size, theme=shot.theme, language=shot.language, reduced_motion=True
    ) as page:
        settle(page)
        if shot.prepare is not None:
            shot.prepare(page)
        page.screenshot(path=path, full_page=shot.whole)
    return path


def _any_frame(page: Page) -> str:
    station = page.url.split("/#")[0]
    regions = page.request.get(f"{station}/api/coils/{KEPT}/map").json()["regions"]
    largest = max(range(len(regions["area_mm2"])), key=regions["area_mm2"].__getitem__)
    return f"{station}/api/frames/{regions['partition'][largest]}/{regions['offset'][largest]}"


def main(arguments: list[str]) -> int:
    """Take them all, or those whose name contains `--only`."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.screenshots")
    parser.add_argument("--out", type=Path, default=PICTURES)
    parser.add_argument("--only", default="")
    given = parser.parse_args(arguments)
    for path in take_all(given.out, given.only):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
