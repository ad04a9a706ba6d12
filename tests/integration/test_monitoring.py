"""The whole line under the real Prometheus and Alertmanager: the shipped rules, dashboards and intervals.

One story for all tests: two lines roll coils with faults and a damaged roll; more comes than the worker can
do; the worker is stopped while a coil runs; the tracker is killed; the broker goes away and comes back.
"""

from __future__ import annotations

import json
import os
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from contracts import admin
from contracts.topics import topics
from local.kafka.broker import LocalBroker
from local.processes.children import Child, clean_environment, turns
from monitoring.preview.queries import PanelQuery, fill, panel_queries
from monitoring.rules.groups import ALERTS, RECORDS
from tests.integration.conftest import serving
from tests.support.bundles import Painted, painted_frame
from tests.support.scraped import sample
from tests.support.strip import Strip
from tests.support.watched_line import HeardAlert, WatchedLine, need_watching_programs, watched_line

PREFIX = "watched."
LAG = "coilwatch_lag_frames{"
STEP_S = 5
DASHBOARDS = sorted((Path(__file__).parents[2] / "monitoring/grafana/dashboards").glob("*.json"))
ALERTED_WITHIN_S = 120.0
"""Far above what is measured (`python -m tests.bench alert`): a test is no benchmark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What happened, for the tests to ask."""

    url: str
    began_s: float
    ended_s: float
    alerts: tuple[HeardAlert, ...]
    worker_stopped_s: float

    def over_time(self, expr: str) -> list[list[float]]:
        """The values of each series from the beginning to the end, without NaN."""
        asked = {"query": expr, "start": self.began_s, "end": self.ended_s, "step": STEP_S}
        answer = ask(self.url, "query_range", asked)
        return [[float(v) for _, v in series["values"] if v != "NaN"] for series in answer["result"]]


def ask(url: str, what: str, parameters: dict[str, object]) -> dict[str, list]:
    """Prometheus's HTTP API."""
    with urllib.request.urlopen(f"{url}/api/v1/{what}?{urllib.parse.urlencode(parameters)}") as answer:
        return json.load(answer)["data"]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Takes some two minutes, most of it Prometheus's intervals."""
    folder = tmp_path_factory.mktemp("watched")
    with serving(folder / "kafka") as broker:
        admin.create_topics(broker.bootstrap_servers, specs=topics(prefix=PREFIX))
        with started(broker.bootstrap_servers, folder) as line:
            yield tell(line, broker)


@contextmanager
def started(bootstrap_servers: str, folder: Path) -> Iterator[WatchedLine]:
    """All parts; a visible skip without Prometheus and Alertmanager, a failure in CI."""
    need_watching_programs()
    with watched_line(
        bootstrap_servers,
        PREFIX,
        folder,
        worker_settings={"deadline_reserve_s": "3", "engine_threads": "1", "decode_threads": "1"},
        tracker_settings={"coils_settle_s": "2"},
    ) as line:
        yield line


def tell(line: WatchedLine, broker: LocalBroker) -> Story:
    """Let it all happen."""
    began_s = time.time()
    roll_coils(line)
    come_too_late(line)
    overload(line)
    worker_stopped_s = stop_the_worker_while_a_coil_runs(line)
    lose_the_broker(line, broker)
    time.sleep(3 * STEP_S)  # for Prometheus to see the last of it
    return Story(
        url=line.prometheus.url,
        began_s=began_s,
        ended_s=time.time(),
        alerts=tuple(line.alerts()),
        worker_stopped_s=worker_stopped_s,
    )


def roll_coils(line: WatchedLine) -> None:
    """Two lines, some frames damaged, some missing, a roll that marks."""
    arguments = [
        "replay", "--bootstrap-servers", line.bootstrap_servers, "--topic-prefix", line.prefix,
        "--lines", "2", "--coils", "3", "--frames-per-coil", "150", "--fps", "40",
        "--defect-share", "0.1", "--budget-s", "60",
        "--fault", "corrupt=0.02", "--fault", "drop=0.01", "--fault", "late=0.01",
        "--roll-mark", "diameter=305,class=1,lane=640", "--no-progress",
    ]  # fmt: skip
    with Child(
        "producer_sim", arguments, environment=clean_environment(os.environ, {}), log=line.folder / "sim.log"
    ) as simulator:
        assert simulator.wait(120) == 0, simulator.last_words()
    # Drift is judged each 30 s: once for this strip, before another one comes.
    for _ in turns(90, 0.5, "Prometheus judges the gate's scores"):
        if asked(line, "coilwatch:gate_score_defective_share > 0"):
            break
    # The belated coils are to move this: it must have been seen as it was before.
    for _ in turns(90, 0.5, "Prometheus has recorded that no verdict was missed"):
        if asked(line, 'coilwatch:first_verdicts_missed:share_5m{line="line-1"} == 0'):
            break


def come_too_late(line: WatchedLine) -> None:
    """Two coils of which the worker hears when their deadline is over."""
    strip = Strip(line.bootstrap_servers, line.prefix)
    for name in ("belated-1", "belated-2"):
        coil = strip.start(name, 300.0, ago_s=400)
        for _ in range(20):
            strip.expose(coil, painted_frame(), ago_s=390)
        strip.end(coil)
    strip.finish()


def overload(line: WatchedLine) -> None:
    """More defective frames than the worker can segment in time, until Prometheus has seen it step down."""
    strip = Strip(line.bootstrap_servers, line.prefix)
    defective = painted_frame([Painted(class_id=1, rows=(32, 96), cols=(80, 144))])
    coil = strip.start("urgent", 20.0)
    for _ in turns(60, 0.2, "Prometheus sees the worker on the lower rung"):
        for _ in range(500):
            strip.expose(coil, defective)
        if asked(line, "max_over_time(coilwatch_rung[2m]) > 0"):
            break
    strip.end(coil)
    strip.finish()
    wait_for(line, "the worker is behind no more", lambda: sample(line.worker, LAG) == 0)


def stop_the_worker_while_a_coil_runs(line: WatchedLine) -> float:
    """When. Then a new one starts, and the tracker is exchanged too."""
    strip = Strip(line.bootstrap_servers, line.prefix)
    coil = strip.start("unfinished", 120.0)
    for _ in range(20):
        strip.expose(coil, painted_frame())
    strip.finish()
    wait_for(
        line, "the tracker knows of the coil", lambda: sample(line.tracker, "coilwatch_coils_running{") >= 1
    )
    stopped_s = time.time()
    assert line.worker.stop() == 0
    line.wait_for_alert("WorkerDown", "firing", stopped_s, ALERTED_WITHIN_S)
    line.tracker.kill()
    line.start_worker()
    line.worker.wait_until_ready()
    for _ in range(20):
        strip.expose(coil, painted_frame())
    strip.end(coil)
    strip.finish()
    line.wait_for_alert("TrackerDown", "firing", stopped_s, ALERTED_WITHIN_S)
    line.start_tracker()
    line.tracker.wait_until_ready()
    return stopped_s


def lose_the_broker(line: WatchedLine, broker: LocalBroker) -> None:
    """For some scrapes."""
    broker.stop()
    time.sleep(3 * STEP_S)
    broker.start()
    wait_for(
        line, "the worker has its broker again", lambda: sample(line.worker, "coilwatch_broker_up ") == 1
    )


def asked(line: WatchedLine, expr: str) -> list[object]:
    """What Prometheus answers now; nothing when no series is as the expression says."""
    return ask(line.prometheus.url, "query", {"query": expr})["result"]


def wait_for(line: WatchedLine, what: str, reached: Callable[[], bool]) -> None:
    for _ in turns(60, 0.1, what):
        line.worker.check()
        line.tracker.check()
        if reached():
            return


def queries() -> list[PanelQuery]:
    return [query for path in DASHBOARDS for query in panel_queries(json.loads(path.read_text()))]


def named(query: PanelQuery) -> str:
    return f"{query.dashboard}: {query.panel} {query.ref}"


MEASURES = {
    " ".join([alert.name, alert.severity, *alert.labels.values(), str(number)]): condition.measure
    for alert in ALERTS
    for number, condition in enumerate(alert.conditions)
}


@pytest.mark.parametrize("query", [q for q in queries() if q.kind != "variable"], ids=named)
def test_every_query_of_a_dashboard_has_data_that_moves(story: Story, query: PanelQuery) -> None:
    assert moves(story.over_time(fill(query.expr)))


@pytest.mark.parametrize("query", [q for q in queries() if q.kind == "variable"], ids=named)
def test_every_variable_of_a_dashboard_has_values(story: Story, query: PanelQuery) -> None:
    assert story.over_time(fill(query.expr))


@pytest.mark.parametrize("name", [record.name for record in RECORDS])
def test_everything_recorded_has_data_that_moves(story: Story, name: str) -> None:
    assert moves(story.over_time(name))


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_everything_that_an_alert_measures_has_data_that_moves(story: Story, measure: str) -> None:
    assert moves(story.over_time(measure))


def moves(series: list[list[float]]) -> bool:
    return any(len(set(values)) > 1 for values in series)


def test_the_stopped_worker_is_told_at_the_webhook_and_its_return_too(story: Story) -> None:
    told = [alert.status for alert in story.alerts if alert.name == "WorkerDown"]
    assert told[0] == "firing"
    assert told[-1] == "resolved"


def test_what_happened_is_told_and_nothing_else(story: Story) -> None:
    told = {alert.name for alert in story.alerts}
    assert {"WorkerDown", "TrackerDown", "DeadLetters", "VerdictBudgetBurnsFast"} <= told
    assert not told & {"GateScoreDrift", "NoFrames"}


def test_no_rule_fails(story: Story) -> None:
    groups = ask(story.url, "rules", {})["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) == len(ALERTS) + len(RECORDS)
    assert {rule["health"] for rule in rules} == {"ok"}
    assert [rule["lastError"] for rule in rules if rule.get("lastError")] == []
