"""Where a page of the history begins, as a word that a client hands back."""

from __future__ import annotations

import re
from dataclasses import dataclass

from contracts.identity import MAX_TIME_NS, NAME_PATTERN


class BadCursor(ValueError):
    """Not a word that a page of ours ended with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The coil that the page before ended with."""

    order: tuple[int, str]
    """See `CoilSummary.order`."""

    def written(self) -> str:
        """As `1767225600000000000~C-4711`: no name holds a tilde, and a URL needs no escape for one."""
        return f"{self.order[0]}~{self.order[1]}"

    @classmethod
    def read(cls, word: str) -> Cursor:
        """Raises BadCursor."""
        started, tilde, coil_id = word.partition("~")
        sound = tilde and re.fullmatch("[0-9]{1,19}", started) and re.fullmatch(NAME_PATTERN, coil_id)
        if not sound or int(started) > MAX_TIME_NS:
            raise BadCursor("this is not where a page begins; start from the first page")
        return cls(order=(int(started), coil_id))
