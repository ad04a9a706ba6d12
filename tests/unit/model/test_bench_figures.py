"""From turns to figures: which frames pass, what a turn adds up to, where curves cross, in words."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from model.bench.figures import break_even, crossing, fastest_from, ratio
from model.bench.page import computed_words, deployed_words, measured_words
from model.bench.passing import choose, sequence
from model.bench.turns import Bench, Parts, Turn
from model.inspector import Gated, Inspector, Pixels, Region
from tests.support.bundles import WIDTH_PX, painted_frame, whole_card, whole_point


def scored(*values: float) -> np.ndarray:
    return np.array(values)


def test_inspectors_that_agree_let_the_same_frames_pass() -> None:
    one, other = choose([scored(0.1, 0.9, 0.2, 0.8), scored(0.3, 0.7, 0.4, 0.6)])
    assert one is not None
    assert other is not None
    assert (one.passing, one.stopped, one.threshold) == ((1,), (0,), 0.5)
    assert (other.passing, other.stopped, other.threshold) == ((1,), (0,), 0.5)


def test_an_inspector_that_cannot_agree_chooses_for_itself_and_one_that_tells_nothing_gets_none() -> None:
    own = scored(0.9, 0.5, 0.4, 0.1)
    one, other, alike = choose([scored(*range(4)) / 10, own, scored(0.5, 0.5, 0.5, 0.5)])
    assert one is not None
    assert other is not None
    assert (one.passing, one.stopped) == (other.stopped, other.passing) == ((3,), (0,))
    assert alike is None


@pytest.mark.parametrize(("percent", "passing"), [(0, 0), (5, 2), (50, 20), (100, 40)])
def test_a_run_holds_exactly_the_share_asked_for_spread_evenly(percent: int, passing: int) -> None:
    (choice,) = choose([scored(*range(8))])
    assert choice is not None
    run = sequence(choice, list(range(8)), 40, percent)
    passed = [frame >= choice.threshold for frame in run]
    assert sum(passed) == passing
    assert abs(sum(passed[:20]) - sum(passed[20:])) == 0
    if percent == 50:
        assert {frame for frame in run if frame >= choice.threshold} == set(choice.passing)


class Ticking:
    """A clock that only moves when somebody works."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Timed(Inspector):
    """Takes a second a frame to gate and ten to segment; frames that start bright pass."""

    def __init__(self, clock: Ticking) -> None:
        self.card = whole_card(name="timed")
        self.point = whole_point()
        self.clock = clock
        self.segmented: list[int] = []

    def gate(self, frames: Sequence[Pixels]) -> list[Gated]:
        self.clock.now_s += len(frames)
        return [Gated(score=float(frame[0, 0] > 128)) for frame in frames]

    def segment(self, frames: Sequence[Pixels], gated: Sequence[Gated]) -> list[tuple[Region, ...]]:
        assert all(g.score == 1.0 for g in gated)
        self.segmented.append(len(frames))
        self.clock.now_s += 10 * len(frames)
        return [()] * len(frames)

    def probabilities(self, frames: Sequence[Pixels]) -> list[np.ndarray]:
        raise AssertionError

    def warm_up(self) -> None:
        raise AssertionError


def test_a_turn_segments_across_gate_batches_and_its_parts_sum_to_the_whole() -> None:
    clock, cpu = Ticking(), itertools.count()
    inspector = Timed(clock)
    bright = painted_bright()
    with ThreadPoolExecutor(1) as decoders:
        bench = Bench(
            gate_batch=4, segment_batch=3, decoders=decoders, clock=clock, cpu_clock=lambda: next(cpu)
        )
        turn = bench.take(inspector, [painted_frame(), bright, bright, bright, bright, bright])
    assert inspector.segmented == [3, 2]
    assert (turn.frames, turn.passed) == (6, 5)
    assert turn.time == Parts(decode_s=0, gate_s=6, segment_s=50)
    assert turn.time.total_s == clock.now_s == 56
    assert turn.cpu == Parts(decode_s=2, gate_s=2, segment_s=2)


def painted_bright() -> bytes:
    from tests.support.bundles import Painted

    return painted_frame([Painted(class_id=4, rows=(0, 256), cols=(0, WIDTH_PX))])


@pytest.mark.parametrize(
    ("differences", "share"),
    [
        ([-2, -1, 1, 3], 0.275),
        ([-2, -1, 0, 3], 0.5),
        ([0, 1, 2, 3], 0.0),
        ([-4, -3, -2, -1], None),
    ],
    ids=["between", "at a share", "never faster", "always faster"],
)
def test_where_separate_networks_stop_being_faster(differences: list[float], share: float | None) -> None:
    assert crossing([0, 0.05, 0.5, 1], differences) == (None if share is None else pytest.approx(share))


def test_the_break_even_share_is_that_of_the_formula_and_of_the_curves() -> None:
    """g 2, E 8, h 1, decoder 4: (8 + 1 - 2) / 8."""
    ran = {}
    for percent in (0, 50, 100):
        ran["separate", percent] = row(gate=2, segment=12, percent=percent)
        ran["shared_backbone", percent] = row(gate=9, segment=4, percent=percent)
    even = break_even(ran, [0, 50, 100], "time")
    assert even is not None
    assert (even["encoder_ms"], even["computed_share"]) == (8, 7 / 8)
    assert even["measured_share"] == pytest.approx(7 / 8)
    assert even["separate_wins_at"] == [0, 50]
    assert (computed_words(even), measured_words(even)) == ("88 %", "88 %")
    assert break_even({key: ran[key] for key in ran if key[0] == "separate"}, [0, 100], "time") is None
    assert break_even({key: ran[key] for key in ran if key[1] == 0}, [0], "time") is None


def row(*, gate: float, segment: float, percent: int) -> dict[str, Any]:
    whole = {
        "gate_ms_a_frame": gate,
        "segment_ms_a_passed_frame": segment,
        "ms_a_frame": 1 + gate + segment * percent / 100,
    }
    return {"passed": percent, "time": whole}


@pytest.mark.parametrize(
    ("computed", "measured", "words"),
    [
        (1.2, None, ("separate always (1.20)", "separate always")),
        (-0.1, 0.0, ("separate never", "separate never")),
        (None, 0.31, ("none: the decoder alone was no faster than the segmenter", "31 %")),
    ],
)
def test_shares_that_are_never_reached_are_put_in_words(
    computed: float | None, measured: float | None, words: tuple[str, str]
) -> None:
    even = {"computed_share": computed, "measured_share": measured}
    assert (computed_words(even), measured_words(even)) == words


def test_the_page_says_which_design_to_deploy_at_which_share() -> None:
    curves = {"separate": (4.0, 25.0), "shared_backbone": (10.0, 15.0), "two_head": (13.87, 13.87)}
    times = {(design, p): ms[p // 100] for design, ms in curves.items() for p in (0, 100)}
    fastest = fastest_from(times, (0, 100))
    assert fastest == [
        {"percent": 0, "design": "separate"},
        {"percent": 38, "design": "shared_backbone"},
        {"percent": 78, "design": "two_head"},
    ]
    assert deployed_words(fastest) == (
        "`separate`, `shared_backbone` from 38 %, `two_head` from 78 % of defective frames on."
    )
    assert deployed_words(fastest[:1]) == "`separate` at every share."
    assert fastest_from({}, (0, 100)) == []


def test_a_ratio_is_that_of_neighbours_in_time() -> None:
    """A machine that slows down threefold in the second round changes both, and no ratio."""
    ours = [Turn(1, time=Parts(gate_s=s), cpu=Parts(gate_s=1)) for s in (1.1, 3.3, 1.1)]
    theirs = [Turn(1, time=Parts(gate_s=s)) for s in (1.0, 3.0, 1.0)]
    assert ratio(ours, theirs) == {"time": pytest.approx(1.1), "cpu": 1.0}
