"""Whatever is wrong with what was asked, is said in one sentence, before a broker is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from producer_sim.arguments import parse
from producer_sim.cli import main
from producer_sim.manifest import Fault
from producer_sim.recording import Record, RecordingWriter
from producer_sim.refused import SimulatorRefused
from producer_sim.sink import producer_configuration

MARK = "diameter=300,class=1,lane=640"


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    try:
        code = main(list(arguments))
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    out, err = capsys.readouterr()
    assert code == 2, err
    assert out == ""
    assert err.startswith("coilwatch-sim")
    assert err.count("\n") == 1, "more than one sentence"
    return err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param([], "required: command", id="no command"),
        pytest.param(["reply"], "invalid choice: 'reply'", id="unknown command"),
        pytest.param(["replay", "--coil", "2"], "unrecognized arguments", id="no abbreviation"),
        pytest.param(["replay", "--fault", "flood=1"], "is no fault", id="fault"),
        pytest.param(["replay", "--fault", "drop=1", "--fault", "drop=0"], "given twice", id="fault twice"),
        pytest.param(["replay", "--fault", "drop=.6", "--fault", "late=.6"], "add up to 1.2", id="faults"),
        pytest.param(["replay", "--roll-mark", "diameter=300,lane=1"], "does not say class=", id="no class"),
        pytest.param(["replay", "--roll-mark", "size=3"], "'size=3' is none of diameter=", id="mark key"),
        pytest.param(["replay", "--roll-mark", f"{MARK},lane=2"], "lane= is given twice", id="key twice"),
        pytest.param(["replay", "--roll-mark", f"{MARK},miss=2"], "not a number within 0..1", id="mark miss"),
        pytest.param(["replay", "--roll-mark", f"{MARK},jitter=nan"], "within 0..0.5", id="mark jitter"),
        pytest.param(["replay", "--roll-mark", f"{MARK},from=9,to=8"], "not before to=8", id="mark range"),
        pytest.param(
            ["replay", "--roll-mark", "diameter=300,class=x,lane=1"], "is no class", id="mark class"
        ),
        pytest.param(
            ["replay", "--roll-mark", "diameter=300,class=5,lane=1"], "choose one of 1, 2, 3, 4", id="class"
        ),
        pytest.param(
            ["replay", "--roll-mark", "diameter=300,class=1,lane=1280"], "1280 mm wide", id="mark beside"
        ),
        pytest.param(
            ["replay", "--roll-mark", "diameter=60,class=1,lane=1"], "choose 65.2 mm or more", id="small roll"
        ),
        pytest.param(["replay", "--roll-mark", MARK, "--distinct", "9"], "leave --distinct out", id="drawn"),
        pytest.param(
            ["replay", "--recording", "r", "--roll-mark", MARK], "--roll-mark does not go with", id="marked"
        ),
        pytest.param(["replay", "--endless", "--coils", "2"], "not allowed with", id="endless coils"),
        pytest.param(["replay", "--endless", "--manifest", "m"], "it would hold every", id="endless list"),
        pytest.param(["replay", "--endless", "--recording", "r"], "--endless does not go", id="endless copy"),
        pytest.param(["replay", "--endless", "--coil-prefix", "x" * 53], "makes no coil id", id="endless id"),
        pytest.param(["replay", "--coils", "0"], "not a whole number from 1 up", id="coils"),
        pytest.param(["replay", "--defect-share", "5"], "not a number within 0..1", id="share"),
        pytest.param(["replay", "--fps", "nan"], "not a number", id="pace"),
        pytest.param(["replay", "--fps", "9", "--flat-out"], "not allowed with", id="two paces"),
        pytest.param(["replay", "--synthetic", "--frames", "x"], "not allowed with", id="two sources"),
        pytest.param(["replay", "--labels", "x.csv"], "--labels goes with --frames", id="labels"),
        pytest.param(["replay", "--coil-prefix", "a/b"], "makes no coil id", id="prefix"),
        pytest.param(["replay", "--coil-prefix", "x" * 60], "makes no coil id", id="long prefix"),
        pytest.param(["replay", "--frames", "no-such-folder"], "There is no folder", id="folder"),
        pytest.param(["replay", "--manifest", "no-such-folder/m"], "There is no folder", id="manifest"),
        pytest.param(["replay", "--recording", "none"], "cannot be read", id="recording"),
        pytest.param(["replay", "--recording", "r", "--seed", "0"], "--seed does not go with", id="recorded"),
        pytest.param(
            ["replay", "--recording", "r", "--manifest-masks"], "does not go with", id="recorded masks"
        ),
        pytest.param(["replay", "--property", "acks=1"], "leave it all", id="acks"),
        pytest.param(["replay", "--property", "enable.idempotence=False"], "leave it true", id="idempotence"),
        pytest.param(["replay", "--property", "partitioner=random"], "leave it murmur2", id="partitioner"),
        pytest.param(["diff", "a", "b", "--property", "bootstrap.servers=x"], "give --bootstrap", id="where"),
        pytest.param(["replay", "--property", "no.such=1"], "librdkafka refuses", id="property"),
        pytest.param(["replay", "--property", "acks"], "is no NAME=VALUE", id="property form"),
        pytest.param(["replay", "--properties", "none"], "cannot be read", id="properties"),
        pytest.param(["record"], "required: --out", id="record to where"),
        pytest.param(["record", "--out", "no-such-folder/r"], "There is no folder", id="record folder"),
        pytest.param(["record", "--out", "r", "--topic", "news"], "is no topic", id="record topic"),
        pytest.param(["record", "--out", "r", "--from", "noon"], "is neither", id="record from"),
        pytest.param(["diff", "one"], "required: b", id="diff with what"),
        pytest.param(["diff", "none", "none"], "cannot be read", id="diff files"),
    ],
)
def test_a_wrong_wish_is_refused_in_one_sentence(
    arguments: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)

    assert sentence in refusal(capsys, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_diff_of_recordings_needs_no_broker(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "frames-only"
    with RecordingWriter(path) as out:
        out.write(
            Record(
                topic="strip.frames.v1", partition=0, offset=0, timestamp_ms=0, key=b"", value=b"", headers=()
            )
        )

    assert "holds no inspections" in refusal(capsys, "diff", str(path), str(path))


def test_defaults_are_a_short_synthetic_run() -> None:
    given = parse(["replay"])

    assert (given.lines, given.coils, given.cameras, given.frames_per_coil) == (1, 1, 1, 300)
    assert given.budget_s == 300
    assert given.fault == []
    assert given.frames is None
    assert not given.flat_out
    assert not given.endless


def test_faults_and_properties_add_up() -> None:
    given = parse(
        ["replay", "--fault", "drop=.1", "--fault", "wrong-size=.2", "--property", "sasl.password=a=b"]
    )

    assert given.fault == [(Fault.DROP, 0.1), (Fault.WRONG_SIZE, 0.2)]
    assert given.property == [("sasl.password", "a=b")]


def test_topics_have_short_names() -> None:
    given = parse(["record", "--out", "r", "--topic", "inspections", "--topic", "strip.frames.v1"])

    assert given.topic == ["strip.inspections.v1", "strip.frames.v1"]


def test_the_producer_keeps_its_promises() -> None:
    configuration = producer_configuration("b:1", {"linger.ms": "9", "acks": "-1"})

    assert configuration["enable.idempotence"] == "true"
    assert configuration["acks"] == "-1"
    assert configuration["linger.ms"] == "9"
    assert configuration["partitioner"] == "murmur2_random"
    with pytest.raises(SimulatorRefused, match="leave it true"):
        producer_configuration("b:1", {"enable.idempotence": "false"})
