from __future__ import annotations

import csv
from io import StringIO

import pytest

from contracts.reports import CoilReport
from station.history.exports import COLUMNS, as_text, report_csv, report_json
from tests.support.told_coils import blemish, full, rich, told


def rows(report: CoilReport) -> list[dict[str, str]]:
    text = report_csv(report).encode().decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline=""), strict=True))


def test_every_listed_defect_is_a_row() -> None:
    report = rich()
    read = rows(report)
    assert len(read) == len(report.defects)
    assert tuple(read[0]) == COLUMNS
    for row, defect in zip(read, report.defects, strict=True):
        assert row["coil_id"] == "C-4711"
        assert int(row["class_id"]) == defect.class_id
        assert float(row["along_min_mm"]) == pytest.approx(defect.along_min_mm, abs=5e-4)
        assert float(row["area_mm2"]) == pytest.approx(defect.area_mm2, abs=5e-4)


def test_a_coil_without_defects_has_the_header_alone() -> None:
    assert report_csv(told()) == ",".join(COLUMNS) + "\r\n"


def test_lines_end_as_the_rfc_says_and_odd_names_are_quoted() -> None:
    odd = 'pit, "deep"\nand wide'
    report = told(defects=(blemish(1, 0, 0, class_name=odd),), defects_total=1)
    assert report_csv(report).count("\r\n") == 2
    assert rows(report)[0]["class_name"] == odd


def test_excel_is_told_of_utf_8_only_where_it_matters() -> None:
    russian = told(defects=(blemish(1, 0, 0, class_name="царапина"),), defects_total=1)
    assert report_csv(russian).encode().startswith(b"\xef\xbb\xbfline_id,")
    assert rows(russian)[0]["class_name"] == "царапина"
    assert report_csv(rich()).encode().startswith(b"line_id,")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n1", "  =1", "＝1"])  # noqa: RUF001
def test_no_name_is_taken_for_a_formula(text: str) -> None:
    assert as_text(text) == f"'{text}"
    report = told(defects=(blemish(1, 0, 0, class_name=text),), defects_total=1)
    assert rows(report)[0]["class_name"] == f"'{text}"


def test_ordinary_names_and_negative_numbers_stay_as_they_are() -> None:
    assert as_text("scab") == "scab"
    row = rows(told(defects=(blemish(1, 0, -12.5),), defects_total=1))[0]
    assert (row["across_min_mm"], row["across_max_mm"]) == ("-12.5", "-2.5")


@pytest.mark.parametrize(
    ("value", "written"), [(0.0, "0"), (-0.0001, "0"), (1e8, "100000000"), (0.1 + 0.2, "0.3"), (1e-9, "0")]
)
def test_numbers_are_written_without_noise(value: float, written: str) -> None:
    assert rows(told(defects=(blemish(1, value, 0, along_max_mm=1e9),)))[0]["along_min_mm"] == written


@pytest.mark.parametrize("report", [told(), rich(), full()], ids=["clean", "rich", "full"])
def test_the_json_is_the_report(report: CoilReport) -> None:
    assert CoilReport.model_validate_json(report_json(report)) == report
