"""A frame's card: the picture from Kafka with what was found on it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.staged_station import StagedStation
from tests.support.strip_scenes import region, snapshot

Look = Callable[..., Page]
_PICTURE = """async () => {
  const canvas = new OffscreenCanvas(2000, 400);
  canvas.getContext("2d").fillRect(0, 0, 2000, 400);
  const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
  return Array.from(bytes);
}"""
_CARD = """async (wire) => {
  const {CoilModel} = await import("/strip/coil_model.js");
  const {frameCard} = await import("/strip/frame_card.js");
  const model = new CoilModel();
  model.apply(wire);
  window.card = frameCard(model, 0);
  document.querySelector("main").replaceChildren(card.node);
}"""
_BRIGHT = """() => {
  const canvas = document.querySelector(".frame-close");
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let bright = 0;
  for (let n = 0; n < data.length; n += 4) bright += data[n] > 150 ? 1 : 0;
  return bright;
}"""


@pytest.fixture
def page(look: Look, station: StagedStation) -> Page:
    return look(f"{station.url}/#/nowhere", expected=("/api/frames/", "willReadFrequently"))


def test_the_picture_has_its_masks_until_they_are_turned_off(page: Page) -> None:
    picture = bytes(page.evaluate(_PICTURE))
    page.route("**/api/frames/3/1000", lambda route: route.fulfill(body=picture, content_type="image/png"))
    page.evaluate(_CARD, snapshot([region(0, 500.0, 100.0)]))
    expect(page.locator(".frame-state")).to_be_hidden()
    expect(page.locator(".frame-card")).to_contain_text("pit")
    page.wait_for_function(f"({_BRIGHT})() > 50")
    masks = page.get_by_role("button", name="Mask")
    masks.click()
    expect(masks).to_have_attribute("aria-pressed", "false")
    assert page.evaluate(_BRIGHT) == 0


@pytest.mark.parametrize("status", [410, 503])
def test_without_a_picture_the_server_s_sentence_is_shown(page: Page, status: int) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=status, json={"error": "This frame can't be had any more."})

    page.route("**/api/frames/**", refuse)
    page.evaluate(_CARD, snapshot([region(0, 500.0, 100.0)]))
    expect(page.locator(".frame-state")).to_have_text("This frame can't be had any more.")
    expect(page.get_by_role("button", name="Mask")).to_be_disabled()
    page.evaluate("card.destroy()")
    expect(page.locator(".frame-card")).to_have_count(0)
