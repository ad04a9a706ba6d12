"""The benchmarks, all or those named, one after the other, each in a process of its own: `make bench`."""

from __future__ import annotations

import argparse
import subprocess
import sys

IN_ORDER = (
    "engines",
    "line",
    "latency",
    "failover",
    "memory",
    "coils",
    "tracker",
    "marks",
    "ladder",
    "scrape",
    "alert",
    "station_state",
    "station_memory",
    "station_clients",
)
"""bench_latency takes its rate from bench_line."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"some of {', '.join(IN_ORDER)}; default all"
    )
    names = parser.parse_args().names
    unknown = [name for name in names if name not in IN_ORDER]
    if unknown:
        parser.error(f"no benchmark is called {unknown[0]}")
    for name in names or IN_ORDER:
        finished = subprocess.run([sys.executable, "-m", f"tests.bench.bench_{name}"], check=False)
        if finished.returncode:
            return finished.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
