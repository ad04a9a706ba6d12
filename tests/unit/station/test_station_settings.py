"""The station's settings: nobody is let in unasked, nothing is misspelt, no secret is shown."""

from __future__ import annotations

import os

import pytest

from contracts.kafka_properties import SettingsRefused
from station.settings import LOOPBACK_NAMES, StationSettings, is_loopback, read_settings

TOKEN = "a-token-of-the-plant"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("COILWATCH_"):
            monkeypatch.delenv(name)


def read(monkeypatch: pytest.MonkeyPatch, **given: str) -> StationSettings:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return read_settings(given)


def test_by_default_only_this_machine_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch)
    assert (settings.host, settings.port) == ("127.0.0.1", 8480)
    assert settings.security.token is None
    assert settings.security.hosts == LOOPBACK_NAMES
    assert settings.kafka() == {"bootstrap.servers": "127.0.0.1:19092"}


def test_its_own_names_and_the_shared_ones_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(
        monkeypatch,
        COILWATCH_BOOTSTRAP_SERVERS="broker:9092",
        COILWATCH_KAFKA_PROPERTIES='{"security.protocol": "SSL"}',
        COILWATCH_STATION_HOST="0.0.0.0",
        COILWATCH_STATION_TOKEN=TOKEN,
        COILWATCH_STATION_ALLOWED_HOSTS="Line7.plant, [fd00::7]",
        COILWATCH_STATION_HTTPS="true",
        COILWATCH_STATION_SESSION_H="1",
        COILWATCH_STATION_UPLOAD_MIB="2",
    )
    security = settings.security
    assert settings.kafka() == {"bootstrap.servers": "broker:9092", "security.protocol": "SSL"}
    assert (security.token, security.https, security.session_s) == (TOKEN, True, 3600)
    assert security.hosts == {"line7.plant", "fd00::7"}
    assert security.upload_bytes == 2 * 1024 * 1024
    assert TOKEN not in repr(settings)


def test_with_a_token_any_name_will_do_unless_names_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, COILWATCH_STATION_HOST="0.0.0.0", COILWATCH_STATION_TOKEN=TOKEN)
    assert settings.security.hosts is None


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"HOST": "0.0.0.0"}, "TOKEN is needed when COILWATCH_STATION_HOST is not loopback"),
        ({"HOST": "::"}, "TOKEN is needed"),
        ({"HOST": ""}, "TOKEN is needed"),
        ({"HOST": "line7.plant"}, "TOKEN is needed"),
        ({"ALLOWED_HOSTS": "line7.plant"}, "TOKEN is needed with COILWATCH_STATION_ALLOWED_HOSTS"),
        ({"HOST": "0.0.0.0", "TOKEN": "short"}, "must have 16 characters or more"),
        ({"TOKEN": ""}, "must have 16 characters or more"),
        ({"TOKEN": "with spaces in between"}, "must be ASCII without spaces"),
        ({"TOKEN": "п" * 20}, "must be ASCII without spaces"),
        ({"PORT": "70000"}, "COILWATCH_STATION_PORT: Input should be less"),
        ({"COILS_KEPT": "0"}, "COILWATCH_STATION_COILS_KEPT"),
        ({"TOKENN": TOKEN}, "did you mean COILWATCH_STATION_TOKEN?"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_would_let_others_in_is_refused(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], says: str
) -> None:
    with pytest.raises(SettingsRefused) as refused:
        read(monkeypatch, **{f"COILWATCH_STATION_{name}": value for name, value in given.items()})
    assert says in str(refused.value)
    assert given.get("TOKEN", "-") not in str(refused.value) or given["TOKEN"] == ""


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ("not json", "must be JSON"),
        ('{"group.id": "x"}', "the station joins no group"),
        ('{"isolation.level": "read_uncommitted"}', "must stay read_committed"),
    ],
)
def test_kafka_properties_keep_the_promises(
    monkeypatch: pytest.MonkeyPatch, properties: str, says: str
) -> None:
    with pytest.raises(SettingsRefused, match=says):
        read(monkeypatch, COILWATCH_KAFKA_PROPERTIES=properties)


@pytest.mark.parametrize(
    ("host", "is_so"),
    [
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("localhost.plant", False),
        ("192.168.0.7", False),
        ("", False),
    ],
)
def test_loopback(host: str, is_so: bool) -> None:
    assert is_loopback(host) == is_so
