"""What the page adds up from the server's messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.staged_station import StagedStation
from tests.support.strip_scenes import FRAME_MM, FRAMES, WIDTH_MM, columns, region, snapshot

Look = Callable[..., Page]


@pytest.fixture
def page(look: Look, station: StagedStation) -> Page:
    return look(f"{station.url}/#/nowhere")


def ask(page: Page, question: str, *messages: dict[str, Any]) -> Any:
    """What a model says after these messages."""
    return page.evaluate(
        f"""async (messages) => {{
          const {{CoilModel}} = await import("/strip/coil_model.js");
          const model = new CoilModel();
          messages.forEach((message) => model.apply(message));
          const {{regions}} = model;
          return {question};
        }}""",
        list(messages),
    )


def changes(seq: int, **others: Any) -> dict[str, Any]:
    """What is new, on top of the whole coil."""
    wire = snapshot([])
    return wire | {"since": seq - 1, "seq": seq, "whole": False, "fates": []} | others


TWO = [region(0, 500.0, 100.0), region(1, 90.0, 300.0, class_id=2)]


def test_changes_are_added_to_the_snapshot(page: Page) -> None:
    more = changes(2, regions=columns([region(2, 260.0, 500.0)]))
    found = ask(page, "[model.seq, model.revision, regions.count, regions.classId[1]]", snapshot(TWO), more)
    assert found == [2, 2, 3, 2]


def test_regions_are_in_order_along_the_strip_however_they_come(page: Page) -> None:
    more = changes(2, regions=columns([region(2, 260.0, 500.0)]))
    question = "(regions.byAlong, model.apply(messages[1]), Array.from(regions.byAlong))"
    assert ask(page, question, snapshot(TWO), more)[:3] == [1, 2, 0]


def test_a_region_that_counts_no_more_goes_and_may_come_back(page: Page) -> None:
    gone = changes(2, gone=[0])
    assert ask(page, "Array.from(regions.gone.subarray(0, 2))", snapshot(TWO), gone) == [1, 0]
    back = changes(3, regions=columns([TWO[0]]))
    assert ask(page, "[regions.count, regions.gone[0]]", snapshot(TWO), gone, back) == [2, 0]


@pytest.mark.parametrize("since", [0, 1])
def test_a_whole_coil_takes_the_place_of_what_was_known(page: Page, since: int) -> None:
    whole = snapshot([region(0, 90.0, 20.0)]) | {"since": since, "seq": 5, "fates": []}
    question = "[regions.count, model.fates(0).length, model.alarms.length, model.seq]"
    assert ask(page, question, snapshot(TWO) | {"alarms": [{}]}, whole) == [1, 0, 0, 5]


def test_marks_alarms_and_report_stay_until_others_come(page: Page) -> None:
    said = snapshot(TWO) | {
        "marks": [{"roll": "R1"}],
        "alarms": [{"alarm_id": "a"}],
        "report": {"verdict": "hold"},
    }
    quiet = changes(2)
    del quiet["marks"], quiet["alarms"]
    question = "[model.marks[0].roll, model.alarms[0].alarm_id, model.report.verdict]"
    assert ask(page, question, said, quiet) == ["R1", "a", "hold"]


def test_fates_are_runs_by_frame(page: Page) -> None:
    runs = {"camera": 0, "start": [1, 5000], "length": [2, 1], "fate": [3, 4]}
    found = ask(page, "Array.from(model.fates(0))", snapshot([]), changes(2, fates=[runs]))
    assert len(found) == 5001
    assert found[:4] == [1, 3, 3, 1]
    assert found[FRAMES] == 0
    assert found[5000] == 4


def test_a_contour_lies_on_the_strip_in_mm(page: Page) -> None:
    found = ask(page, "Array.from(model.contour(0))", snapshot(TWO))
    assert found[:2] == [500.0, 100.0]
    assert max(found[0::2]) == 540.0
    assert max(found[1::2]) == 140.0


def test_without_a_contour_or_a_geometry_only_the_box_is_known(page: Page) -> None:
    bare = snapshot([region(0, 500.0, 100.0) | {"contour": []}])
    assert ask(page, "model.contour(0)", bare) is None
    unplaced = snapshot(TWO)
    unplaced["coil"]["cameras"][0]["geometry"] = None
    assert ask(page, "model.contour(0)", unplaced) is None


def test_extent_and_frames(page: Page) -> None:
    question = "[model.lengthMm(), model.widthMm(), model.frameAt(0, 450), model.inMm, model.className(2)]"
    assert ask(page, question, snapshot(TWO)) == [FRAMES * FRAME_MM, WIDTH_MM, 2, True, "crack"]


def test_without_any_length_frames_are_counted(page: Page) -> None:
    wire = snapshot([], reached_mm=None, width_mm=None)
    wire["coil"]["cameras"][0] |= {"frame_mm": None, "geometry": None}
    assert ask(page, "[model.inMm, model.frameAt(0, model.lengthMm() - 1)]", wire) == [False, FRAMES - 1]


def test_a_frame_s_record_is_known_by_its_regions(page: Page) -> None:
    assert ask(page, "[model.framePlace(0, 2), model.framePlace(0, 7)]", snapshot(TWO)) == [
        {"partition": 3, "offset": 1000},
        None,
    ]
