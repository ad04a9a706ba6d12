from __future__ import annotations

from pathlib import Path

import pytest

from consumer.coils import app
from consumer.coils.cli import REFUSED, main

NOBODY = "127.0.0.1:1"


def test_without_a_command_it_is_the_tracker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COILWATCH_COILS_RESERVE", "5")  # no setting: the tracker refuses it and ends
    assert main([]) == app.Exit.REFUSED


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    said = capsys.readouterr().out
    assert left.value.code == 0
    for word in ("regrade", "map", "COILWATCH_", "SIGHUP"):
        assert word in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["regrade", "--rules", "nowhere.yaml"], "nowhere.yaml, line 1: ", id="no such rules"),
        pytest.param(["map", "C1", "--out", "c1.gif"], ".png or a .svg", id="no such form"),
        pytest.param(
            ["map", "C1", "--out", "c1.png", "--bootstrap-servers", NOBODY], "does not answer", id="no broker"
        ),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == REFUSED
    error = capsys.readouterr().err
    assert error.startswith(f"{arguments[0]}: ")
    assert said in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_setting_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COILWATCH_COILS_RUELS", "rules.yaml")
    assert main(["map", "C1", "--out", str(tmp_path / "c1.png")]) == REFUSED
    assert "did you mean COILWATCH_COILS_RULES?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["map", "../C1", "--out", "a.png"], ["map", "C1"], ["regrade"], ["draw"]],
    ids=["no coil's id", "no file", "no rules", "no such command"],
)
def test_a_wrong_command_line_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == REFUSED
    assert "usage:" in capsys.readouterr().err
