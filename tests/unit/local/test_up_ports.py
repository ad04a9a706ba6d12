"""The ports of a live line: settings, and what is said of one that is taken."""

from __future__ import annotations

import pytest

from local.live.addresses import PORTS, Ports, PortsRefused, free_page_port, read_ports

DEFAULTS = Ports(station=8480, worker=9464, tracker=9465, prometheus=9090, alertmanager=9093, alerts=9466)


def test_ports_have_defaults_and_settings() -> None:
    assert read_ports({}, kafka=19092) == DEFAULTS
    settings = {port.setting: str(20_000 + n) for n, port in enumerate(PORTS.values())}
    ports = read_ports(settings, kafka=19092)
    assert [getattr(ports, name) for name in PORTS] == [20_000, 20_001, 20_002, 20_003, 20_004, 20_005]


@pytest.mark.parametrize("said", ["x", "", "0", "80", "65536", "²"])
def test_an_impossible_port_is_refused_by_its_setting(said: str) -> None:
    with pytest.raises(PortsRefused, match=r"COILWATCH_LOCAL_ALERTS_PORT is '.*': a port from 1024 to 65535"):
        read_ports({"COILWATCH_LOCAL_ALERTS_PORT": said}, kafka=19092)


@pytest.mark.parametrize(
    ("settings", "both"),
    [
        (
            {"COILWATCH_METRICS_PORT": "9465"},
            "COILWATCH_COILS_METRICS_PORT and COILWATCH_METRICS_PORT are both",
        ),
        (
            {"COILWATCH_METRICS_PORT": "19093"},
            "COILWATCH_METRICS_PORT and COILWATCH_LOCAL_KAFKA_PORT [+] 1 are",
        ),
    ],
)
def test_two_parts_cannot_have_one_port(settings: dict[str, str], both: str) -> None:
    with pytest.raises(PortsRefused, match=both):
        read_ports(settings, kafka=19092)


def test_every_taken_port_is_named_with_the_setting_that_changes_it() -> None:
    with pytest.raises(PortsRefused) as refused:
        DEFAULTS.refuse_taken(19092, watched=True, free=lambda port: False)
    sentences = str(refused.value).splitlines()
    for sentence, (name, port) in zip(sentences, [*PORTS.items()], strict=False):
        assert sentence.startswith(
            f"port {getattr(DEFAULTS, name)} of {port.title} is in use: set {port.setting}"
        )
    assert sentences[6:] == [
        "port 19092 of Kafka, or the next one, is in use (by no Kafka that answers): "
        "set COILWATCH_LOCAL_KAFKA_PORT to a free one"
    ]
    assert "systemctl stop prometheus)" in sentences[3]
    assert "systemctl stop prometheus-alertmanager)" in sentences[4]


def test_what_is_not_started_needs_no_port() -> None:
    taken = {DEFAULTS.prometheus, DEFAULTS.alertmanager, DEFAULTS.alerts, 19092, 19093}
    DEFAULTS.refuse_taken(None, watched=False, free=lambda port: port not in taken)
    with pytest.raises(PortsRefused, match=r"^port 19092"):
        DEFAULTS.refuse_taken(19092, watched=False, free=lambda port: port not in taken)


def test_the_demos_page_gives_way_unless_its_port_was_asked_for() -> None:
    asked = {"COILWATCH_STATION_PORT": "9000"}
    assert free_page_port({}, free=lambda port: True) == 8480
    assert free_page_port({}, free=lambda port: False) is None
    assert free_page_port(asked, free=lambda port: True) == 9000
    with pytest.raises(PortsRefused, match=r"^port 9000 of the operator's page is in use: set COILWATCH_STA"):
        free_page_port(asked, free=lambda port: False)
