"""`fetch` with the real kagglehub client against a small stand-in for Kaggle, and without one."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from model.cli import main
from model.frames.fetch_command import FetchRefused, fetch, is_fetched
from tests.support.kaggle_server import KaggleServer, archive_of

pytest.importorskip("kagglehub", reason="fetching needs the torch extra")

FILES = {
    "train_images/a.jpg": os.urandom(3_000_000),  # more than kagglehub's chunk of 1 MiB, so that it can break
    "train_images/b.jpg": b"not looked at",
    "test_images/c.jpg": b"left out",
    "train.csv": b"ImageId,ClassId,EncodedPixels\n",
    "sample_submission.csv": b"",
}


@pytest.fixture
def kaggle_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody's credentials, and a cache of its own."""
    for name in list(os.environ):
        if name.lower() in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") or "KAGGLE" in name:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KAGGLEHUB_VERBOSITY", "critical")
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    return tmp_path


@pytest.fixture
def kaggle(kaggle_environment: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KaggleServer]:
    """Kaggle as a stand-in serves it, to somebody with a token."""
    server = KaggleServer(archive_of(FILES))
    monkeypatch.setenv("KAGGLE_API_TOKEN", "secret")
    with server.running() as address:
        monkeypatch.setenv("http_proxy", address)
        yield server


def fetch_to(out: Path) -> int:
    return main(["fetch", "--out", str(out)])


def test_frames_and_table_come_and_nothing_else(kaggle: KaggleServer, tmp_path: Path) -> None:
    assert fetch_to(tmp_path / "deep" / "frames") == 0

    found = {str(p.relative_to(tmp_path / "deep")) for p in (tmp_path / "deep").rglob("*") if p.is_file()}
    assert found == {"frames/train_images/a.jpg", "frames/train_images/b.jpg", "frames/train.csv"}
    assert (tmp_path / "deep/frames/train_images/a.jpg").read_bytes() == FILES["train_images/a.jpg"]
    assert kaggle.asked[0].endswith("Bearer secret")


def test_a_second_call_asks_nobody(
    kaggle: KaggleServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch_to(tmp_path / "frames")
    kaggle.asked.clear()

    assert fetch_to(tmp_path / "frames") == 0
    assert kaggle.asked == []
    assert "2 images and train.csv were already in" in capsys.readouterr().out


def test_a_broken_line_leaves_no_folder_and_the_next_call_goes_on(
    kaggle: KaggleServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kaggle.breaks_after = 2_500_000

    assert fetch_to(tmp_path / "frames") == 2
    assert "run the command again to go on" in capsys.readouterr().err
    assert not (tmp_path / "frames").exists()

    assert fetch_to(tmp_path / "frames") == 0
    assert kaggle.asked[-1].startswith("GET bytes=")
    assert (tmp_path / "frames/train_images/a.jpg").read_bytes() == FILES["train_images/a.jpg"]


def test_a_damaged_download_is_thrown_away(
    kaggle: KaggleServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kaggle.damages = True
    assert fetch_to(tmp_path / "frames") == 2
    assert "the download arrived damaged: run the command again" in capsys.readouterr().err

    kaggle.damages = False
    assert fetch_to(tmp_path / "frames") == 0
    assert kaggle.asked[-1] == "GET None"  # from the start


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "create a new token"),
        (403, "accept the competition's rules at https://www.kaggle.com"),
        (404, "no competition"),
        (429, "asks to wait"),
        (500, "answered 500"),
    ],
)
def test_what_kaggle_refuses_is_said_in_one_sentence(
    kaggle: KaggleServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], status: int, says: str
) -> None:
    kaggle.status = status

    assert fetch_to(tmp_path / "frames") == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert not (tmp_path / "frames").exists()


def test_an_archive_without_frames_is_refused(
    kaggle: KaggleServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kaggle.archive = archive_of({"train.csv": b""})

    assert fetch_to(tmp_path / "frames") == 2
    assert "holds no train_images/ and train.csv" in capsys.readouterr().err


def test_without_credentials_it_says_where_to_get_them(
    kaggle_environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch_to(kaggle_environment / "frames") == 2
    said = capsys.readouterr().err
    assert "no Kaggle credentials" in said
    assert "KAGGLE_API_TOKEN" in said
    assert not (kaggle_environment / "frames").exists()


def test_a_broken_credentials_file_is_named(
    kaggle_environment: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(kaggle_environment))
    (kaggle_environment / "kaggle.json").write_text("{}")

    assert fetch_to(kaggle_environment / "frames") == 2
    assert "kaggle.json is missing 'username'" in capsys.readouterr().err


def test_without_a_network_it_says_so(
    kaggle_environment: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", "secret")
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{nobody_listens.getsockname()[1]}")
        assert fetch_to(kaggle_environment / "frames") == 2

    said = capsys.readouterr().err
    assert "Kaggle cannot be reached (ProxyError): check network and proxy" in said
    assert said.count("\n") == 1


def test_too_small_a_disk_is_refused_before_the_download(kaggle: KaggleServer, tmp_path: Path) -> None:
    with pytest.raises(FetchRefused, match=r"GiB free, the download needs 1073741824\.0: make room"):
        fetch(tmp_path / "frames", needed_bytes=2**60)
    assert kaggle.asked == []


def test_a_disk_that_fills_up_is_said(tmp_path: Path) -> None:
    def full() -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(FetchRefused, match="the disk is full: make room"):
        fetch(tmp_path / "frames", full)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")

    with pytest.raises(FetchRefused, match="holds something else"):
        fetch(tmp_path, lambda: pytest.fail("asked Kaggle"))
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_place_that_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "cache" / "train_images").mkdir(parents=True)
    (tmp_path / "cache" / "train.csv").touch()
    (tmp_path / "file").touch()

    with pytest.raises(
        FetchRefused, match=r"cannot be written: .*Not a directory.*; the download is kept in"
    ):
        fetch(tmp_path / "file" / "frames", lambda: tmp_path / "cache")


def test_what_a_killed_call_left_is_replaced(tmp_path: Path) -> None:
    source, out = tmp_path / "cache", tmp_path / "frames"
    (source / "train_images").mkdir(parents=True)
    (source / "train.csv").touch()
    (tmp_path / ".frames.partial" / "train_images").mkdir(parents=True)
    (tmp_path / ".frames.partial" / "train_images" / "half.jpg").touch()
    out.mkdir()  # an empty folder is as good as none

    fetch(out, lambda: source)

    assert is_fetched(out)
    assert list((out / "train_images").iterdir()) == []
    assert not (tmp_path / ".frames.partial").exists()
