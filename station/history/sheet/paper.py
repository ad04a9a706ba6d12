"""An A4 page to write on, in mm from its upper left corner; texts are measured, so that none overflows."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from io import BytesIO
from typing import Literal

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.patches import FancyBboxPatch, Rectangle

WIDTH_MM, HEIGHT_MM = 210.0, 297.0
LEFT_MM, RIGHT_MM = 16.0, 194.0
PAPER, INK, FAINT, RULE, STEEL = "#FFFFFF", "#1B1F24", "#555C64", "#B4BAC0", "#F1F2F0"
FONT = "DejaVu Sans"
"""Comes with matplotlib, so the page is the same on every machine; knows Latin, Greek and Cyrillic."""

MM_PER_INCH, PT_PER_INCH = 25.4, 72.0

Align = Literal["left", "center", "right"]


class Paper:
    """One page. Lines of text stand on their `y_mm`."""

    def __init__(self) -> None:
        self.figure = Figure(figsize=(WIDTH_MM / MM_PER_INCH, HEIGHT_MM / MM_PER_INCH), facecolor=PAPER)
        FigureCanvasAgg(self.figure)
        self._page = self.figure.add_axes((0.0, 0.0, 1.0, 1.0), zorder=0)
        self._page.set_xlim(0.0, WIDTH_MM)
        self._page.set_ylim(HEIGHT_MM, 0.0)
        self._page.set_axis_off()

    def write(
        self,
        x_mm: float,
        y_mm: float,
        text: str,
        size_pt: float = 8.0,
        *,
        bold: bool = False,
        colour: str = INK,
        align: Align = "left",
    ) -> None:
        """One line; what it cannot print it leaves out or shows as a box."""
        self._page.text(
            x_mm, y_mm, printable(text), fontsize=size_pt, color=colour, ha=align, va="baseline",
            fontfamily=FONT, fontweight="bold" if bold else "normal", parse_math=False,
        )  # fmt: skip

    def rule(
        self, y_mm: float, x_mm: float = LEFT_MM, to_mm: float = RIGHT_MM, *, width_pt: float = 0.5
    ) -> None:
        """A line across."""
        self._page.plot([x_mm, to_mm], [y_mm, y_mm], color=RULE, linewidth=width_pt, solid_capstyle="butt")

    def box(
        self,
        x_mm: float,
        y_mm: float,
        width_mm: float,
        height_mm: float,
        *,
        fill: str | None = None,
        edge: str | None = None,
        radius_mm: float = 0.0,
    ) -> None:
        """A rectangle, from its upper left corner."""
        style = {
            "facecolor": fill or "none",
            "edgecolor": edge or "none",
            "linewidth": 0.7 if edge else 0.0,
        }
        if radius_mm:
            rounded = f"round,pad=0,rounding_size={radius_mm}"
            self._page.add_patch(
                FancyBboxPatch((x_mm, y_mm), width_mm, height_mm, boxstyle=rounded, **style)  # type: ignore[arg-type]
            )
        else:
            self._page.add_patch(Rectangle((x_mm, y_mm), width_mm, height_mm, **style))  # type: ignore[arg-type]

    def symbol(self, x_mm: float, y_mm: float, marker: str, colour: str, size_pt: float = 5.5) -> None:
        """A class's marker, its middle there."""
        self._page.plot(
            [x_mm], [y_mm], marker=marker, markersize=size_pt, color=colour, markeredgecolor=INK,
            markeredgewidth=0.4, linestyle="none",
        )  # fmt: skip

    def axes(self, x_mm: float, y_mm: float, width_mm: float, height_mm: float) -> Axes:
        """A drawing of its own on the page, from its upper left corner."""
        below_mm = HEIGHT_MM - y_mm - height_mm
        return self.figure.add_axes(
            (x_mm / WIDTH_MM, below_mm / HEIGHT_MM, width_mm / WIDTH_MM, height_mm / HEIGHT_MM), zorder=1
        )

    def pdf(self, title: str, about: str) -> bytes:
        """The same bytes for the same page. Its text can be searched and copied, Cyrillic too."""
        out = BytesIO()
        with rc_context({"pdf.fonttype": 42}):
            self.figure.savefig(
                out, format="pdf", facecolor=PAPER,
                metadata={"Title": title, "Subject": about, "Creator": "coilwatch", "CreationDate": None},
            )  # fmt: skip
        return out.getvalue()


def printable(text: str) -> str:
    """On one line, and only what the font has: a box for every other character, controls left out."""
    spaced = " ".join(text.split())
    kept = (c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))
    return "".join(c if _has(c) else "□" for c in kept)


def width_mm(text: str, size_pt: float, bold: bool = False) -> float:
    """How wide a line is on the paper; without kerning, which only makes it narrower."""
    return sum(_advance_em(c, bold) for c in text) * size_pt / PT_PER_INCH * MM_PER_INCH


def wrapped(text: str, most_mm: float, size_pt: float, bold: bool = False) -> list[str]:
    """Its lines, none wider than this; a word that is too long for one is cut."""
    lines: list[str] = []
    line = ""
    for word in _words(printable(text), most_mm, size_pt, bold):
        longer = f"{line} {word}" if line else word
        if line and width_mm(longer, size_pt, bold) > most_mm:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line] if line else lines


def paragraph(text: str, most_mm: float, size_pt: float, most_lines: int) -> list[str]:
    """Not more lines than this; the last one marks what is cut off."""
    lines = wrapped(text, most_mm, size_pt)
    if len(lines) <= most_lines:
        return lines
    return [*lines[: most_lines - 1], clipped(" ".join(lines[most_lines - 1 :]), most_mm, size_pt)]


def clipped(text: str, most_mm: float, size_pt: float, bold: bool = False) -> str:
    """One line that is not wider than this; what is cut off is marked."""
    line = printable(text)
    if width_mm(line, size_pt, bold) <= most_mm:
        return line
    return line[: _fitting(line, most_mm - width_mm("…", size_pt, bold), size_pt, bold)].rstrip() + "…"


def fitted_pt(text: str, most_mm: float, size_pt: float, least_pt: float, bold: bool = False) -> float:
    """The size in which a line is not wider than this; it may have to be cut at the least one."""
    wide_mm = width_mm(printable(text), size_pt, bold)
    return size_pt if wide_mm <= most_mm else max(least_pt, size_pt * most_mm / wide_mm * 0.999)


def _words(text: str, most_mm: float, size_pt: float, bold: bool) -> list[str]:
    words: list[str] = []
    for word in text.split():
        rest = word
        while width_mm(rest, size_pt, bold) > most_mm:
            cut = max(1, _fitting(rest, most_mm, size_pt, bold))
            words.append(rest[:cut])
            rest = rest[cut:]
        words.append(rest)
    return [word for word in words if word]


def _fitting(text: str, most_mm: float, size_pt: float, bold: bool) -> int:
    """How many of its first characters are not wider than this."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width_mm(text[:middle], size_pt, bold) <= most_mm:
            low = middle
        else:
            high = middle - 1
    return low


@lru_cache(maxsize=2)
def _file(bold: bool) -> str:
    return str(findfont(FontProperties(family=FONT, weight="bold" if bold else "normal")))


@lru_cache(maxsize=4096)
def _advance_em(character: str, bold: bool) -> float:
    font = get_font(_file(bold))
    font.set_size(100.0, PT_PER_INCH)
    wide: float = font.load_char(ord(character)).linearHoriAdvance / 65536.0 / 100.0
    return wide


@lru_cache(maxsize=4096)
def _has(character: str) -> bool:
    """In both weights."""
    return all(get_font(_file(bold)).get_char_index(ord(character)) for bold in (False, True))
