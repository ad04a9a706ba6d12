"""Doubles of everything behind the station's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contracts.alarms import AlarmKind, AlarmState
from contracts.reports import CameraLedger, ClassTotal, CoilDefect, CoilReport, Verdict
from station.web.parts import Parts, Picture
from station.web.refusals import Fault, PartRefused
from station.web.trial_wire import Bundles, BundleView, TrialView
from station.web.wire import (
    AlarmView,
    BrokerView,
    CoilPage,
    CoilSummary,
    Condition,
    State,
    Trend,
    WorkerView,
)

NOW_NS = 1_700_000_000_000_000_000
JPEG = b"\xff\xd8\xff\xe0 a frame"


def report(coil_id: str = "C1") -> CoilReport:
    return CoilReport(
        line_id="L1",
        coil_id=coil_id,
        complete=True,
        in_time=True,
        slack_s=12.5,
        started_at_ns=NOW_NS,
        deadline_at_ns=NOW_NS + 300 * 10**9,
        reported_at_ns=NOW_NS + 200 * 10**9,
        ledger_by_camera={
            "top": CameraLedger(
                announced=2,
                received=2,
                missing=0,
                clean=1,
                defective=1,
                unsegmented=0,
                dead_lettered=0,
                duplicates=0,
            )
        },
        defects=(
            CoilDefect(
                class_id=1,
                class_name="scratch",
                along_min_mm=1,
                along_max_mm=3,
                across_min_mm=4,
                across_max_mm=6,
                area_mm2=3,
                frames=1,
            ),
        ),
        class_totals=(ClassTotal(class_id=1, class_name="scratch", defects=1, area_mm2=3),),
        marks=(),
        verdict=Verdict.RELEASE,
        rules_version="1",
        rules_fired=(),
    )


def alarm(alarm_id: str = "A1", state: AlarmState = AlarmState.RAISED, by: str | None = None) -> AlarmView:
    return AlarmView(
        alarm_id=alarm_id,
        line_id="L1",
        coil_id="C1",
        kind=AlarmKind.ROLL_MARK,
        state=state,
        raised_at_ns=str(NOW_NS),
        changed_at_ns=str(NOW_NS),
        summary="a roll marks the strip",
        acknowledged_by=by,
    )


@dataclass
class StripDouble:
    """Each coil is a list of figures; its sequence number is how many there are."""

    coils: dict[str, list[int]] = field(default_factory=lambda: {"C1": [1, 2]})
    revision: int = 1
    asked: list[tuple[str, int]] = field(default_factory=list)

    def add(self, coil_id: str, figure: int) -> None:
        self.coils.setdefault(coil_id, []).append(figure)
        self.revision += 1

    def coil_ids(self) -> Mapping[str, Sequence[str]]:
        return {"L1": list(reversed(self.coils))}

    def seq(self, coil_id: str) -> int | None:
        return len(self.coils[coil_id]) if coil_id in self.coils else None

    def changes_since(self, coil_id: str, seq: int) -> Mapping[str, object]:
        self.asked.append((coil_id, seq))
        return {"seq": len(self.coils[coil_id]), "figures": self.coils[coil_id][seq:]}


@dataclass
class WatchDouble:
    condition: Condition = Condition.RUNNING
    is_ready: bool = True

    def state(self) -> State:
        return State(
            condition=self.condition,
            since_ns=str(NOW_NS),
            broker=BrokerView(up=True, since_ns=str(NOW_NS)),
            worker=WorkerView(waiting_frames=0),
            coils={"L1": ["C1"]},
            alarms=[alarm()],
        )

    def ready(self) -> bool:
        return self.is_ready


class HistoryDouble:
    def page(
        self, query: str, verdict: Verdict | None, line: str | None, before: str | None, limit: int
    ) -> CoilPage:
        if before is not None:
            raise PartRefused(Fault.MALFORMED, "This is not where a page begins")
        found = report()
        summary = CoilSummary(
            coil_id=found.coil_id,
            line_id=found.line_id,
            report_version=1,
            verdict=found.verdict,
            complete=True,
            in_time=True,
            slack_s=1,
            late_by_s=0,
            started_at_ns=str(NOW_NS),
            ended_at_ns=None,
            deadline_at_ns=str(NOW_NS),
            reported_at_ns=str(NOW_NS),
            length_mm=None,
            frames=2,
            missing=0,
            defects=1,
            defects_by_class={1: 1},
            marks=0,
            rules_fired=[],
        )
        return CoilPage(coils=[summary][:limit], before=None, classes={1: "scratch"})

    def trend(self, line: str | None, last: int) -> Trend:
        return Trend(
            coil_id=["C1"],
            started_at_ns=[str(NOW_NS)],
            verdict=[Verdict.RELEASE],
            length_mm=[None],
            per_100_m={1: [None]},
            classes={1: "scratch"},
        )

    async def report(self, coil_id: str) -> CoilReport | None:
        if coil_id == "broken":
            raise RuntimeError("a bug\nwith two lines")
        return report(coil_id) if coil_id in {"C1", "old"} else None


class ExportsDouble:
    def json(self, report: CoilReport) -> str:
        return report.model_dump_json()

    def csv(self, report: CoilReport) -> str:
        return "class\r\nscratch\r\n"

    def pdf(self, report: CoilReport) -> bytes:
        return b"%PDF-1.4"


class FramesDouble:
    def frame(self, partition: int, offset: int) -> Picture:
        if offset < 10:
            raise PartRefused(Fault.GONE, "Kafka's retention took this frame")
        return Picture(content_type="image/jpeg", image=JPEG)


class AlarmsDouble:
    async def acknowledge(self, coil_id: str, alarm_id: str, who: str) -> AlarmView:
        if (coil_id, alarm_id) != ("C1", "A1"):
            raise PartRefused(Fault.NOT_HERE, "No such alarm stands")
        return alarm(alarm_id, AlarmState.ACKNOWLEDGED, who)


@dataclass
class TrialDouble:
    images: list[bytes] = field(default_factory=list)

    def bundles(self) -> Bundles:
        shipped = BundleView(
            name="synthetic", version="1", created_at="today", width_px=10, height_px=10, presets=[]
        )
        return Bundles(bundles=[shipped])

    async def run(self, image: bytes, bundle: str, preset: str) -> TrialView:
        self.images.append(image)
        if not image.startswith(b"\xff\xd8"):
            raise PartRefused(Fault.NOT_AN_IMAGE, "That is neither JPEG nor PNG")
        return TrialView(
            bundle=bundle,
            preset=preset,
            bundle_version="1",
            width_px=10,
            height_px=10,
            fitted=None,
            gate_score=0.5,
            gate_threshold=0.2,
            passed=True,
            regions=[],
            regions_left_out=0,
            decode_ms=1,
            gate_ms=1,
            segment_ms=1,
        )


def parts(
    *, strip: StripDouble | None = None, watch: WatchDouble | None = None, trial: TrialDouble | None = None
) -> Parts:
    return Parts(
        strip=strip or StripDouble(),
        watch=watch or WatchDouble(),
        history=HistoryDouble(),
        exports=ExportsDouble(),
        frames=FramesDouble(),
        alarms=AlarmsDouble(),
        trial=trial or TrialDouble(),
        wall_ns=lambda: NOW_NS,
    )
