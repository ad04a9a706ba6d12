"""Figures and nouns as findings, tables and maps say them."""

from __future__ import annotations

from collections.abc import Mapping

MAX_EVIDENCE = 500
"""`Finding.evidence` takes no more."""


def figure(value: float) -> str:
    """With three digits at least where it is small: 1,234 but 3.14 and .052 as 0.052."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def span(lowest: float, highest: float) -> str:
    """'1,200-4,300', or '1,200' where both read the same."""
    low, high = figure(lowest), figure(highest)
    return low if low == high else f"{low}-{high}"


def metres(mm: float) -> str:
    """'12.4 m'."""
    return f"{mm / 1e3:,.1f} m"


def percent(share: float) -> str:
    """'0.12 %'."""
    return f"{100 * share:.3g} %"


def counted(number: int, noun: str) -> str:
    """'1 scab', '1,203 scratches'."""
    return f"{number:,} {noun if number == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """As regular nouns have it: scabs, scratches, inclusions; bodies."""
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def by_class(numbers: Mapping[str, int]) -> str:
    """'3 scabs'; '5 defects (3 scabs, 2 cracks)', the most frequent first; at most four classes by name."""
    ordered = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
    if len(ordered) == 1:
        return counted(ordered[0][1], ordered[0][0])
    said = [counted(number, name) for name, number in ordered[:4]]
    if len(ordered) > 4:
        said.append(f"{sum(number for _, number in ordered[4:]):,} of other classes")
    return f"{counted(sum(numbers.values()), 'defect')} ({', '.join(said)})"


def clipped(text: str, most: int = MAX_EVIDENCE) -> str:
    """Not longer than this; what is cut off is marked."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
