"""What several rules ask for, computed once. Dashboards ask for themselves, in the viewer's windows."""

from __future__ import annotations

from monitoring.catalogue import FRAMES, LAG_FRAMES, LINE
from monitoring.rules.promql import over_all, rate, series
from monitoring.rules.rule import Record

FRAMES_PER_S = Record(
    name="coilwatch:frames:rate_1m",
    says="Frames a second of each line, dead-lettered ones among them",
    expr=over_all("sum", rate(series(FRAMES), "1m"), by=(LINE,)),
)

LAG = Record(
    name="coilwatch:lag_frames:sum",
    says="Frames that wait on the topic or are in flight, over all partitions and workers",
    expr=over_all("sum", series(LAG_FRAMES)),
)

RECORDED: tuple[Record, ...] = (FRAMES_PER_S, LAG)
