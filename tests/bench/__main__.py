"""All benchmarks, one after the other, each in a process of its own: `make bench`."""

from __future__ import annotations

import subprocess
import sys

IN_ORDER = ("engines", "line", "latency", "failover", "memory")
"""bench_latency takes its rate from bench_line."""


def main() -> int:
    for name in sys.argv[1:] or IN_ORDER:
        finished = subprocess.run([sys.executable, "-m", f"tests.bench.bench_{name}"], check=False)
        if finished.returncode:
            return finished.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
