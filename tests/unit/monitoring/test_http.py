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
from monitoring.http import serve
from monitoring.http_server import PortTaken, Serving
from monitoring.worker_metrics import WorkerMetrics

HOST = "127.0.0.1"


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def health() -> Health:
    return Health(monotonic, stale_after_s=60.0)


@pytest.fixture
def server(registry: CollectorRegistry, health: Health) -> Iterator[Serving]:
    running = serve(registry, health, HOST, 0)
    yield running
    running.close()


def get(server: Serving, path: str, accept: str = "*/*") -> tuple[HTTPResponse, str]:
    connection = HTTPConnection(HOST, server.port, timeout=5)
    try:
        connection.request("GET", path, headers={"Accept": accept})
        response = connection.getresponse()
        return response, response.read().decode()
    finally:
        connection.close()


def test_metrics_are_those_of_the_registry(registry: CollectorRegistry, server: Serving) -> None:
    WorkerMetrics(registry).camera("line-1", "top").frames["clean"].inc(7)
    response, text = get(server, "/metrics")
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/plain")
    assert 'coilwatch_frames_total{camera="top",fate="clean",line="line-1"} 7.0' in text


# What Prometheus 2.42 and 3.5 send.
PROMETHEUS = {
    "2": "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "3": "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
}
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize("accept", PROMETHEUS.values(), ids=PROMETHEUS)
def test_prometheus_gets_open_metrics_with_the_trace_of_a_slow_frame(
    registry: CollectorRegistry, server: Serving, accept: str
) -> None:
    metrics = WorkerMetrics(registry)
    metrics.observe_frame(metrics.camera("line-1", "top"), (20.0, *[0.0] * 6), 20.0, TRACE_ID)
    metrics.observe_frame(metrics.camera("line-1", "top"), (2.0, *[0.0] * 6), 2.0)
    response, text = get(server, "/metrics", accept=accept)
    assert response.headers["Content-Type"].startswith("application/openmetrics-text")
    found = [
        (sample.name, sample.labels, sample.exemplar.labels, sample.exemplar.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.exemplar is not None
    ]
    labels = {"line": "line-1", "le": "30.0"}
    assert found == [("coilwatch_latency_seconds_bucket", labels, {"trace_id": TRACE_ID}, 20.0)]


def test_plain_text_has_no_traces(registry: CollectorRegistry, server: Serving) -> None:
    metrics = WorkerMetrics(registry)
    metrics.observe_frame(metrics.camera(), [0.0] * 7, 0.0, TRACE_ID)
    _, text = get(server, "/metrics", accept="text/plain")
    assert "trace_id" not in text
    assert "coilwatch_latency_seconds_bucket" in text


@pytest.mark.parametrize("accept", ["text/plain", *PROMETHEUS.values()], ids=["plain", *PROMETHEUS])
def test_no_series_says_when_another_was_created(
    registry: CollectorRegistry, server: Serving, accept: str
) -> None:
    metrics = WorkerMetrics(registry)
    metrics.camera("line-1", "top").frames["clean"].inc()
    assert "_created" not in get(server, "/metrics", accept=accept)[1]


def test_health_and_readiness_differ(health: Health, server: Serving) -> None:
    assert get(server, "/healthz")[0].status == 200
    response, body = get(server, "/readyz")
    assert response.status == 503
    assert body.count("\n") == 1
    assert json.loads(body) == {"ready": False, "why": "the model is warming up"}


def test_ready(health: Health, server: Serving) -> None:
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


def test_other_paths_name_the_right_ones(server: Serving) -> None:
    response, body = get(server, "/")
    assert response.status == 404
    assert "/metrics" in body


def test_a_taken_port_is_one_clear_sentence(
    registry: CollectorRegistry, health: Health, server: Serving
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
