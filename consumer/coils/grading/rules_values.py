"""What a rules file writes in a way of its own: shares in percent, numbers of frames, classes, verdicts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, PlainValidator

from contracts.reports import Verdict

_PERCENT = re.compile(r"^([0-9]+\.?[0-9]*|\.[0-9]+) ?%$")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameLimit:
    """So many frames, or such a share of those that were announced, are let pass."""

    frames: int = 0
    share: float | None = None

    def of(self, announced: int) -> float:
        """The most frames that are let pass, of so many."""
        return self.frames if self.share is None else self.share * announced

    def __str__(self) -> str:
        return f"{self.frames:,}" if self.share is None else f"{100 * self.share:g} %"


def _share(said: object) -> float:
    found = _PERCENT.match(said.strip()) if isinstance(said, str) else None
    if found is None or not 0 <= float(found[1]) <= 100:
        raise ValueError(f"{said!r} is not a share from 0 % to 100 %, like 0.1 %")
    return float(found[1]) / 100


def _limit(said: object) -> FrameLimit:
    if isinstance(said, int) and not isinstance(said, bool) and said >= 0:
        return FrameLimit(frames=said)
    if isinstance(said, str) and said.strip().endswith("%"):
        return FrameLimit(share=_share(said))
    raise ValueError(f"{said!r} is neither a whole number of frames nor a share of them, like 0.1 %")


def _classes(said: object) -> tuple[str | int, ...]:
    """Names or ids; none for `any`."""
    if said == "any":
        return ()
    listed = said if isinstance(said, list) else [said]
    for one in listed:
        if isinstance(one, bool) or not isinstance(one, str | int) or one == "any":
            raise ValueError(f"{one!r} is not a class: its name, its number, a list of them, or `any` alone")
    if not listed:
        raise ValueError("the list of classes is empty; `any` stands for all of them")
    return tuple(dict.fromkeys(listed))


def _verdict(said: object) -> object:
    if said == Verdict.RELEASE:
        raise ValueError("a rule says hold or reject; a coil is released when no rule fires")
    return said


Classes = Annotated[tuple[str | int, ...], PlainValidator(_classes)]
"""Names and ids as a rule gives them; none for any class."""
Share = Annotated[float, PlainValidator(_share)]
Allowed = Annotated[FrameLimit, PlainValidator(_limit)]
Fires = Annotated[Literal[Verdict.HOLD, Verdict.REJECT], BeforeValidator(_verdict)]
