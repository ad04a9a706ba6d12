"""`python -m consumer.coils regrade` and `map` on a real broker: they read what is committed, no more."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from pathlib import Path

import cv2
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from consumer.coils.cli import CHANGES, DONE, REFUSED, main
from consumer.coils.grading.rules import SHIPPED
from consumer.coils.stored.coils import StoredCoil, read_coil, read_coils
from consumer.coils.stored.records import StoredTopics, StoredUnreadable
from contracts.reports import Verdict
from contracts.topics import producer_properties
from local.processes.children import turns
from tests.integration.conftest import StartTracker, Topics
from tests.support.coils import CoilScript, Spot
from tests.support.grading import lane, mark
from tests.support.stored_coils import put, report_of, scratched, write

LONG_SCRATCH = Spot(3, 50, 350, 20, 30)
STRICT = """
version: "strict"
rules:
  - {name: any_scratch, verdict: reject, when: {defects: {class: scratch}}}
"""
LAX = 'version: "lax"\nrules: []\n'

Call = Callable[..., int]


@pytest.fixture
def stored(topics: Topics, tmp_path: Path) -> Topics:
    """C1 clean and released; C2 with a scratch over four frames, released by lax rules; C3 still runs."""
    lax = tmp_path / "lax.yaml"
    lax.write_text(LAX)
    clean, scratch = scratched("C1"), scratched("C2", LONG_SCRATCH)
    written = [*clean, *scratch, report_of(clean, lax), report_of(scratch, lax, (mark(),), (lane(),))]
    running = CoilScript(coil_id="C3", started_at_ns=4_000_000_000_000_000_000)  # due in the year 2096
    write(topics.bootstrap_servers, topics.prefix, [*written, running.started(), running.clean(0)])
    return topics


@pytest.fixture
def call(stored: Topics, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("COILWATCH_TOPIC_PREFIX", "another-prefix.")  # the command line goes before it

    def run(*arguments: str) -> int:
        place = ["--bootstrap-servers", stored.bootstrap_servers, "--topic-prefix", stored.prefix]
        return main([*arguments, *place])

    return run


def all_coils(of: Topics) -> dict[str, StoredCoil]:
    with StoredTopics({"bootstrap.servers": of.bootstrap_servers}, of.prefix) as topics:
        return {coil.state.coil_id: coil for coil in read_coils(topics)}


# --- regrade ---


def test_regrade_says_which_verdicts_change(
    call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = tmp_path / "strict.yaml"
    rules.write_text(STRICT)
    assert call("regrade", "--rules", str(rules)) == DONE
    said = capsys.readouterr().out
    rows = [line for line in said.splitlines() if line.startswith("│")]
    assert [row.split("│")[1].strip() for row in rows] == ["C2", "C1", "C3"]  # what changes comes first
    assert "release" in rows[0]
    assert "reject" in rows[0]
    assert "any_scratch" in rows[0]
    assert said.splitlines()[-1] == "1 of 2 verdicts would change; 1 release -> reject; 1 still open"


def test_regrade_checks(call: Call, tmp_path: Path) -> None:
    strict, lax = tmp_path / "strict.yaml", tmp_path / "lax.yaml"
    strict.write_text(STRICT)
    assert call("regrade", "--check", "--rules", str(strict)) == CHANGES
    assert call("regrade", "--check", "--rules", str(lax)) == DONE
    assert call("regrade", "--check", "--rules", str(strict), "--coil", "C1") == DONE
    assert call("regrade", "--check", "--rules", str(strict), "--coil", "C1", "--coil", "C2") == CHANGES


def test_the_trackers_own_verdicts_are_those_of_regrade(
    topics: Topics, start_tracker: StartTracker, capsys: pytest.CaptureFixture[str]
) -> None:
    """Read back from the topics a coil is graded as it was while it ran."""
    tracker = start_tracker(topics)
    coils = [scratched(f"C{i}", Spot(2 + i % 2, 10, 60 + i, 20, 30)) for i in range(6)]
    write(topics.bootstrap_servers, topics.prefix, [*chain(*coils), *scratched("C6")])
    place = ["--bootstrap-servers", topics.bootstrap_servers, "--topic-prefix", topics.prefix]
    for _ in turns(60, 0.5, "all coils are reported"):
        tracker.check()
        if all(coil.report is not None for coil in all_coils(topics).values()):
            break
    assert main(["regrade", "--check", "--rules", str(SHIPPED), *place]) == DONE
    assert capsys.readouterr().out.splitlines()[-1] == "0 of 7 verdicts would change"
    verdicts = {name: coil.report and coil.report.verdict for name, coil in all_coils(topics).items()}
    assert verdicts["C0"] is Verdict.HOLD
    assert verdicts["C6"] is Verdict.RELEASE


@pytest.mark.parametrize(
    ("text", "more", "said"),
    [
        pytest.param("rules: 7\n", [], "rules.yaml, line 1: ", id="rules refused"),
        pytest.param(LAX, ["--coil", "C9"], "coil C9", id="coil unknown"),
    ],
)
def test_regrade_refuses_in_one_sentence(
    call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, more: list[str], said: str
) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(text)
    assert call("regrade", "--rules", str(rules), *more) == REFUSED
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


# --- map ---


def test_a_coil_is_drawn_from_the_topics_alone(call: Call, tmp_path: Path) -> None:
    out = tmp_path / "maps" / "c2.png"
    assert call("map", "C2", "--out", str(out)) == DONE
    picture = cv2.imread(str(out))
    assert picture is not None
    assert picture.shape[1] == 2160
    assert [path.name for path in out.parent.iterdir()] == ["c2.png"]


def test_the_vector_picture_names_what_the_raster_shows(call: Call, tmp_path: Path) -> None:
    out = tmp_path / "c2.svg"
    assert call("map", "C2", "--out", str(out)) == DONE
    text = out.read_text()
    assert text.startswith("<?xml")
    for words in ("Coil C2", "RELEASE", "4 frames of 1 camera", "scab each 1,885 mm", "lane: 12 scratches"):
        assert f"<!-- {words}" in text or words in text


def test_a_running_coil_is_drawn_as_far_as_it_is_known(call: Call, tmp_path: Path) -> None:
    out = tmp_path / "c3.svg"
    assert call("map", "C3", "--out", str(out)) == DONE
    assert "NO VERDICT YET" in out.read_text()


def test_an_unknown_coil_is_one_sentence(
    call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("map", "C9", "--out", str(tmp_path / "c9.png")) == REFUSED
    assert capsys.readouterr().err == (
        "map: no topic holds a record of coil C9; is the topic prefix right?\n"
    )
    assert not (tmp_path / "c9.png").exists()


def test_topics_that_are_not_there_are_one_sentence(
    broker_address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--bootstrap-servers", broker_address, "--topic-prefix", "nobody-made-these."]
    assert main(["map", "C1", "--out", str(tmp_path / "c1.png"), *place]) == REFUSED
    assert "nobody-made-these.strip." in capsys.readouterr().err


@pytest.fixture
def broker_address(topics: Topics) -> str:
    return topics.bootstrap_servers


# --- what is read ---


def test_reading_leaves_no_group_and_no_record_behind(call: Call, stored: Topics, tmp_path: Path) -> None:
    before = {name: coil.report for name, coil in all_coils(stored).items()}
    assert call("map", "C1", "--out", str(tmp_path / "c1.png")) == DONE
    admin = AdminClient({"bootstrap.servers": stored.bootstrap_servers})
    groups = {group.group_id for group in admin.list_consumer_groups().result(10).valid}
    assert "coilwatch-reads-what-is-stored" not in groups
    assert {name: coil.report for name, coil in all_coils(stored).items()} == before


def test_all_coils_are_read_whole(stored: Topics) -> None:
    coils = all_coils(stored)
    assert sorted(coils) == ["C1", "C2", "C3"]
    assert [coils[name].state.whole for name in ("C1", "C2", "C3")] == [True, True, False]
    (defect,) = coils["C2"].state.defects()
    assert (defect.length_mm, defect.frames) == (300.0, 4)
    assert coils["C2"].report is not None
    assert coils["C2"].report.defects_total == 1


def test_an_open_transaction_is_waited_for_and_an_aborted_one_is_not_read(topics: Topics) -> None:
    coil = scratched("C1", LONG_SCRATCH)
    write(topics.bootstrap_servers, topics.prefix, coil[:-1])
    producer = Producer(
        {
            "bootstrap.servers": topics.bootstrap_servers,
            **producer_properties(),
            "transactional.id": f"{topics.prefix}open",
        }
    )
    producer.init_transactions(20)
    producer.begin_transaction()
    put(producer, topics.prefix, coil[-1])
    producer.flush(20)
    properties = {"bootstrap.servers": topics.bootstrap_servers}
    with (
        StoredTopics(properties, topics.prefix, patience_s=1.0) as impatient,
        pytest.raises(StoredUnreadable, match="a transaction stays open"),
    ):
        read_coil(impatient, "C1")
    producer.abort_transaction(20)
    with StoredTopics(properties, topics.prefix) as patient:
        found = read_coil(patient, "C1")
    assert found is not None
    assert found.state.ended is None
    assert found.state.received == 4
