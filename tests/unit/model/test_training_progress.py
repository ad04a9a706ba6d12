"""What is seen of a training, and the curves that stay of it."""

from __future__ import annotations

import io
import logging
from pathlib import Path

import cv2
import pytest
from rich.console import Console

from model.training.curves import COLUMNS, Curves
from model.training.progress import Bar, LogLines, Moment, Watches, spelled


def moment(step: int, loss: float = 0.5) -> Moment:
    return Moment(step=step, spent_s=2.0 * step, left_s=3700 - 2 * step, loss=loss, learning_rate=1e-3)


def test_a_log_says_now_and_then_how_far_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    watch = Watches([LogLines(every=10)])
    watch.begins("joint", 40, 0)
    for step in range(1, 21):
        watch.stepped(moment(step))
    watch.ends()
    assert caplog.messages == [
        "stage joint: begins, 0 of 40 steps",
        "stage joint: step 10 of 40, loss 0.5000, 0:20 spent, 1:01:20 left",
        "stage joint: step 20 of 40, loss 0.5000, 0:40 spent, 1:01:00 left",
        "stage joint: done",
    ]


def test_a_terminal_gets_a_bar_with_the_time_left() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with Bar(console) as bar:
        bar.begins("joint", 40, 10)
        bar.stepped(moment(20))
        bar.ends()
        bar.begins("gate", 30, 0)
        bar.stepped(moment(30))
        bar.ends()
    drawn = console.file.getvalue()  # type: ignore[attr-defined]
    assert "20/40" in drawn
    assert "loss 0.5000, 1:01:00 left" in drawn
    assert "30/30" in drawn


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0:00"), (61.4, "1:01"), (3600, "1:00:00"), (3599.7, "1:00:00")]
)
def test_time_is_spelled_as_on_a_clock(seconds: float, said: str) -> None:
    assert spelled(seconds) == said


def test_curves_stay_as_csv_and_png_and_a_resumed_stage_takes_back_what_was_not_saved(tmp_path: Path) -> None:
    first = Curves(tmp_path, every=2)
    first.begins("joint", 4, 0)
    for step in range(1, 5):
        first.stepped(moment(step, 0.9))
    first.ends()
    first.begins("gate", 7, 0)
    for step in range(1, 7):
        first.stepped(moment(step, 0.8))
    with (tmp_path / "curves.csv").open("a") as file:
        file.write("gate,8,")  # killed in the middle of a row
    second = Curves(tmp_path, every=2)
    second.begins("gate", 7, 3)
    for step in range(4, 8):
        second.stepped(moment(step, 0.7))
    second.ends()
    rows = [line.split(",") for line in (tmp_path / "curves.csv").read_text().split()]
    assert rows[0] == list(COLUMNS)
    assert [(stage, step, loss) for stage, step, _, loss, _ in rows[1:]] == [
        ("joint", "2", "0.90000"),
        ("joint", "4", "0.90000"),
        ("gate", "2", "0.80000"),
        ("gate", "4", "0.70000"),
        ("gate", "6", "0.70000"),
        ("gate", "7", "0.70000"),
    ]
    picture = cv2.imread(str(tmp_path / "curves.png"))
    assert picture is not None
    assert picture.std() > 5
    assert sorted(p.name for p in tmp_path.iterdir()) == ["curves.csv", "curves.png"]
