"""The worker is stopped while a coil runs: seconds until its alert is at the webhook.

    python -m tests.bench.bench_alert [--repeats 5]

The real Prometheus and Alertmanager with the shipped rules, routes and intervals; the webhook is the shipped
listener. The worker gets SIGKILL at a moment that is drawn: where in a scrape's interval matters most.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

from local.processes.children import turns
from tests.bench.line import line, samples
from tests.bench.measure import SEED, Figures, spread
from tests.support.bundles import painted_frame
from tests.support.strip import Coil, Strip
from tests.support.watched_line import WatchedLine, watched_line

SCRAPE_S = 5.0
GOAL_S = 60
GIVE_UP_S = 180.0
RESOLVED_S = 180.0


def main() -> None:
    given = _arguments()
    figures = Figures("alert", vars(given))
    drawn = random.Random(SEED)
    with line() as running:
        prefix = running.fresh_topics()
        with watched_line(running.bootstrap_servers, prefix, running.folder / "watched") as watched:
            strip = Strip(running.bootstrap_servers, prefix)
            coil = strip.start("bench", 3600.0)
            found = []
            for _ in range(given.repeats):
                _inspected(watched, strip, coil)
                time.sleep(drawn.uniform(0, SCRAPE_S))
                found.append(_until_told(watched))
    for name, seconds in spread(found).items():
        figures.add(f"worker killed -> alert at the webhook, {name}", seconds, "s", f"<= {GOAL_S}")
    figures.add("all", found, "s")
    figures.write(given.out)


def _inspected(watched: WatchedLine, strip: Strip, coil: Coil) -> None:
    """The line runs: the worker has inspected more of the coil, and the tracker knows."""
    before = samples(watched.tracker).get(("coilwatch_coils_records_total", ("strip.inspections.v1",)), 0.0)
    for _ in range(20):
        strip.expose(coil, painted_frame())
    strip.finish()
    for _ in turns(GIVE_UP_S, 0.1, "the frames are inspected"):
        now = samples(watched.tracker).get(("coilwatch_coils_records_total", ("strip.inspections.v1",)), 0.0)
        if now >= before + 20:
            return


def _until_told(watched: WatchedLine) -> float:
    """Seconds; afterwards another worker runs, and its return was told too."""
    killed_s = time.time()
    watched.worker.kill()
    told = watched.wait_for_alert("WorkerDown", "firing", killed_s, GIVE_UP_S)
    watched.start_worker()
    watched.worker.wait_until_ready()
    watched.wait_for_alert("WorkerDown", "resolved", killed_s, RESOLVED_S)
    return told.heard_at_s - killed_s


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
