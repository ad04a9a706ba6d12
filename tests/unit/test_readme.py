"""The README against the code."""

from __future__ import annotations

import re

from consumer.coils.settings import OWN_PREFIX, TrackerSettings, variable
from consumer.settings import PREFIX, WorkerSettings
from contracts.shared_settings import SHARED
from station.settings import OWN_PREFIX as STATION_PREFIX
from station.settings import StationSettings
from station.settings import variable as station_variable
from tests.support.sources import ROOT

SETTING_ROW = re.compile(rf"^\| `({PREFIX}[A-Z_0-9]+)` \| (.*?) \|", re.MULTILINE)
OTHER_PARTS = tuple(PREFIX + part for part in ("LOCAL_", "FRAMES", "COILS_", "STATION_"))


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def shown_default(value: object) -> str:
    if value is None or value == "" or value == {}:
        return "none"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def test_lists_every_setting_of_the_worker() -> None:
    expected = {
        PREFIX + name.upper(): (
            shown_default(field.get_default(call_default_factory=True)),
            field.description,
        )
        for name, field in WorkerSettings.model_fields.items()
    }
    written = dict(row for row in SETTING_ROW.findall(readme()) if not row[0].startswith(OTHER_PARTS))
    rows = "\n".join(f"| `{name}` | {default} | {meaning} |" for name, (default, meaning) in expected.items())
    assert written == {name: default for name, (default, _) in expected.items()}, f"it should be\n{rows}"


def test_lists_every_setting_of_the_tracker() -> None:
    own = {n: field for n, field in TrackerSettings.model_fields.items() if n not in SHARED}
    defaults = {n: shown_default(field.get_default(call_default_factory=True)) for n, field in own.items()}
    rows = [f"| `{variable(n)}` | {defaults[n]} | {field.description} |" for n, field in own.items()]
    assert [line for line in readme().splitlines() if line.startswith(f"| `{OWN_PREFIX}")] == rows


def test_lists_every_setting_of_the_station() -> None:
    own = {n: field for n, field in StationSettings.model_fields.items() if n not in SHARED}
    defaults = {n: shown_default(field.get_default(call_default_factory=True)) for n, field in own.items()}
    rows = [f"| `{station_variable(n)}` | {defaults[n]} | {field.description} |" for n, field in own.items()]
    assert [line for line in readme().splitlines() if line.startswith(f"| `{STATION_PREFIX}")] == rows


def test_names_only_targets_that_make_has() -> None:
    targets = re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"))
    named = re.findall(r"(?m)(?:^|`)make ([a-z]+)\b", readme())
    assert named
    assert set(named) <= set(targets)
