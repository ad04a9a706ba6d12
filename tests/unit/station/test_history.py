from __future__ import annotations

import pytest

from contracts.reports import CoilReport, Verdict
from station.history.cursor import BadCursor
from station.history.history import History
from station.history.packed import PackedReports
from station.history.summary import summary_of
from tests.support.told_coils import SECOND_NS, STARTED_AT_NS, blemish, rich, told, totals


def at(number: int, **changes: object) -> CoilReport:
    """The coil that started so many minutes after the first."""
    return told(f"C-{number:04}", started_at_ns=STARTED_AT_NS + number * 60 * SECOND_NS, **changes)


def filled(coils: int, **bounds: int) -> History:
    history = History(**bounds)
    for number in range(coils):
        history.take(at(number))
    return history


def names(history: History, **asked: object) -> list[str]:
    return [coil.coil_id for coil in history.page(**asked).coils]  # type: ignore[arg-type]


def test_the_newest_version_counts_in_whatever_order_they_come() -> None:
    first, second = told(verdict=Verdict.HOLD), told(report_version=2, verdict=Verdict.RELEASE)
    for order in ([first, second], [second, first], [first, second, first, second]):
        history = History()
        taken = [history.take(report) for report in order]
        assert taken.count(True) <= 2
        assert history.coil("C-1") == summary_of(second)
        assert history.report("C-1") == second
        assert len(history) == 1


def test_a_report_seen_before_says_nothing_new() -> None:
    history = History()
    assert history.take(told())
    assert not history.take(told())


def test_pages_hold_every_coil_once_newest_first() -> None:
    history = filled(23)
    found: list[str] = []
    before = None
    while True:
        page = history.page(before=before, limit=5)
        found += [coil.coil_id for coil in page.coils]
        before = page.before
        if before is None:
            break
    assert found == [f"C-{number:04}" for number in reversed(range(23))]


def test_the_last_page_says_so_even_when_it_is_full() -> None:
    assert filled(5).page(limit=5).before is None


def test_new_coils_and_new_versions_do_not_move_the_pages_that_follow() -> None:
    history = filled(6)
    first = history.page(limit=3)
    history.take(at(7))
    history.take(at(1, report_version=2))
    assert names(history, before=first.before, limit=3) == ["C-0002", "C-0001", "C-0000"]


def test_a_page_goes_on_although_the_coil_before_it_left() -> None:
    history = filled(4, coils_kept=4)
    before = history.page(limit=2).before
    for number in range(4, 6):
        history.take(at(number))
    assert names(history, before=before) == []
    assert names(history) == ["C-0005", "C-0004", "C-0003", "C-0002"]


@pytest.mark.parametrize(
    "word", ["", "~", "1", "x~C-1", "1~", "1~a b", "99999999999999999999~C", "-1~C", "\u0661~C"]
)
def test_a_cursor_that_is_none_of_ours_is_refused(word: str) -> None:
    with pytest.raises(BadCursor, match="first page"):
        History().page(before=word)


def test_coils_are_found_by_a_part_of_their_name_by_verdict_and_by_line() -> None:
    history = History()
    history.take(at(1, verdict=Verdict.HOLD, line_id="line-2"))
    history.take(at(11))
    history.take(at(2))
    assert names(history, query="1") == ["C-0011", "C-0001"]
    assert names(history, query="c-00") == ["C-0011", "C-0002", "C-0001"]
    assert names(history, query=".*") == []
    assert names(history, verdict=Verdict.HOLD) == ["C-0001"]
    assert names(history, line="line-1") == ["C-0011", "C-0002"]
    assert names(history, line="line-3") == []


@pytest.mark.parametrize(("limit", "shown"), [(-3, 1), (0, 1), (10_000, 200)])
def test_a_page_has_a_sensible_size(limit: int, shown: int) -> None:
    assert len(filled(210).page(limit=limit).coils) == shown


def test_the_oldest_coils_leave_and_do_not_come_back() -> None:
    history = filled(10, coils_kept=4)
    assert names(history) == ["C-0009", "C-0008", "C-0007", "C-0006"]
    assert not history.take(at(0))
    assert history.coil("C-0000") is None
    assert len(history) == 4


def test_only_the_newest_whole_reports_are_kept() -> None:
    history = filled(6, reports_kept=2)
    assert history.report("C-0005") == at(5)
    assert history.report("C-0003") is None
    assert history.coil("C-0003") is not None
    assert history.report("unknown") is None


def test_whole_reports_are_bounded_by_their_bytes_too() -> None:
    reports = PackedReports(reports_kept=100, bytes_kept=20_000)
    for number in range(40):
        reports.put((number, "C"), rich())
    assert 0 < len(reports) < 40
    assert reports.size_bytes <= 20_000
    assert reports.get((39, "C")) == rich()


def test_the_trend_is_per_100_m_and_a_class_that_a_coil_lacks_is_none_of_it() -> None:
    history = History()
    pits = [blemish(1, 100.0 * n, 5.0) for n in range(6)]
    history.take(at(1, length_mm=200_000.0, class_totals=totals(pits), defects_total=6))
    history.take(at(2, length_mm=None, class_totals=totals(pits), defects_total=6))
    history.take(at(3, class_totals=totals([blemish(3, 0, 0)]), defects_total=1, verdict=Verdict.HOLD))
    trend = history.trend("line-1")
    assert trend.coil_ids == ("C-0001", "C-0002", "C-0003")
    assert trend.verdicts[-1] is Verdict.HOLD
    assert {each.class_name: each.per_100_m for each in trend.classes} == {
        "pit": (3.0, None, 0.0),
        "scratch": (0.0, None, 1.0),
    }


def test_the_trend_is_of_the_last_coils_of_one_line() -> None:
    history = filled(9)
    history.take(at(20, line_id="line-2"))
    assert history.trend("line-1", last=3).coil_ids == ("C-0006", "C-0007", "C-0008")
    assert history.trend(last=1).coil_ids == ("C-0020",)
    assert history.trend("line-3").coil_ids == ()
    assert history.trend("line-1", last=0).coil_ids == ()


def test_the_summary_counts_how_coils_turned_out() -> None:
    history = History()
    history.take(at(1, in_time=False, late_by_s=3.0, slack_s=0.0))
    history.take(at(2, verdict=Verdict.REJECT, complete=False, line_id="line-2"))
    history.take(rich())
    told_of_all = history.summary()
    assert told_of_all.coils == 3
    assert told_of_all.by_verdict == {Verdict.RELEASE: 1, Verdict.HOLD: 0, Verdict.REJECT: 2}
    assert (told_of_all.late, told_of_all.incomplete) == (1, 2)
    assert told_of_all.lines == ("line-1", "line-2")
    assert told_of_all.class_names == {1: "pit", 2: "crack", 3: "scratch", 4: "scab"}
    assert history.summary("line-2").coils == 1


def test_a_report_of_the_first_form_is_counted_by_what_it_lists() -> None:
    defects = [blemish(4, 0, 0), blemish(4, 50, 0), blemish(1, 90, 0)]
    summary = summary_of(told(defects=tuple(defects), defects_total=None))
    assert summary.defects == 3
    assert [(each.class_id, each.defects, each.area_mm2) for each in summary.classes] == [
        (1, 1, 80.0),
        (4, 2, 160.0),
    ]
