from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from local.processes.interruption import Interruption


@pytest.fixture
def interruption() -> Iterator[Interruption]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    installed = Interruption()
    installed.install()
    yield installed
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.usefixtures("interruption")
def test_the_first_signal_interrupts_and_the_next_do_not(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    signal.raise_signal(number)


def test_under_nohup_a_hangup_stays_ignored() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        Interruption().install()
        signal.raise_signal(signal.SIGHUP)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_a_signal_waits_while_held(interruption: Interruption) -> None:
    done = []

    def start() -> None:
        with interruption.held():
            signal.raise_signal(signal.SIGINT)
            done.append("to its end")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert done == ["to its end"]


def test_who_holds_inside_of_who_holds_does_not_let_go(interruption: Interruption) -> None:
    done = []

    def turn() -> None:
        with interruption.held():
            with interruption.held():
                signal.raise_signal(signal.SIGINT)
            done.append("to its end")

    with pytest.raises(KeyboardInterrupt):
        turn()
    assert done == ["to its end"]


def test_without_a_signal_holding_changes_nothing(interruption: Interruption) -> None:
    with interruption.held():
        pass
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
