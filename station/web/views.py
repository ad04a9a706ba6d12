"""A report as the page is sent it."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.reports import CoilDefect, CoilReport
from station.web.wire import DefectColumns, ReportView


def report_view(report: CoilReport) -> ReportView:
    """The report, its defects as columns."""
    return ReportView(
        report_version=report.report_version,
        verdict=report.verdict,
        complete=report.complete,
        in_time=report.in_time,
        slack_s=report.slack_s,
        late_by_s=report.late_by_s,
        closed_because=report.closed_because,
        started_at_ns=str(report.started_at_ns),
        ended_at_ns=None if report.ended_at_ns is None else str(report.ended_at_ns),
        deadline_at_ns=str(report.deadline_at_ns),
        reported_at_ns=str(report.reported_at_ns),
        length_mm=report.length_mm,
        width_mm=report.width_mm,
        ledger_by_camera=dict(report.ledger_by_camera),
        class_totals=list(report.class_totals),
        findings=list(report.findings),
        rules_fired=list(report.rules_fired),
        rules_version=report.rules_version,
        marks=list(report.marks),
        lanes=list(report.lanes),
        bundles=list(report.bundles),
        notes=list(report.notes),
        defects_total=len(report.defects) if report.defects_total is None else report.defects_total,
        defects=_columns(report.defects),
    )


def _columns(defects: Sequence[CoilDefect]) -> DefectColumns:
    return DefectColumns(
        class_id=[each.class_id for each in defects],
        along_min_mm=[each.along_min_mm for each in defects],
        along_max_mm=[each.along_max_mm for each in defects],
        across_min_mm=[each.across_min_mm for each in defects],
        across_max_mm=[each.across_max_mm for each in defects],
        area_mm2=[each.area_mm2 for each in defects],
        frames=[each.frames for each in defects],
        regions=[each.regions for each in defects],
        first_frame_index=[each.first_frame_index for each in defects],
        last_frame_index=[each.last_frame_index for each in defects],
        cameras=[list(each.cameras) for each in defects],
    )
