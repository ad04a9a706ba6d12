"""`python -m model.bench`: as `python -m model bench`, where only torch is installed (a bare GPU machine)."""

import argparse
import logging
import sys

from model.bench.bench_command import add_arguments, run
from model.bundle import BundleRefused
from model.frames.refused import TrainingRefused


def main() -> int:
    """Exit codes: 0 done, 2 refused."""
    parser = argparse.ArgumentParser(prog="python -m model.bench", description=__doc__)
    add_arguments(parser)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        return run(parser.parse_args())
    except (BundleRefused, TrainingRefused) as refused:
        print(f"model.bench: {refused}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
