"""`python -m station`: the operator's page."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

ABOUT = """\
Serve the operator's page: the strip live, the coil, its history, try an image. It reads the topics without a
group and writes nothing but acknowledgements of alarms. Settings are COILWATCH_STATION_* in the environment
and those that it shares with the worker; SIGTERM stops it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when it was told to stop, 1 when it crashed, 2 when it refused to start."""
    argparse.ArgumentParser(
        prog="python -m station", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args(arguments)
    from station import app  # here, or --help would wait for the web server's import

    return app.main()
