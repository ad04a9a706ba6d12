from __future__ import annotations

import pytest
from matplotlib.text import Text

from contracts.reports import CoilReport, Finding, Verdict
from station.history.sheet import foot
from station.history.sheet.classes import look_of
from station.history.sheet.page import draw_page, report_pdf
from station.history.sheet.paper import (
    HEIGHT_MM,
    LEFT_MM,
    MM_PER_INCH,
    WIDTH_MM,
    Paper,
    clipped,
    fitted_pt,
    printable,
    width_mm,
    wrapped,
)
from station.history.sheet.strip import MOST_TEETH, teeth
from station.history.sheet.words import duration, per_100_m, share
from tests.support.told_coils import blemish, full, rich, roll_mark, told

REPORTS = {
    "clean": told(),
    "rich": rich(),
    "full": full(),
    "nothing known": told(
        length_mm=None,
        width_mm=None,
        ended_at_ns=None,
        closed_because=None,
        ledger_by_camera={},
        bundles=(),
        defects_total=None,
    ),
    "no length, but defects": told(length_mm=None, width_mm=None, defects=(blemish(1, 5e4, 3e2),)),
    "mark on nothing": told(length_mm=0.0, marks=(roll_mark(first_mm=None, last_mm=None, phase_mm=None),)),
    "before the head": told(defects=(blemish(2, -40.0, -40.0),), marks=(roll_mark(phase_mm=-9e4),)),
    "last day": told(deadline_at_ns=2**63 - 1, slack_s=1e10),
}
every_report = pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS.keys())


def texts(paper: Paper) -> list[Text]:
    return [text for axes in paper.figure.axes for text in axes.texts if text.get_text()]


def said(report: CoilReport) -> str:
    return "\n".join(text.get_text() for text in texts(draw_page(report)))


def boxes_mm(paper: Paper) -> dict[str, tuple[float, float, float, float]]:
    """Left, top, right and bottom of the page's own texts."""
    own = paper.figure.axes[0].texts
    to_mm = MM_PER_INCH / paper.figure.dpi
    found = {}
    for text in own:
        box = text.get_window_extent()
        left, right = box.x0 * to_mm, box.x1 * to_mm
        found[f"{text.get_text()} at {box.y0:.1f}, {box.x0:.1f}"] = (
            left,
            HEIGHT_MM - box.y1 * to_mm,
            right,
            HEIGHT_MM - box.y0 * to_mm,
        )
    return found


@every_report
def test_every_report_is_one_page(report: CoilReport) -> None:
    pdf = report_pdf(report)
    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Type /Page ") == 1
    assert len(pdf) < 1_000_000


@every_report
def test_all_text_lies_on_the_paper(report: CoilReport) -> None:
    for text, (left, top, right, bottom) in boxes_mm(draw_page(report)).items():
        assert left > LEFT_MM - 1, text
        assert right < WIDTH_MM - 12, text
        assert top > 10, text
        assert bottom < HEIGHT_MM - 4, text


@every_report
def test_nothing_runs_into_the_foot(report: CoilReport) -> None:
    for text, (_, top, _, bottom) in boxes_mm(draw_page(report)).items():
        assert top >= foot.TOP_MM or bottom <= foot.TOP_MM + 0.5, text


@every_report
def test_no_text_lies_on_another(report: CoilReport) -> None:
    boxes = list(boxes_mm(draw_page(report)).items())
    for index, (text, (left, top, right, bottom)) in enumerate(boxes):
        for other, (left2, top2, right2, bottom2) in boxes[index + 1 :]:
            across = min(right, right2) - max(left, left2)
            down = min(bottom, bottom2) - max(top, top2)
            assert across < 0.5 or down < 1.0, f"{text} | {other}"


def test_the_same_report_gives_the_same_bytes() -> None:
    assert report_pdf(rich()) == report_pdf(rich())


@pytest.mark.parametrize(("verdict", "word"), [(v, v.upper()) for v in Verdict])
def test_the_verdict_is_there(verdict: Verdict, word: str) -> None:
    assert word in said(told(verdict=verdict))


def test_the_page_tells_why() -> None:
    text = said(rich())
    for part in (
        "crack_in_body",
        "beyond the trimmed edge",
        "F5 top work roll",
        "NOT ALL INSPECTED",
        "bottom",
    ):
        assert part in text
    assert text.index("crack_in_body") < text.index("roll_mark")


def test_findings_that_have_no_room_are_counted() -> None:
    text = said(full())
    shown = sum(f"rule_{n}_" in text for n in range(200))
    assert shown >= 1
    assert f"and {200 - shown} more" in text
    assert "the 5,000 largest of 20,000 defects" in text


def test_all_findings_are_shown_while_there_is_room() -> None:
    findings = tuple(
        Finding(rule=f"rule_{n}", verdict=Verdict.HOLD, evidence="12 scabs in 10 m, from 3 m on")
        for n in range(6)
    )
    text = said(told(verdict=Verdict.HOLD, findings=findings, rules_fired=tuple(f.rule for f in findings)))
    assert all(finding.rule in text for finding in findings)
    assert "more" not in text


def test_a_late_report_says_so() -> None:
    assert "LATE by 3.0 s" in said(told(in_time=False, slack_s=0.0, late_by_s=3.0))


def test_classes_differ_in_grey_as_well() -> None:
    looks = [look_of(class_id) for class_id in range(1, 43)]
    assert len(set(looks)) == 42
    assert len({marker for marker, _ in looks[:7]}) == 7


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\nb\tc", "a b c"), ("x\x00y\u202ez", "xyz"), ("裂纹 класс", "□□ класс"), ("$x$", "$x$"), ("", "")],
)
def test_only_what_the_font_has_is_printed(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize("text", ["word " * 60, "w" * 300, "a " + "W" * 100 + " b", "", "iiii"])
def test_lines_are_not_wider_than_their_room(text: str) -> None:
    lines = wrapped(text, 40.0, 8.0)
    assert all(width_mm(line, 8.0) <= 40.0 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert width_mm(clipped(text, 40.0, 8.0), 8.0) <= 40.0


def test_a_long_name_is_written_smaller_before_it_is_cut() -> None:
    assert fitted_pt("C-1", 100.0, 22.0, 6.5) == 22.0
    assert fitted_pt("C" * 30, 100.0, 22.0, 6.5) < 22.0
    assert "7" * 63 in said(full())


def test_a_comb_has_a_tooth_a_hit_and_fewer_on_a_long_coil() -> None:
    places = teeth(roll_mark(), 100_000.0)
    assert len(places) == 44
    assert places[0] == pytest.approx(3005.0)
    assert places[-1] == pytest.approx(3005.0 + 43 * 1885.0)
    assert len(teeth(roll_mark(last_mm=9e6), 9e6)) <= MOST_TEETH + 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "0.0 s"), (119.9, "119.9 s"), (300.0, "5 min 0 s"), (123456.7, "34 h 17 min")],
)
def test_durations_are_short(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_what_cannot_be_known_is_a_dash() -> None:
    assert per_100_m(3, None) == per_100_m(3, 0.0) == share(1.0, 0.0) == "–"  # noqa: RUF001
    assert share(1e-9, 1.0) == "< 0.01 %"
