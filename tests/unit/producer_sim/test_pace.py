from __future__ import annotations

import itertools

import pytest

from producer_sim.pace import IDLE_SLICE_S, Pace, frames_per_s
from tests.support.sending import START_NS, SteppedClock


def never() -> bool:
    return False


def test_exposures_are_evenly_spaced_from_the_first() -> None:
    clock = SteppedClock()
    pace = Pace(50.0, clock, clock.idle)

    times = [pace.next_exposure_ns(never) for _ in range(101)]

    assert times[0] == START_NS
    assert times[100] == START_NS + 2_000_000_000
    gaps = [later - earlier for earlier, later in itertools.pairwise(t for t in times if t is not None)]
    assert all(gap == pytest.approx(20_000_000, abs=1000) for gap in gaps)
    assert clock.now_s == pytest.approx(502.0)


def test_a_slow_sender_delays_no_exposure() -> None:
    clock = SteppedClock()
    pace = Pace(10.0, clock, clock.idle)
    pace.next_exposure_ns(never)

    clock.now_s += 1.0  # the sender hangs for ten exposures
    late = [pace.next_exposure_ns(never) for _ in range(10)]

    assert late == [START_NS + i * 100_000_000 for i in range(1, 11)]
    assert clock.waits == []
    assert pace.behind_s == pytest.approx(0.9)


def test_a_restart_forgives_what_is_overdue() -> None:
    clock = SteppedClock()
    pace = Pace(10.0, clock, clock.idle)
    pace.next_exposure_ns(never)
    clock.now_s += 7.03

    pace.restart()
    times = [pace.next_exposure_ns(never) for _ in range(3)]

    assert times == [START_NS + 7_030_000_000 + i * 100_000_000 for i in range(3)]


@pytest.mark.parametrize("rate", [None, 10.0])
def test_a_restart_in_time_changes_nothing(rate: float | None) -> None:
    clock = SteppedClock()
    pace = Pace(rate, clock, clock.idle)
    pace.restart()
    first = pace.next_exposure_ns(never)

    pace.restart()

    assert first == START_NS
    assert pace.next_exposure_ns(never) == START_NS + (0 if rate is None else 100_000_000)


def test_flat_out_is_exposed_when_sent_and_never_waits() -> None:
    clock = SteppedClock()
    pace = Pace(None, clock, clock.idle)

    first = pace.next_exposure_ns(never)
    clock.now_s += 0.25
    second = pace.next_exposure_ns(never)

    assert (first, second) == (START_NS, START_NS + 250_000_000)
    assert clock.waits == []


def test_a_long_wait_hears_the_stop() -> None:
    clock = SteppedClock()
    pace = Pace(0.01, clock, clock.idle)
    pace.next_exposure_ns(never)

    assert pace.next_exposure_ns(lambda: clock.now_s > 503.0) is None
    assert clock.now_s == pytest.approx(503.0, abs=2 * IDLE_SLICE_S)


@pytest.mark.parametrize("rate", [None, 5.0])
def test_stopped_before_the_first(rate: float | None) -> None:
    clock = SteppedClock()

    assert Pace(rate, clock, clock.idle).next_exposure_ns(lambda: True) is None


def test_line_speed_gives_the_rate_of_all_cameras() -> None:
    # 256 px of 0.8 mm are 204.8 mm: at 10.24 m/s, 50 frames a second and camera.
    assert frames_per_s(10.24, height_px=256, mm_per_px=0.8, streams=1) == pytest.approx(50)
    assert frames_per_s(10.24, height_px=256, mm_per_px=0.8, streams=6) == pytest.approx(300)
