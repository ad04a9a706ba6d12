"""One coil's page: its verdict and why, its map, its defects by pointer and by keys, live while it runs."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from contracts.reports import CoilReport
from station.web.views import report_view
from station.web.wire import CoilView
from tests.support.browser import NARROW, PHONE
from tests.support.staged_line import HELD_AT, Staging
from tests.support.staged_pages import settle
from tests.support.staged_station import StagedStation
from tests.support.told_coils import full, rich, told

Look = Callable[..., Page]
Told = Callable[..., Page]

RUNNING = "C-24-1817"
REJECTED = "C-24-1815"
"""With a roll mark, and its map kept."""
OLD = "C-24-1812"
"""Its map is not kept."""
ROWS = ".defects-body .defects-row"
CHOSEN = f"{ROWS}[aria-selected=true]"


@pytest.fixture
def show(look: Look, station: StagedStation) -> Told:
    """The page of a report that the test says, without a map."""

    def show_report(report: CoilReport, *args: object, **settings: object) -> Page:
        answer = CoilView(
            coil_id=report.coil_id, line_id=report.line_id, seq=None, report=report_view(report), alarms=[]
        ).model_dump_json()
        page = look(f"{station.url}/#/coils", *args, **settings)
        settle(page)

        def told_instead(route: Route) -> None:
            route.fulfill(content_type="application/json", body=answer)

        page.route(f"**/api/coils/{report.coil_id}", told_instead)
        page.evaluate("(id) => { location.hash = `#/coils/${id}`; }", report.coil_id)
        expect(page.locator(".coil-head h1")).to_have_text(report.coil_id)
        return page

    return show_report


def coil(look: Look, station: StagedStation, coil_id: str, *args: object, **settings: object) -> Page:
    page = look(f"{station.url}/#/coils/{coil_id}", *args, **settings)
    expect(page.locator(".coil-head h1")).to_have_text(coil_id)
    return page


# --- what it says ---


def test_the_verdict_and_every_finding_with_its_evidence(look: Look, station: StagedStation) -> None:
    page = coil(look, station, REJECTED)
    report = page.evaluate("(path) => fetch(path).then((r) => r.json())", f"/api/coils/{REJECTED}")["report"]
    expect(page.locator(".coil-verdict .verdict")).to_have_text("Reject")
    assert report["findings"]
    findings = page.locator(".coil-finding")
    expect(findings).to_have_count(len(report["findings"]))
    for finding in report["findings"]:
        shown = findings.filter(has=page.get_by_role("heading", name=finding["rule"], exact=True))
        expect(shown).to_contain_text(finding["evidence"].replace("mm2", "mm²"))
        expect(shown.locator(".verdict")).to_have_text(finding["verdict"].capitalize())
    verdicts = findings.locator(".verdict").all_text_contents()
    assert verdicts == sorted(verdicts, key=["Reject", "Hold", "Release"].index)  # the worst first


def test_the_figures_are_the_reports(show: Told) -> None:
    page = show(rich())
    figures = dict(
        zip(
            page.locator(".coil-figures dt").all_text_contents(),
            page.locator(".coil-figures dd").all_text_contents(),
            strict=True,
        )
    )
    # 800 frames: one missing and two unreadable were not seen; 89 defects on 100 m
    assert figures == {"Defects": "89", "per 100 m": "89.0", "Marks and lanes": "2", "Inspected": "99.6%"}
    expect(page.locator(".coil-verdict-why")).to_contain_text("4 rules fired")
    expect(page.locator(".coil-verdict-why")).to_contain_text("in time, 2 min 00 s left")
    expect(page.locator(".coil-notes")).to_contain_text("the end names bottom, which the start does not")


def test_a_coil_that_is_late_says_by_how_much(show: Told) -> None:
    page = show(told("C-5", in_time=False, slack_s=0.0, late_by_s=75.0))
    expect(page.locator(".coil-late")).to_have_text("late by 1 min 15 s")


def test_a_coil_without_a_fault_says_so_in_words(show: Told) -> None:
    page = show(told("C-6"))
    expect(page.locator(".coil-verdict .verdict")).to_have_text("Release")
    expect(page.locator(".coil-why")).to_contain_text("No rule fired")
    expect(page.locator("main")).to_contain_text("No roll mark and no lane")
    expect(page.locator(".defects-empty")).to_be_visible()


def test_the_ledger_sums_over_the_cameras(show: Told) -> None:
    page = show(rich())
    head = page.locator(".coil-ledger thead th").all_text_contents()
    rows = [row.locator("th, td").all_text_contents() for row in page.locator(".coil-ledger tbody tr").all()]
    assert [row[0] for row in rows] == ["bottom", "top", "All cameras"]
    figures = [dict(zip(head[1:], map(int, row[1:]), strict=True)) for row in rows]
    for figure in figures:
        seen = ("Clean", "Defective", "Not segmented", "Unreadable", "Missing")
        assert figure["Announced"] == sum(figure[name] for name in seen)
    assert figures[2] == {name: figures[0][name] + figures[1][name] for name in figures[0]}


def test_a_roll_mark_names_its_roll_and_how_sure_it_is(show: Told) -> None:
    page = show(rich())
    mark = page.locator(".coil-repeat").first
    expect(mark.get_by_role("heading")).to_have_text("F5 top work roll")
    for said in ("1,885.0 ± 0.8 mm", "44 of 44 turns", "practically never", "F6 top work roll"):
        expect(mark).to_contain_text(said)


def test_what_repeats_is_shown_on_the_map(look: Look, station: StagedStation) -> None:
    page = coil(look, station, REJECTED)
    page.locator(".coil-repeat button").first.click()
    expect(page.locator(".coil-class[aria-pressed=true]")).to_have_count(1)
    expect(page.locator(".coil-count")).not_to_have_text("")
    shown, total = page.locator(".coil-count").text_content().replace(",", "").split()[0:3:2]  # type: ignore[union-attr]
    assert 0 < int(shown) < int(total)


# --- defects ---


def test_the_table_is_sorted_by_its_heads(look: Look, station: StagedStation) -> None:
    page = coil(look, station, REJECTED)
    head = page.get_by_role("columnheader", name="Area")
    expect(head).to_have_attribute("aria-sort", "descending")
    assert column(page, 5) == sorted(column(page, 5), reverse=True)
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert column(page, 5) == sorted(column(page, 5))
    page.get_by_role("columnheader", name="Along").get_by_role("button").click()
    expect(page.locator(".defects-head [aria-sort]")).to_have_count(1)
    assert column(page, 1) == sorted(column(page, 1))


def test_a_row_chosen_by_keys_shows_its_frame_and_says_so_to_a_reader(
    look: Look, station: StagedStation
) -> None:
    page = coil(look, station, REJECTED)
    expect(page.locator(".coil-picture").first).to_be_attached()  # the map is there
    grid = page.get_by_role("grid")
    grid.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(CHOSEN)).to_have_attribute("aria-rowindex", "2")
    page.keyboard.press("ArrowDown")
    expect(page.locator(CHOSEN)).to_have_attribute("aria-rowindex", "3")
    active = grid.get_attribute("aria-activedescendant")
    assert page.locator(CHOSEN).get_attribute("id") == active
    area = page.locator(CHOSEN).locator("[role=gridcell]").nth(5).text_content()
    expect(page.locator(".coil-chosen .frame-facts")).to_contain_text(f"{area} mm²")
    page.keyboard.press("End")
    last = int(grid.get_attribute("aria-rowcount") or 0)
    expect(page.locator(CHOSEN)).to_have_attribute("aria-rowindex", str(last))
    page.keyboard.press("Home")
    expect(page.locator(CHOSEN)).to_have_attribute("aria-rowindex", "2")


def test_a_click_on_a_row_chooses_it(look: Look, station: StagedStation) -> None:
    page = coil(look, station, REJECTED)
    row = page.locator(f"{ROWS}[aria-rowindex='5']")
    row.click()
    expect(row).to_have_attribute("aria-selected", "true")


def test_a_frame_of_the_largest_is_fetched_and_choosing_it_chooses_the_row(
    look: Look, station: StagedStation
) -> None:
    page = coil(look, station, REJECTED)
    page.locator(".coil-pictures-box").scroll_into_view_if_needed()
    expect(page.locator(".coil-picture .has-picture").first).to_be_visible()
    page.locator(".coil-picture button").first.click()
    expect(page.locator(CHOSEN)).to_have_attribute("aria-rowindex", "2")
    expect(page.locator(".coil-chosen .has-picture")).to_be_visible()


def test_classes_are_chosen_and_all_of_them_come_back(look: Look, station: StagedStation) -> None:
    page = coil(look, station, REJECTED)
    all_rows = page.get_by_role("grid").get_attribute("aria-rowcount")
    chosen = page.locator(".coil-class").first
    name, count = chosen.locator(".class-label span").last.text_content(), chosen.locator(".coil-class-count")
    chosen.click()
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(figure(count.text_content()) + 1))
    assert set(page.locator(f"{ROWS} .class-label span:last-child").all_text_contents()) == {name}
    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(all_rows))


def test_the_size_is_chosen_by_keys(look: Look, station: StagedStation) -> None:
    page = coil(look, station, REJECTED)
    before = figure(page.get_by_role("grid").get_attribute("aria-rowcount"))
    slider = page.locator(".coil-size input")
    slider.focus()
    page.keyboard.press("End")
    assert (slider.get_attribute("aria-valuetext") or "").endswith("mm² and more")
    after = figure(page.get_by_role("grid").get_attribute("aria-rowcount"))
    assert 1 < after < before
    least = figure(slider.get_attribute("aria-valuetext").split()[0])  # type: ignore[union-attr]
    assert min(column(page, 5)) >= least


def test_five_thousand_rows_are_a_few_elements(show: Told) -> None:
    page = show(full("C-777"))
    grid = page.get_by_role("grid")
    expect(grid).to_have_attribute("aria-rowcount", "5001")
    assert page.locator(ROWS).count() < 60
    expect(page.locator(".coil-about")).to_have_text("The report lists the largest 5,000.")
    grid.focus()
    page.keyboard.press("End")
    expect(page.locator(CHOSEN)).to_have_attribute("aria-rowindex", "5001")
    expect(page.locator(CHOSEN)).to_be_in_viewport()
    assert page.locator(ROWS).count() < 60


def test_a_full_report_with_hostile_texts_stays_within_a_phone(show: Told) -> None:
    page = show(full("C" + "7" * 63), NARROW)
    expect(page.locator(".coil-finding")).to_have_count(200)
    page.locator(".coil-more-findings summary").click()
    expect(page.locator(".coil-finding").last).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW.width


# --- map, report, or neither ---


def test_without_its_map_the_reports_defects_are_drawn_and_that_is_said(
    look: Look, station: StagedStation
) -> None:
    page = coil(look, station, OLD)
    expect(page.locator(".coil-map-note")).to_contain_text("no longer kept")
    expect(page.locator(".coil-strip canvas").first).to_be_visible()
    expect(page.locator(".coil-pictures-box")).to_be_hidden()
    page.locator(ROWS).first.click()
    expect(page.locator(CHOSEN)).to_have_count(1)
    expect(page.locator(".coil-chosen")).to_be_hidden()


def test_a_running_coil_shows_what_there_is(look: Look, station: StagedStation) -> None:
    page = coil(look, station, RUNNING)
    expect(page.locator(".coil-verdict .verdict")).to_have_text("No verdict yet")
    expect(page.locator(".coil-verdict-why")).to_contain_text("still running")
    expect(page.locator(".coil-files")).to_have_count(0)
    expect(page.locator(".coil-about")).to_contain_text("While there is no report")
    rows = figure(page.get_by_role("grid").get_attribute("aria-rowcount"))
    counts = [figure(said) for said in page.locator(".coil-class-count").all_text_contents()]
    assert rows - 1 == sum(counts) > 0
    reached_m = float((page.locator(".coil-name p").text_content() or "").split("·")[1].split()[0])
    assert 0 < reached_m < 99.8 * (HELD_AT + 0.05)


def test_the_map_is_shown_as_soon_as_it_comes(look: Look, station: StagedStation) -> None:
    """Figures are shown once a second; who opens a coil does not wait that second for its map."""
    waits_ms = look(f"{station.url}/#/nowhere").evaluate(
        """async (coilId) => {
          const {CoilSource} = await import("/views/coil/coil_source.js");
          const [wait, waitsMs] = [window.setTimeout, []];
          window.setTimeout = (run, ms) => (waitsMs.push(ms), wait(run, ms));
          await new Promise((done) => {
            const onMap = () => (waitsMs.length = 0);
            const source = new CoilSource(coilId, {onMap, onChange: () => source.model && done()});
          });
          return waitsMs.filter((ms) => ms <= 1000);
        }""",
        REJECTED,
    )
    assert waits_ms == [0]


def test_a_running_coil_gets_its_verdict_while_one_looks(
    look: Look, staged: Callable[..., StagedStation]
) -> None:
    station = staged(Staging.LIVE)
    page = coil(look, station, RUNNING)
    expect(page.locator(".coil-verdict .verdict")).to_have_text("No verdict yet")
    expect(page.locator(".coil-verdict .verdict")).not_to_have_text("No verdict yet", timeout=60_000)
    expect(page.locator(".coil-files a")).to_have_count(3)
    expect(page.locator(".coil-finding").first).to_be_visible()


def test_when_the_report_cannot_be_had_the_servers_sentence_stands_and_one_can_ask_again(
    look: Look, station: StagedStation
) -> None:
    sentence = "Kafka did not give the report in time; try again"
    page = look(f"{station.url}/#/coils", expected=(f"/api/coils/{OLD}", "503"))
    settle(page)
    pattern = f"**/api/coils/{OLD}"
    page.route(pattern, lambda route: route.fulfill(status=503, body=json.dumps({"error": sentence})))
    page.evaluate("(id) => { location.hash = `#/coils/${id}`; }", OLD)
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    page.unroute(pattern)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".coil-head h1")).to_have_text(OLD)


def test_the_reports_files_are_fetched(look: Look, station: StagedStation) -> None:
    page = coil(look, station, OLD)
    for form in ("PDF", "CSV", "JSON"):
        with page.expect_download() as download:
            page.locator(".coil-files").get_by_role("link", name=form).click()
        assert download.value.suggested_filename == f"{OLD}.{form.lower()}"


def test_in_russian_and_on_a_phone(look: Look, station: StagedStation) -> None:
    page = coil(look, station, REJECTED, PHONE, language="ru", theme="light")
    expect(page.locator(".coil-verdict .verdict")).to_have_text("Забраковать")
    assert page.locator(".defects-head .defects-cell").nth(2).is_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE.width


# --- its parts ---


def test_a_defect_is_shown_by_the_largest_region_it_was_merged_from(
    look: Look, station: StagedStation
) -> None:
    page = look(f"{station.url}/#/try")
    settle(page)
    said = page.evaluate(
        """async () => {
          const { CoilModel } = await import("/strip/coil_model.js");
          const { listOfBoth } = await import("/views/coil/defect_list.js");
          const model = new CoilModel("C");
          const column = (...values) => values;
          const coil = { coil_id: "C", class_names: {}, cameras: [{ camera_id: "top" }] };
          model.apply({ since: 0, seq: 1, coil,
            regions: {
              row: column(0, 1, 2, 3), class_id: column(1, 1, 2, 1), camera: column(0, 0, 0, 0),
              frame_index: column(0, 1, 1, 9), frame_along_mm: column(0, 100, 100, 900),
              along_min_mm: column(90, 100, 105, 900), along_max_mm: column(100, 130, 110, 910),
              across_min_mm: column(10, 10, 12, 10), across_max_mm: column(20, 22, 14, 20),
              area_mm2: column(80, 300, 5, 50), score: column(1, 1, 1, 1), partition: column(0, 0, 0, 0),
              offset: column(0, 1, 1, 9), contour_points: column(0, 0, 0, 0), points: "" } });
          const report = { defects_total: 2, defects: {
            class_id: [1, 2], along_min_mm: [90, 105], along_max_mm: [130, 110], across_min_mm: [10, 12],
            across_max_mm: [22, 14], area_mm2: [380, 5], frames: [2, 1], regions: [2, 1],
            cameras: [["top"], ["top"]] } };
          const list = listOfBoth(report, model);
          return { region: [...list.region], rows: [0, 1, 2, 3].map(list.rowOf) };
        }"""
    )
    assert said == {"region": [1, 2], "rows": [0, 0, 1, -1]}


def test_sizes_step_by_halves_of_ten_up_to_the_largest(look: Look, station: StagedStation) -> None:
    page = look(f"{station.url}/#/try")
    settle(page)
    said = page.evaluate(
        """async () => {
          const { countsBySize, sizeSteps } = await import("/views/coil/ordering.js");
          const list = { count: 4, areaMm2: [0.5, 4, 20, 200] };
          return [sizeSteps(list), countsBySize(list, sizeSteps(list)), sizeSteps({ count: 0, areaMm2: [] })];
        }"""
    )
    assert said == [[0, 1, 3, 10, 30, 100], [1, 0, 1, 1, 0, 1], [0]]


def column(page: Page, number: int) -> list[float]:
    """Of the rows in the document, from the first place on."""
    rows = page.locator(ROWS).all()
    placed = [
        (
            figure(row.get_attribute("aria-rowindex")),
            row.locator("[role=gridcell]").nth(number).text_content(),
        )
        for row in rows
    ]
    return [float((said or "").replace(",", "")) for _, said in sorted(placed)]


def figure(said: str | None) -> int:
    return int((said or "").replace(",", ""))
