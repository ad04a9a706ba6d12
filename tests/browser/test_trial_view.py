"""Try an image: drop, result, masks, comparison; what cannot be tried gets a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, Request, expect

from model.synthesis import SyntheticStrip
from tests.support.browser import PHONE
from tests.support.hostile import good_png
from tests.support.staged_pages import settle
from tests.support.staged_station import StagedStation

Look = Callable[..., Page]
RUN_MS = 90_000
"""A bundle is loaded for its first picture, beside whatever else these cores do."""


@pytest.fixture(scope="module")
def defective() -> bytes:
    """A synthetic frame with much on it, as PNG."""
    strip = SyntheticStrip(424_242, 1.0)
    encoded = cv2.imencode(".png", np.ascontiguousarray(strip.frame(1).pixels))[1]
    return encoded.tobytes()


def give(page: Page, body: bytes, name: str = "frame.png", mime: str = "image/png") -> None:
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": mime, "buffer": body})


def open_on(look: Look, station: StagedStation, *args: Any, **settings: Any) -> Page:
    """The page with the synthetic bundle chosen."""
    page = look(f"{station.url}/#/try", *args, **settings)
    settle(page)
    page.locator("input[value='synthetic/line']").check(force=True)
    return page


def test_a_picture_gets_its_result_as_the_station_gives_it(
    look: Look, station: StagedStation, defective: bytes
) -> None:
    page = open_on(look, station)
    expect(page.locator(".result")).to_be_hidden()
    with page.expect_response("**/api/try", timeout=RUN_MS) as answered:
        give(page, defective)
    said = answered.value.json()
    assert said["passed"]
    assert said["regions"]
    expect(page.locator(".regions tbody tr")).to_have_count(len(said["regions"]))
    expect(page.locator("path.overlay-region")).to_have_count(len(said["regions"]))
    gauge = page.locator(".result").get_by_role("img", name="Gate score")
    expect(gauge).to_have_attribute("aria-label", f"Gate score {said['gate_score']:.3f}, threshold 0.030")
    page.get_by_role("button", name="Masks").click()
    expect(page.locator(".overlay")).to_be_hidden()
    page.get_by_role("button", name="Masks").click()
    expect(page.locator(".overlay")).to_be_visible()
    page.locator(".regions tbody tr").first.hover()
    expect(page.locator("path.overlay-region").first).to_have_class("overlay-region is-marked")


def test_all_models_see_the_same_picture_one_after_another(
    look: Look, station: StagedStation, defective: bytes
) -> None:
    page = open_on(look, station)
    under_way: list[Request] = []
    most = [0]

    def began(request: Request) -> None:
        if request.url.endswith("/api/try"):
            under_way.append(request)
            most[0] = max(most[0], len(under_way))

    def ended(request: Request) -> None:
        if request in under_way:
            under_way.remove(request)

    page.on("request", began)
    page.on("requestfinished", ended)
    give(page, defective)
    page.locator(".result-conclusion").wait_for(timeout=RUN_MS)
    page.get_by_role("button", name="Compare all").click()
    lines = page.locator(".compare tbody tr")
    expect(lines.locator(".gauge")).to_have_count(lines.count(), timeout=RUN_MS)
    assert lines.count() == page.locator(".model").count() > 1
    assert most[0] == 1
    page.locator(".compare").get_by_role("button", name="severstal, line").click()
    expect(page.locator("input[value='severstal/line']")).to_be_checked()
    expect(page.locator(".result .gauge-threshold")).to_contain_text("0.314")


def test_what_is_no_image_gets_the_stations_sentence(look: Look, station: StagedStation) -> None:
    page = open_on(look, station, expected=("/api/try", "blob:"))
    give(page, b"GIF89a" + bytes(64), "cat.gif", "image/gif")
    expect(page.get_by_role("alert")).to_contain_text("This is a GIF: save it as JPEG or PNG")
    give(page, b"%PDF-1.7 " + bytes(64), "report.pdf", "application/pdf")
    expect(page.get_by_role("alert")).to_contain_text("This is a PDF")
    expect(page.get_by_text("This browser can't show the file.")).to_be_visible()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param(bytes(17 * 2**20), "The file has 17.0 MiB", id="too many bytes"),
        pytest.param(good_png(1600, 16), "least 32 px wide", id="too small"),
        pytest.param(b"", "The file is empty", id="empty"),
    ],
)
def test_what_is_refused_by_its_size_is_not_sent(
    look: Look, station: StagedStation, body: bytes, sentence: str
) -> None:
    page = open_on(look, station)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    give(page, body)
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    assert sent == []


_DROPPED = """async (bytes) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" }));
  const over = new DragEvent("dragover", { bubbles: true, cancelable: true, dataTransfer: transfer });
  document.body.dispatchEvent(over);
  const lit = document.querySelector(".stage").classList.contains("is-over");
  const drop = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer });
  document.body.dispatchEvent(drop);
  return { lit, prevented: over.defaultPrevented && drop.defaultPrevented };
}"""


def test_a_picture_can_be_dropped_anywhere_and_keeps_its_own_measures(
    look: Look, station: StagedStation
) -> None:
    page = open_on(look, station, PHONE)
    with page.expect_response("**/api/try", timeout=RUN_MS) as answered:
        did = page.evaluate(_DROPPED, list(good_png(400, 300)))
    assert did == {"lit": True, "prevented": True}
    assert answered.value.json()["fitted"]["picture_width_px"] == 400
    expect(page.locator(".stage-name")).to_have_text("dropped.png")
    expect(page.locator(".overlay svg")).to_have_attribute("viewBox", "0 0 400 300")
    expect(page.locator(".result-fitted")).to_contain_text("scaled to")
    expect(page.locator(".stage")).not_to_have_class("stage is-over")
    assert page.evaluate("document.querySelector('.trial').scrollWidth <= innerWidth")


_DRAWN = """async () => {
  const { overlay } = await import("/views/trial/overlay.js");
  const box = { class_id: 2, name: "crack", score: 0.9, area_px: 9,
                row_min: 4, col_min: 8, row_max: 7, col_max: 19 };
  const drawing = overlay({ widthPx: 100, heightPx: 50 }, () => {});
  drawing.draw({ fitted: { scale: 0.5 }, regions: [
    { ...box, contour: [] }, { ...box, contour: [[8, 4], [19, 4], [19, 7]] }] });
  const paths = [...drawing.node.querySelectorAll("path.overlay-region")];
  const letter = drawing.node.querySelector(".swatch");
  return { paths: paths.map((path) => path.getAttribute("d")),
           scale: drawing.node.querySelector("svg > g").getAttribute("transform"),
           letter: [letter.textContent, letter.style.left, letter.style.top] };
}"""


def test_regions_lie_where_they_are_on_the_persons_own_picture(look: Look, station: StagedStation) -> None:
    page = look(f"{station.url}/#/nothing")
    settle(page)
    assert page.evaluate(_DRAWN) == {
        "paths": ["M8 4H20V8H8Z", "M8.5 4.5L19.5 4.5L19.5 7.5Z"],
        "scale": "scale(2)",
        "letter": ["B", "16%", "16%"],
    }


def test_a_busy_station_says_so_and_the_picture_stays(
    look: Look, station: StagedStation, defective: bytes
) -> None:
    page = open_on(look, station, language="ru", expected=("/api/try",))
    busy = {"error": "Too many images are waiting to be inspected"}
    page.route("**/api/try", lambda route: route.fulfill(status=503, json=busy))
    give(page, defective)
    expect(page.get_by_role("alert")).to_have_text("Too many images are waiting to be inspected")
    expect(page.locator(".stage-frame img")).to_be_visible()
    page.unroute("**/api/try")
    page.locator("input[value='severstal/line']").check(force=True)
    expect(page.locator(".result-conclusion")).to_be_visible(timeout=RUN_MS)
