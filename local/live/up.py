"""`python -m local up`: the whole line on this machine, live and watched, until somebody ends it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from rich.text import Text

from contracts import admin
from contracts.topics import FRAMES, MIB, topics
from local.kafka.ports import answers
from local.live.addresses import Ports
from local.live.news import News
from local.live.up_stack import UpStack
from local.live.up_table import address_table, what_to_type
from local.observing.reading import RunReader
from local.packages import PackagesMissing
from local.plan import UpPlan, endless_arguments
from local.processes.children import ChildFailed
from local.stack import Line, Place, broker_serving, source_of
from local.watching.packages import missing_for_watching

KEPT_FRAMES = {"retention.bytes": str(512 * MIB), "segment.bytes": str(64 * MIB)}
"""A partition. The contract's six hours at line speed are 100 GB; this is 4 GB, a quarter of an hour."""

LAST_VERDICT_S = 20.0
"""The tracker needs a second; 15 s where frames are missing. A coil left open is late the next time."""

TURN_S = 0.25
STATUS_EVERY_S = 30.0
"""Where there is no terminal to keep one line up to date."""


def run_up(plan: UpPlan, ports: Ports, place: Place) -> None:
    """Runs until KeyboardInterrupt, which it raises when the line has ended its coil.

    Raises PackagesMissing and PortsRefused before it starts anything; later ChildFailed, BrokerUnavailable,
    TopicsUnavailable, ConfigurationInvalid and KafkaException. Whatever happens, the processes that it
    started are gone afterwards; what they stored stays for the next time.
    """
    began = time.monotonic()
    _refuse(plan, ports, place)
    plan.out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as running:
        bootstrap = running.enter_context(broker_serving(place))
        _make_topics(bootstrap, place)
        stack = UpStack(plan, ports, place, bootstrap, running)
        stack.start()
        reader = RunReader(bootstrap, "", only_new=True)
        running.callback(reader.close)
        place.say(_announcement(plan))
        line = Line(plan, lambda plan: endless_arguments(plan, bootstrap), place, running)
        place.console.print(address_table(ports, bootstrap, plan, stack.alerts_page))
        for sentence in what_to_type(ports, bootstrap, plan):
            place.say(sentence)
        place.say(f"all of it runs after {time.monotonic() - began:.0f} s; Ctrl-C ends it")
        news = News(reader, place.say)
        try:
            _follow(news, stack, line, place)
        except KeyboardInterrupt:
            _end(news, line, place)
            raise


def _refuse(plan: UpPlan, ports: Ports, place: Place) -> None:
    """What is missing and what is taken, all of it, before anything is started."""
    serves = answers(place.broker.bootstrap_servers)
    for_broker = [] if serves else place.broker.missing_packages()
    for_watching = missing_for_watching() if plan.watched else []
    if for_broker or for_watching:
        otherwise = ", or leave what watches the line out: --line-only" if for_watching else ""
        raise PackagesMissing([*for_broker, *for_watching], otherwise)
    ports.refuse_taken(None if serves else place.broker.port, watched=plan.watched)


def _make_topics(bootstrap: str, place: Place) -> None:
    """Under their plain names, so that every command finds them; those that exist are left as they are."""
    specs = [
        replace(spec, config={**spec.config, **KEPT_FRAMES}) if spec.kind == FRAMES else spec
        for spec in topics()
    ]
    made = admin.create_topics(bootstrap, specs=specs)
    place.say(f"topics: {len(made)} made, {len(specs) - len(made)} there already, with what is in them")


def _announcement(plan: UpPlan) -> str:
    cameras = f"{plan.cameras} camera{'' if plan.cameras == 1 else 's'}"
    return (
        f"line: coil after coil of {plan.frames_per_coil} frames a camera, {source_of(plan)} under {cameras} "
        f"at {plan.speed_mps:g} m/s (--speed-mps)"
    )


def _follow(news: News, stack: UpStack, line: Line[UpPlan], place: Place) -> None:
    """For ever: say what is new, look after the parts. Raises ChildFailed, BrokerUnavailable and others.

    A signal waits for the end of a turn: in the middle it would take a record that was just read with it.
    """
    with _status_line(place) as show:
        while True:
            with place.interruption.held():
                news.read(TURN_S)
                for alert in stack.new_alerts():
                    place.say(alert)
                stack.check()
                if line.finished():
                    raise ChildFailed("the line ended, which nobody asked it to")
                show(news.status())


def _end(news: News, line: Line[UpPlan], place: Place) -> None:
    """The line announces its coil's end; then the last verdict, so that it is not late the next time."""
    place.say("line: it ends its coil, and the last verdict is waited for")
    line.stop()
    until = time.monotonic() + LAST_VERDICT_S
    news.read(TURN_S)
    while news.waited_for and time.monotonic() < until:
        news.read(TURN_S)
    for coil_id in news.waited_for:
        place.say(f"{coil_id} has no verdict yet: the tracker tells it the next time")


@contextmanager
def _status_line(place: Place) -> Iterator[Callable[[str], None]]:
    """On a terminal one line that is kept up to date; else one now and then."""
    console = place.console
    if console.is_terminal:
        with console.status("") as status:
            yield lambda text: status.update(Text(text, style="dim", no_wrap=True, overflow="ellipsis"))
        return
    last = time.monotonic()

    def say(text: str) -> None:
        nonlocal last
        if time.monotonic() - last >= STATUS_EVERY_S:
            last = time.monotonic()
            place.say(text)

    yield say
