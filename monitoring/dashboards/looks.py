"""What a label's value is called and how it is coloured, the same on every panel.

The colours are Okabe's and Ito's, told apart by colour-blind eyes too ("Color Universal Design", 2008).
Vermillion is kept for what is bad: a deadline, a reject, a part that is down.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
PURPLE = "#CC79A7"
GREY = "#999999"
SHADES = (PURPLE, BLUE, ORANGE, GREEN, SKY, YELLOW, VERMILLION)
"""Of what has no look of its own."""

GOOD, SOON, BAD, NEUTRAL = GREEN, ORANGE, VERMILLION, GREY


class Look(NamedTuple):
    """What a person reads, and the colour."""

    words: str
    colour: str


Looks = Mapping[str, Look]
"""Looks by what the legend says before."""

FATES: Looks = {
    "clean": Look("clean", SKY),
    "defective": Look("defective", ORANGE),
    "unsegmented": Look("defective, not measured yet", PURPLE),
    "dead_lettered": Look("not readable", VERMILLION),
}
STAGES: Looks = {
    "queue": Look("waits in Kafka", GREY),
    "decode": Look("decodes the image", YELLOW),
    "gate_wait": Look("waits for the gate", SKY),
    "gate": Look("gate", BLUE),
    "segment_wait": Look("waits for the segmenter", PURPLE),
    "segment": Look("segmenter", ORANGE),
    "publish": Look("publishes and commits", GREEN),
}
CLASSES: Looks = {
    # As `model.palette` colours the classes of the bundles that are shipped.
    "pit": Look("pit", ORANGE),
    "crack": Look("crack", BLUE),
    "scratch": Look("scratch", GREEN),
    "scab": Look("scab", PURPLE),
    "other": Look("other", GREY),
}
LEFT_BECAUSE: Looks = {
    "full": Look("full", BLUE),
    "max_wait": Look("waited long enough", ORANGE),
    "idle": Look("the model was idle", GREEN),
    "slack": Look("a deadline was near", VERMILLION),
    "drain": Look("the worker drained", GREY),
}
VERDICTS: Looks = {
    "release": Look("release", GREEN),
    "hold": Look("hold", ORANGE),
    "reject": Look("reject", VERMILLION),
}
FIRST_VERDICTS: Looks = {
    "in_time": Look("in time", GREEN),
    "incomplete": Look("in time, not whole", ORANGE),
    "late": Look("late", VERMILLION),
}
CLOSINGS: Looks = {
    "complete": Look("all frames are in", GREEN),
    "settled": Look("no more frames came", SKY),
    "deadline": Look("its deadline came", ORANGE),
    "timed_out": Look("nothing came for too long", PURPLE),
    "unannounced": Look("its end was never announced", GREY),
}
ALARMS: Looks = {
    "roll_mark": Look("roll mark", PURPLE),
    "lane": Look("lane of defects", BLUE),
    "deadline_at_risk": Look("deadline at risk", VERMILLION),
    "frames_missing": Look("frames missing", ORANGE),
    "coil_id_reused": Look("coil name used twice", GREY),
}
DEAD_LETTERS: Looks = {
    "null_value": Look("no value", BAD),
    "empty_value": Look("empty value", BAD),
    "header_missing": Look("header missing", BAD),
    "header_not_utf8": Look("header is no UTF-8", BAD),
    "header_invalid": Look("header invalid", BAD),
    "header_contradictory": Look("headers contradict each other", BAD),
    "unknown_version": Look("unknown version", BAD),
    "not_an_image": Look("no image", BAD),
    "corrupt_image": Look("corrupt image", BAD),
    "truncated_image": Look("truncated image", BAD),
    "wrong_size": Look("wrong size", BAD),
    "too_large": Look("too large", BAD),
}
