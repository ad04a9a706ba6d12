"""Alive and ready, on a clock that the test turns."""

from __future__ import annotations

import pytest

from monitoring.health import Health


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(clock, stale_after_s=10.0)


def test_alive_while_it_warms_up(health: Health, clock: Clock) -> None:
    clock.now_s += 1000
    assert health.alive()
    assert not health.ready()
    assert health.why() == "the model is warming up"


def test_a_service_without_a_model_says_what_it_waits_for(clock: Clock) -> None:
    assert Health(clock, 30, warming="reading what was told already").why() == "reading what was told already"


def test_dead_when_the_owner_thread_stands_still(health: Health, clock: Clock) -> None:
    health.warm = health.joined = True
    health.turned()
    clock.now_s += 10
    assert health.alive()
    clock.now_s += 0.5
    assert not health.alive()
    assert not health.ready()
    assert health.why() == "the owner thread has not turned for 10.5 s"


def test_alive_again_when_it_turns(health: Health, clock: Clock) -> None:
    health.turned()
    clock.now_s += 60
    health.turned()
    assert health.alive()


@pytest.mark.parametrize(
    ("warm", "joined", "stopping", "why"),
    [
        (False, True, False, "the model is warming up"),
        (True, False, False, "waiting for partitions"),
        (True, True, True, "stopping"),
    ],
)
def test_not_ready_says_why(health: Health, warm: bool, joined: bool, stopping: bool, why: str) -> None:
    health.turned()
    health.warm, health.joined, health.stopping = warm, joined, stopping
    assert not health.ready()
    assert health.why() == why


def test_ready_when_joined_and_warm(health: Health) -> None:
    health.turned()
    health.warm = health.joined = True
    assert health.ready()
    assert health.why() == "joined and warm"
