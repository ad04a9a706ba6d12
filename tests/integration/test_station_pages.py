"""The operator's page in a real browser, before a real line: what a person sees is what the topics hold."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from local.kafka.broker import LocalBroker
from local.processes.children import Child, clean_environment, turns
from tests.integration.conftest import StartTracker, StartWorker, Topics
from tests.support.asked_station import AskedStation
from tests.support.browser import launch, opened
from tests.support.staged_pages import settle

FRAMES_A_COIL = 60
COIL = "shown-1-001"
LINE_MS = 60_000
"""Until a coil of `FRAMES_A_COIL` has its verdict, on two cores that others use, too."""


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Chromium; a visible skip without it, a failure in CI."""
    with launch() as found:
        yield found


def test_a_person_sees_a_coil_pass_and_its_verdict(
    browser: Browser, topics: Topics, start_worker: StartWorker, start_tracker: StartTracker, tmp_path: Path
) -> None:
    worker, tracker = start_worker(topics), start_tracker(topics)
    with AskedStation(topics.bootstrap_servers, topics.prefix, tmp_path / "station.log") as station:
        tracker.wait_until_ready()
        worker.wait_until_ready()
        station.wait_until_ready()
        with opened(browser, station.page) as page:
            settle(page)
            expect(page.locator(".condition-band")).to_contain_text("No data yet")
            with _simulator(topics, tmp_path) as line:
                expect(page.locator("main h1:visible")).to_contain_text(COIL, timeout=LINE_MS)
                expect(page.locator(".condition-calm")).to_contain_text("Coil is running")
                assert line.wait(60) == 0, line.last_words()
            page.locator("nav [data-view=coils]").click()
            link = page.locator(f"main a[href='#/coils/{COIL}']").first
            link.wait_for(timeout=LINE_MS)
            report = _reported(station)
            link.click()
            words = {"release": "Release", "hold": "Hold", "reject": "Reject"}[report["verdict"]]
            expect(page.locator("main")).to_contain_text(re.compile(words, re.IGNORECASE))
            for finding in report["findings"]:
                expect(page.locator("main")).to_contain_text(finding["evidence"].replace("mm2", "mm²"))
            partition, offset = _frame_with_regions(station)
            size = page.evaluate(
                "async (src) => { const image = new Image(); image.src = src; await image.decode();"
                " return image.naturalWidth; }",
                f"/api/frames/{partition}/{offset}",
            )
            assert size == 1600


def test_a_person_is_told_that_kafka_went_away(
    browser: Browser, own_broker: LocalBroker, create_topics: Callable[..., Topics], tmp_path: Path
) -> None:
    topics = create_topics(own_broker.bootstrap_servers)
    with AskedStation(topics.bootstrap_servers, topics.prefix, tmp_path / "station.log") as station:
        station.wait_until_ready()
        with opened(browser, station.page) as page:
            expect(page.locator(".condition-band")).to_contain_text("No data yet")
            own_broker.stop()
            expect(page.locator(".condition-band")).to_contain_text("Kafka is away", timeout=LINE_MS)
            own_broker.start()
            expect(page.locator(".condition-band")).to_contain_text("No data yet", timeout=LINE_MS)


def _simulator(topics: Topics, folder: Path) -> Child:
    arguments = [
        "replay", "--bootstrap-servers", topics.bootstrap_servers, "--topic-prefix", topics.prefix,
        "--coils", "1", "--coil-prefix", "shown-", "--frames-per-coil", str(FRAMES_A_COIL), "--fps", "20",
        "--defect-share", "0.2", "--roll-mark", "diameter=305,class=1,lane=640", "--no-progress",
    ]  # fmt: skip
    environment = clean_environment(os.environ, {})
    return Child("producer_sim", arguments, environment=environment, log=folder / "sim.log")


def _reported(station: AskedStation) -> dict[str, object]:
    for _ in turns(30, 0.2, "the report can be had"):
        report: dict[str, object] = station.asked(f"/api/coils/{COIL}")["report"]
        if report is not None:
            return report
    raise AssertionError("turns raises")


def _frame_with_regions(station: AskedStation) -> tuple[int, int]:
    regions = station.asked(f"/api/coils/{COIL}/map")["regions"]
    return regions["partition"][0], regions["offset"][0]
