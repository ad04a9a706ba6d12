"""The report that people read: one page, without scripts or anything from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import jinja2

from model.analysis.examples import Example
from model.analysis.margins import SAYS as MARGINS_SAY
from model.evaluation.report import percent
from model.palette import colour_of

TEMPLATE: Final = "report.html.j2"


def render_report(
    analysis: Mapping[str, Any],
    plots: Mapping[str, str],
    names: Mapping[str, str],
    examples: Mapping[str, Sequence[Example]],
) -> str:
    """The page as HTML. examples: without any the page shows no frame, and says so."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    environment.filters |= {"percent": percent, "thousands": "{:,}".format, "middle": middle}
    return environment.get_template(TEMPLATE).render(
        a=analysis,
        plots=plots,
        names=names,
        examples=examples,
        colours={class_id: colour_of(int(class_id)) for class_id in names},
        margins_say=MARGINS_SAY,
    )


def middle(quartiles: Sequence[float] | None, form: str = "percent") -> str:
    """`median (lower quartile-upper quartile)`."""
    if quartiles is None:
        return "-"
    low, half, high = quartiles
    if form == "px":
        return f"{half:.0f} px ({low:.0f} to {high:.0f})"
    return f"{100 * half:.0f} % ({100 * low:.0f} to {100 * high:.0f})"
