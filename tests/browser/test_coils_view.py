"""The history: filters, the address, further pages, the trend; what it says when there is nothing to show."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.support.browser import PHONE
from tests.support.staged_line import Staging
from tests.support.staged_pages import settle
from tests.support.staged_station import StagedStation

Look = Callable[..., Page]


def rows(page: Page) -> Locator:
    return page.locator(".coils-row")


def ids(page: Page) -> list[str]:
    return page.locator(".coils-link").all_inner_texts()


def test_a_verdict_narrows_the_table_and_stands_in_the_address(look: Look, station: StagedStation) -> None:
    page = look(f"{station.url}/#/coils")
    settle(page)
    everything = rows(page).count()
    page.get_by_role("radio", name="Reject").check(force=True)
    expect(page).to_have_url(f"{station.url}/#/coils?verdict=reject")
    expect(rows(page).locator(".verdict-reject")).not_to_have_count(0)
    expect(rows(page).locator(".verdict:not(.verdict-reject)")).to_have_count(0)
    assert rows(page).count() < everything
    page.get_by_role("link", name="Coils", exact=True).first.click()
    expect(rows(page)).to_have_count(everything)
    expect(page.get_by_role("radio", name="All")).to_be_checked()


def test_a_search_is_asked_once_when_typing_rests_and_outlives_a_reload(
    look: Look, station: StagedStation
) -> None:
    page = look(f"{station.url}/#/coils")
    settle(page)
    wanted = ids(page)[3]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/coils?" in request.url else None)
    page.get_by_role("searchbox").press_sequentially(wanted[-4:].lower(), delay=5)
    expect(page).to_have_url(f"{station.url}/#/coils?query={wanted[-4:]}")
    expect(rows(page)).to_have_count(1)
    assert ids(page) == [wanted]
    assert len([each for each in asked if "query=" in each]) == 1
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value(wanted[-4:])
    expect(rows(page)).to_have_count(1)


def test_nothing_fits_says_so_and_leads_back(look: Look, station: StagedStation) -> None:
    page = look(f"{station.url}/#/coils?query=no-such-coil")
    expect(page.get_by_role("heading", name="No coil fits")).to_be_visible()
    page.get_by_role("button", name="Show all coils").click()
    expect(rows(page)).not_to_have_count(0)
    expect(page.get_by_role("searchbox")).to_have_value("")


def test_no_history_yet_says_when_there_will_be_one(look: Look, staged: Callable[..., StagedStation]) -> None:
    page = look(f"{staged(Staging.EMPTY).url}/#/coils", language="ru")
    expect(page.get_by_role("heading", name="Ни по одному рулону ещё нет вердикта")).to_be_visible()
    expect(page.get_by_text("Динамика начнётся")).to_be_visible()


def test_a_refusal_is_shown_as_it_is_and_can_be_tried_again(look: Look, station: StagedStation) -> None:
    page = look("about:blank", expected=("/api/coils",))
    refusal = json.dumps({"error": "The history is being read; ask again"})
    page.route("**/api/coils?*", lambda route: route.fulfill(status=503, body=refusal))
    page.goto(f"{station.url}/#/coils")
    expect(page.get_by_text("The history is being read; ask again")).to_be_visible()
    page.unroute("**/api/coils?*")
    page.get_by_role("button", name="Try again").click()
    expect(rows(page)).not_to_have_count(0)


def test_older_coils_come_by_cursor_and_focus_goes_with_them(look: Look, station: StagedStation) -> None:
    def ten(route: Route) -> None:
        route.continue_(url=route.request.url.replace("limit=50", "limit=10"))

    page = look("about:blank")
    page.route("**/api/coils?*", ten)
    page.goto(f"{station.url}/#/coils")
    expect(rows(page)).to_have_count(10)
    page.get_by_role("button", name="Show older coils").click()
    expect(rows(page)).to_have_count(20)
    shown = ids(page)
    assert len(set(shown)) == 20
    expect(page.locator(".coils-link").nth(10)).to_be_focused()
    while page.get_by_role("button", name="Show older coils").count():
        before = rows(page).count()
        page.get_by_role("button", name="Show older coils").click()
        expect(rows(page)).not_to_have_count(before)
    assert ids(page)[:20] == shown


_REFRESHED = """async () => {
  const { coilList } = await import("/views/coils/coil_list.js");
  const list = coilList({ onClear() {}, onLines() {} });
  document.querySelector("main").append(list.node);
  await list.show({ query: "", verdict: "", line: "" });
  const first = list.node.querySelector("tr[data-coil='C-2']");
  await list.refresh();
  const rows = [...list.node.querySelectorAll(".coils-row")];
  return { ids: rows.map((row) => row.dataset.coil), kept: rows.includes(first),
           fresh: rows.filter((row) => row.classList.contains("is-new")).map((row) => row.dataset.coil) };
}"""


def test_a_further_report_comes_to_its_place_and_moves_nobody_else(
    look: Look, station: StagedStation
) -> None:
    answers = iter(
        [
            {"coils": [coil("C-2"), coil("C-1")], "before": None, "classes": {"1": "pit"}},
            {
                "coils": [coil("C-3"), coil("C-2"), coil("C-1", "hold")],
                "before": None,
                "classes": {"1": "pit"},
            },
        ]
    )
    page = look(f"{station.url}/#/nothing")
    settle(page)
    page.route("**/api/coils?*", lambda route: route.fulfill(json=next(answers)))
    assert page.evaluate(_REFRESHED) == {
        "ids": ["C-3", "C-2", "C-1"],
        "kept": True,
        "fresh": ["C-3", "C-1"],
    }


def coil(coil_id: str, verdict: str = "release") -> dict[str, Any]:
    at = "1767225600000000000"
    return {
        "coil_id": coil_id,
        "line_id": "line-1",
        "report_version": 1,
        "verdict": verdict,
        "complete": True,
        "in_time": True,
        "slack_s": 61.0,
        "late_by_s": 0.0,
        "started_at_ns": at,
        "ended_at_ns": at,
        "deadline_at_ns": at,
        "reported_at_ns": at,
        "length_mm": 1000.0,
        "frames": 10,
        "missing": 0,
        "defects": 1,
        "defects_by_class": {"1": 1},
        "marks": 0,
        "rules_fired": [],
    }


def test_the_trend_is_walked_by_keys_and_opens_a_coil(look: Look, station: StagedStation) -> None:
    page = look(f"{station.url}/#/coils")
    settle(page)
    plot = page.get_by_role("slider", name="Trend by coil")
    plot.focus()
    count = int(plot.get_attribute("aria-valuemax") or "0")
    newest = plot.get_attribute("aria-valuetext") or ""
    assert plot.get_attribute("aria-valuenow") == str(count)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(plot).to_have_attribute("aria-valuenow", str(count - 2))
    said = plot.get_attribute("aria-valuetext") or ""
    assert said != newest
    coil_id = said.split(",")[0]
    expect(page.locator(".trend-coil")).to_have_text(coil_id)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{station.url}/#/coils/{coil_id}")


def test_the_trend_as_a_table_holds_what_the_api_says(look: Look, station: StagedStation) -> None:
    page = look(f"{station.url}/#/coils")
    settle(page)
    trend = page.evaluate("async () => (await fetch('/api/trend?last=50')).json()")
    page.get_by_text("Figures as a table").click()
    lines = page.locator(".trend-table tbody tr")
    expect(lines).to_have_count(len(trend["coil_id"]))
    assert lines.locator("th a").all_inner_texts() == trend["coil_id"][::-1]
    first = next(iter(sorted(trend["per_100_m"], key=int)))
    shown = float(lines.first.locator("td").nth(3).inner_text().replace(",", ""))
    assert shown == pytest.approx(trend["per_100_m"][first][-1], abs=0.051)


_LAYOUT = """async () => {
  const m = await import("/views/coils/trend_layout.js");
  const trend = { coil_id: ["a", "b", "c", "d"], per_100_m: { 2: [0, 4, null, 2], 1: [0, 0, 0, 0] } };
  const layout = m.trendLayout(trend, 400);
  return {
    classes: layout.rows.map((row) => row.classId), x: layout.xPx, most: layout.rows[1].most,
    heights: layout.rows[1].heightsPx.map((each, at, all) => each === null ? null : each / all[1]),
    flat: layout.rows[0].heightsPx, ticks: [layout.ticks[0], layout.ticks.at(-1)],
    at: [-5, 0, 99, 100, 399, 900].map((x) => m.coilAt(layout, x)),
    mean: m.movingMean([1, 1, 1, 5, null, 2, 2, 2, 2]),
    none: m.coilAt(m.trendLayout({ coil_id: [], per_100_m: {} }, 400), 10),
  };
}"""


def test_the_trend_is_laid_out_by_its_figures(look: Look, station: StagedStation) -> None:
    page = look(f"{station.url}/#/nothing")
    settle(page)
    laid = page.evaluate(_LAYOUT)
    assert laid["classes"] == [1, 2]
    assert laid["x"] == [50, 150, 250, 350]
    assert laid["most"] == 4
    assert laid["heights"] == [0, 1, None, 0.5]
    assert laid["flat"] == [0, 0, 0, 0]
    assert laid["ticks"] == [0, 3]
    assert laid["at"] == [0, 0, 0, 1, 3, 3]
    assert laid["mean"][:3] == [None, None, None]
    assert laid["mean"][3] == laid["mean"][4] == 2
    assert laid["mean"][8] == pytest.approx(15 / 7)
    assert laid["none"] == -1


def test_rows_are_cards_on_a_phone_and_the_whole_card_opens_the_coil(
    look: Look, station: StagedStation
) -> None:
    page = look(f"{station.url}/#/coils", PHONE)
    settle(page)
    card = rows(page).nth(1)
    card.scroll_into_view_if_needed()
    box = card.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE.width
    coil_id = ids(page)[1]
    card.locator(".at-deadline").tap(force=True)
    expect(page).to_have_url(f"{station.url}/#/coils/{coil_id}")
    assert urlsplit(page.url).fragment == f"/coils/{coil_id}"
