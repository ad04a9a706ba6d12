"""librdkafka properties that a user gives, and the promises that none of them may break.

What would break a promise is refused, not silently mended.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import SecretStr, ValidationError

PREFIX = "COILWATCH_"

CONSUMER_PROMISES: Mapping[str, tuple[str, str]] = {
    "enable.auto.commit": ("false", "positions are committed with the results, never before them"),
    "enable.auto.offset.store": ("false", "positions are committed with the results, never before them"),
    "isolation.level": ("read_committed", "a frame of an aborted transaction does not exist"),
    "auto.offset.reset": ("earliest", "`latest` silently skips the frames sent before the first start"),
}
PRODUCER_PROMISES: Mapping[str, tuple[str, str]] = {
    "enable.idempotence": ("true", "results must not be written twice"),
    "acks": ("all", "a result must survive the broker that took it"),
    "partitioner": ("murmur2_random", "all who write of a coil must hash its key alike"),
}
_ACKS_ALL = {"-1": "all"}
_CONSUMER_ONLY = ("fetch.", "queued.", "max.poll.", "session.", "heartbeat.", "auto.", "isolation.", "group.")
_PRODUCER_ONLY = (
    "linger.",
    "queue.buffering",
    "batch.",
    "compression.",
    "transaction.",
    "acks",
    "message.timeout",
)


class SettingsRefused(Exception):
    """A setting is wrong; the message is one sentence that says what to do."""


def given_properties(
    inline: Mapping[str, SecretStr], file: Path | None, *, own_settings: Mapping[str, str]
) -> dict[str, str]:
    """What a user gives, the file first. `own_settings`: property -> the setting that stands for it.

    Raises SettingsRefused.
    """
    given = {} if file is None else _read_properties(file)
    given |= {name: value.get_secret_value() for name, value in inline.items()}
    for name, value in given.items():
        if name in own_settings:
            raise SettingsRefused(
                f"Kafka property {name} can't be given here; it is set by {own_settings[name]}"
            )
        _refuse_broken_promise(name, value)
    return given


def consumer_side(given: Mapping[str, str]) -> dict[str, str]:
    """Those that a consumer knows."""
    return {name: value for name, value in given.items() if not name.startswith(_PRODUCER_ONLY)}


def producer_side(given: Mapping[str, str]) -> dict[str, str]:
    """Those that a producer knows."""
    return {name: value for name, value in given.items() if not name.startswith(_CONSUMER_ONLY)}


def promised(promises: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """The properties that keep the promises."""
    return {name: value for name, (value, _) in promises.items()}


def refuse_unknown(environment: Iterable[str], *, known: Collection[str], ours: str, whose: str) -> None:
    """Every name in the environment that begins with `ours` must be known. Raises SettingsRefused."""
    for name in environment:
        if name.startswith(ours) and name not in known:
            rests = [each.removeprefix(ours) for each in known]  # what all share makes no name alike
            close = difflib.get_close_matches(name.removeprefix(ours), rests, n=1, cutoff=0.8)
            hint = f"; did you mean {ours}{close[0]}?" if close else "; the README lists the settings"
            raise SettingsRefused(f"{name} is not a setting of {whose}{hint}")


def first_mistake(invalid: ValidationError, name_of: Mapping[str, str] | None = None) -> SettingsRefused:
    """The first of what pydantic found, as one sentence. `name_of`: field -> variable, where it differs."""
    first = invalid.errors(include_input=False, include_url=False)[0]
    return SettingsRefused(f"{_variable(first['loc'], name_of or {})}: {first['msg']}")


def not_json() -> SettingsRefused:
    """COILWATCH_KAFKA_PROPERTIES is the only setting that is JSON."""
    return SettingsRefused('COILWATCH_KAFKA_PROPERTIES must be JSON, like {"security.protocol": "SSL"}')


def _variable(loc: Sequence[int | str], name_of: Mapping[str, str]) -> str:
    field = "_".join(str(part) for part in loc[:1])
    return name_of.get(field, (PREFIX + field.upper()).rstrip("_"))


def _refuse_broken_promise(name: str, value: str) -> None:
    wanted, why = {**CONSUMER_PROMISES, **PRODUCER_PROMISES}.get(name, (None, ""))
    if wanted is not None and _ACKS_ALL.get(value.strip(), value.strip().lower()) != wanted:
        raise SettingsRefused(f"Kafka property {name} must stay {wanted}: {why}")


def _read_properties(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as failure:
        raise SettingsRefused(f"COILWATCH_KAFKA_PROPERTIES_FILE can't be read: {failure}") from None
    properties: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise SettingsRefused(f"{path.name}, line {number}: expected `name=value`")
        properties[name.strip()] = value.strip()
    return properties
