"""All rules, in the groups in which Prometheus evaluates them."""

from __future__ import annotations

from monitoring.rules.budget import BUDGET_ALERTS, MISSED
from monitoring.rules.drift import DRIFT_RECORDS, GATE_SCORE_DRIFT
from monitoring.rules.line_alerts import LINE_ALERTS
from monitoring.rules.process_alerts import PROCESS_ALERTS
from monitoring.rules.recorded import RECORDED
from monitoring.rules.rule import Alert, Group, Record

SLOW_S = 30
"""Windows of hours and days move slowly, and cost more to read."""

GROUPS: tuple[Group, ...] = (
    Group(name="coilwatch line", rules=(*RECORDED, *LINE_ALERTS)),
    Group(name="coilwatch processes", rules=PROCESS_ALERTS),
    Group(name="coilwatch verdict budget", rules=(*MISSED.values(), *BUDGET_ALERTS), interval_s=SLOW_S),
    Group(name="coilwatch gate scores", rules=(*DRIFT_RECORDS, GATE_SCORE_DRIFT), interval_s=SLOW_S),
)

RULES: tuple[Record | Alert, ...] = tuple(rule for group in GROUPS for rule in group.rules)
RECORDS: tuple[Record, ...] = tuple(rule for rule in RULES if isinstance(rule, Record))
ALERTS: tuple[Alert, ...] = tuple(rule for rule in RULES if isinstance(rule, Alert))
