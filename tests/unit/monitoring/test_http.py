"""The monitoring server over a real socket on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from time import monotonic

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from monitoring.health import Health
from monitoring.http import MonitoringServer, PortTaken, serve
from monitoring.worker_metrics import WorkerMetrics

HOST = "127.0.0.1"


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def health() -> Health:
    return Health(monotonic, stale_after_s=60.0)


@pytest.fixture
def server(registry: CollectorRegistry, health: Health) -> Iterator[MonitoringServer]:
    running = serve(registry, health, HOST, 0)
    yield running
    running.close()


def get(server: MonitoringServer, path: str, accept: str = "*/*") -> tuple[HTTPResponse, str]:
    connection = HTTPConnection(HOST, server.port, timeout=5)
    try:
        connection.request("GET", path, headers={"Accept": accept})
        response = connection.getresponse()
        return response, response.read().decode()
    finally:
        connection.close()


def test_metrics_are_those_of_the_registry(registry: CollectorRegistry, server: MonitoringServer) -> None:
    WorkerMetrics(registry).frames["clean"].inc(7)
    response, text = get(server, "/metrics")
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/plain")
    assert 'coilwatch_frames_total{fate="clean"} 7.0' in text


def test_open_metrics_for_who_asks(registry: CollectorRegistry, server: MonitoringServer) -> None:
    WorkerMetrics(registry)
    response, text = get(server, "/metrics", accept="application/openmetrics-text; version=1.0.0")
    assert response.headers["Content-Type"].startswith("application/openmetrics-text")
    assert "coilwatch_latency_seconds" in {family.name for family in text_string_to_metric_families(text)}


def test_health_and_readiness_differ(health: Health, server: MonitoringServer) -> None:
    assert get(server, "/healthz")[0].status == 200
    response, body = get(server, "/readyz")
    assert response.status == 503
    assert body.count("\n") == 1
    assert json.loads(body) == {"ready": False, "why": "the model is warming up"}


def test_ready(health: Health, server: MonitoringServer) -> None:
    health.warm = health.joined = True
    health.turned()
    response, body = get(server, "/readyz?verbose=1")
    assert (response.status, json.loads(body)["ready"]) == (200, True)


def test_a_stuck_owner_thread_is_unhealthy(registry: CollectorRegistry) -> None:
    now_s = [0.0]
    health = Health(lambda: now_s[0], stale_after_s=5.0)
    health.turned()
    now_s[0] = 6.0
    server = serve(registry, health, HOST, 0)
    try:
        response, body = get(server, "/healthz")
    finally:
        server.close()
    assert response.status == 503
    assert "not turned for 6.0 s" in json.loads(body)["why"]


def test_other_paths_name_the_right_ones(server: MonitoringServer) -> None:
    response, body = get(server, "/")
    assert response.status == 404
    assert "/metrics" in body


def test_a_taken_port_is_one_clear_sentence(
    registry: CollectorRegistry, health: Health, server: MonitoringServer
) -> None:
    with pytest.raises(PortTaken, match=rf"port {server.port} .* COILWATCH_METRICS_PORT"):
        serve(registry, health, HOST, server.port)
    with pytest.raises(PortTaken, match="set COILWATCH_COILS_METRICS_PORT to another"):
        serve(registry, health, HOST, server.port, setting="COILWATCH_COILS_METRICS_PORT")


def test_closing_frees_the_port(registry: CollectorRegistry, health: Health) -> None:
    first = serve(registry, health, HOST, 0)
    first.close()
    second = serve(registry, health, HOST, first.port)
    second.close()
    assert second.port == first.port
