"""`python -m monitoring preview`: the dashboards as pictures, from a live Prometheus."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from monitoring.preview.prometheus import NoAnswer, Prometheus, Window

POINTS = 240
SCRAPE_S = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--url", default="http://127.0.0.1:9090", help="Prometheus")
    parser.add_argument("--minutes", type=_minutes, default=10.0, help="so long back from now")
    parser.add_argument("--out", type=Path, default=Path("docs/dashboards"), help="folder of the pictures")


def run(given: argparse.Namespace) -> int:
    """The command's exit code."""
    # matplotlib takes its time, and the other commands do not draw.
    from monitoring.preview.picture import NAMES, draw_dashboard

    prometheus, window = Prometheus(given.url), last(given.minutes, time.time())
    try:
        for name in NAMES:
            path = given.out / f"{name}.png"
            draw_dashboard(name, prometheus, window).save(path)
            print(path)
    except NoAnswer as sentence:
        print(sentence, file=sys.stderr)
        return 1
    return 0


def last(minutes: float, now_s: float) -> Window:
    """The window that ends now, in steps of whole scrapes."""
    step_s = max(SCRAPE_S, round(minutes * 60 / POINTS / SCRAPE_S) * SCRAPE_S)
    return Window(now_s - minutes * 60, now_s, step_s).with_step(step_s)


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 1 <= minutes <= 60 * 24 * 30:
        raise argparse.ArgumentTypeError("between 1 minute and 30 days")
    return minutes
