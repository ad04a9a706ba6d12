"""`python -m contracts`: exit codes and what is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.cli import main

NOWHERE = ["--bootstrap-servers", "127.0.0.1:1", "--property", "socket.connection.setup.timeout.ms=1000"]


def test_asyncapi_is_written_and_then_current(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "asyncapi.yaml"
    assert main(["asyncapi", "--output", str(path)]) == 0
    assert main(["asyncapi", "--check", "--output", str(path)]) == 0
    assert "describes the messages" in capsys.readouterr().out


def test_asyncapi_that_is_out_of_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "asyncapi.yaml"
    path.write_text("asyncapi: 3.0.0\n", encoding="utf-8")
    assert main(["asyncapi", "--check", "--output", str(path)]) == 1
    assert "run `python -m contracts asyncapi`" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "asyncapi: 3.0.0\n"


def test_asyncapi_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["asyncapi", "--check", "--output", str(tmp_path / "none.yaml")]) == 1
    assert "run `python -m contracts asyncapi`" in capsys.readouterr().err


def test_a_file_of_properties(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "client.properties"
    path.write_text("# secrets\n\nsasl.pasword = s3cret\n", encoding="utf-8")
    assert main(["topics", "--check", *NOWHERE, "--properties", str(path)]) == 1
    said = capsys.readouterr().err
    assert "sasl.pasword" in said
    assert "s3cret" not in said


def test_a_file_of_properties_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "client.properties"
    path.write_text("s3cret\n", encoding="utf-8")
    assert main(["topics", "--check", *NOWHERE, "--properties", str(path)]) == 1
    said = capsys.readouterr().err
    assert said == f"{path}: expected NAME=VALUE\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["topic"],
        ["topics", "--partitions", "0"],
        ["topics", "--replication-factor", "two"],
        ["topics", "--property", "s3cret"],
    ],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "s3cret" not in capsys.readouterr().err
