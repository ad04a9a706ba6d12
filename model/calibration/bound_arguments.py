"""`--miss` and `--confidence`, for every command that chooses thresholds."""

from __future__ import annotations

import argparse

from model.calibration.miss_bound import MissBound


def add_bound_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the command line state a miss bound."""
    default = MissBound()
    parser.add_argument(
        "--miss",
        type=float,
        default=default.share,
        metavar="SHARE",
        help="of defective frames, at most this share is missed at the operating point plant; "
        "default: %(default)s",
    )
    parser.add_argument(
        "--confidence",
        type=float,
        default=default.confidence,
        metavar="P",
        help="with this confidence; default: %(default)s",
    )


def bound_of(args: argparse.Namespace) -> MissBound:
    """The bound that was asked for. Raises TrainingRefused when it is none."""
    return MissBound(share=args.miss, confidence=args.confidence)
