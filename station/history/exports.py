"""A report as files that other programs read."""

from __future__ import annotations

import csv
from io import StringIO

from contracts.reports import CoilDefect, CoilReport

COLUMNS = (
    "line_id",
    "coil_id",
    "report_version",
    "class_id",
    "class_name",
    "along_min_mm",
    "along_max_mm",
    "across_min_mm",
    "across_max_mm",
    "length_mm",
    "width_mm",
    "area_mm2",
    "frames",
    "regions",
    "cameras",
    "first_frame_index",
    "last_frame_index",
)
BYTE_ORDER_MARK = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001  # spreadsheets take the wide ones too
_CONTROLS = ("\t", "\r", "\n")


def report_json(report: CoilReport) -> str:
    """The report as it is on the topic, in lines that a person can read: `CoilReport` reads it again."""
    return report.model_dump_json(indent=2) + "\n"


def report_csv(report: CoilReport) -> str:
    """The listed defects, one a row, the largest first, in the form of RFC 4180.

    A coil without defects has the header alone. Where a name is not ASCII a byte order mark comes first:
    without it Excel takes UTF-8 for the machine's old code page. Else it would only be in a reader's way.
    """
    out = StringIO(newline="")
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for defect in report.defects:
        rows.writerow(_row(report, defect))
    text = out.getvalue()
    return text if text.isascii() else BYTE_ORDER_MARK + text


def _row(report: CoilReport, defect: CoilDefect) -> list[str | int | None]:
    return [
        as_text(report.line_id),
        as_text(report.coil_id),
        report.report_version,
        defect.class_id,
        as_text(defect.class_name),
        _mm(defect.along_min_mm),
        _mm(defect.along_max_mm),
        _mm(defect.across_min_mm),
        _mm(defect.across_max_mm),
        _mm(defect.length_mm),
        _mm(defect.width_mm),
        _mm(defect.area_mm2),
        defect.frames,
        defect.regions,
        as_text(" ".join(defect.cameras)),
        defect.first_frame_index,
        defect.last_frame_index,
    ]


def as_text(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: OWASP, "CSV Injection". Numbers need none of this."""
    risky = text.lstrip().startswith(_FORMULA) or text.startswith(_CONTROLS)
    return f"'{text}" if risky else text


def _mm(value: float) -> str:
    """To a thousandth, never as a power of ten, which some spreadsheets show as text."""
    return f"{round(value, 3) + 0.0:.3f}".rstrip("0").rstrip(".") or "0"
