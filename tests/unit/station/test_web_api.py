"""What the API answers, with doubles behind it; and schemathesis, which asks what nobody would."""

from __future__ import annotations

from pathlib import Path

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from station.web.condition import Facts, condition
from station.web.factory import make_app
from station.web.security import Security
from station.web.wire import Condition
from tests.support.station_parts import JPEG, WatchDouble, parts

HEADERS = {"X-Coilwatch": "1", "Origin": "http://localhost"}
API = make_app(parts(), Security())


@pytest.fixture
def asking() -> TestClient:
    return TestClient(make_app(parts(), Security()), base_url="http://localhost")


class TestReading:
    def test_state(self, asking: TestClient) -> None:
        said = asking.get("/api/state").json()
        assert said["condition"] == "running"
        assert said["since_ns"] == "1700000000000000000"  # a string: JavaScript would round it

    def test_a_coil_has_its_report_and_alarms(self, asking: TestClient) -> None:
        said = asking.get("/api/coils/C1").json()
        assert (said["line_id"], said["seq"], said["report"]["verdict"]) == ("L1", 2, "release")
        assert said["report"]["defects"]["class_id"] == [1]
        assert [alarm["alarm_id"] for alarm in said["alarms"]] == ["A1"]

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/api/coils/nobody", 404),
            ("/api/coils/nobody/map", 404),
            ("/api/coils/old/map", 404),
            ("/api/coils/nobody/report.pdf", 404),
            ("/api/coils/..%2Fetc", 404),
            ("/api/coils/%00", 422),
            ("/api/coils?limit=1000000", 422),
            ("/api/coils?verdict=maybe", 422),
            ("/api/coils?before=nonsense", 400),
            ("/api/frames/0/5", 410),
            ("/api/frames/-1/5", 422),
            ("/api/frames/0/99999999999999999999", 422),
            ("/api/coils/C1/alarms/A1/acknowledge", 405),
            ("/nothing", 404),
        ],
    )
    def test_what_is_not_there_gets_one_sentence(self, asking: TestClient, path: str, status: int) -> None:
        got = asking.get(path)
        assert got.status_code == status
        assert list(got.json()) == ["error"]
        assert got.json()["error"]

    def test_a_map_is_everything_the_strip_knows(self, asking: TestClient) -> None:
        assert asking.get("/api/coils/C1/map").json() == {
            "coil_id": "C1",
            "since": 0,
            "seq": 2,
            "figures": [1, 2],
        }

    @pytest.mark.parametrize("kind", ["json", "csv", "pdf"])
    def test_a_report_is_a_file(self, asking: TestClient, kind: str) -> None:
        got = asking.get(f"/api/coils/C1/report.{kind}")
        assert got.headers["content-disposition"] == f'attachment; filename="C1.{kind}"'
        assert got.content

    def test_a_frame_never_changes(self, asking: TestClient) -> None:
        got = asking.get("/api/frames/0/10")
        assert (got.content, got.headers["content-type"]) == (JPEG, "image/jpeg")
        assert "immutable" in got.headers["cache-control"]

    def test_a_frame_that_retention_took_is_not_remembered_as_gone_by_a_cache(
        self, asking: TestClient
    ) -> None:
        assert asking.get("/api/frames/0/5").headers["cache-control"] == "no-store"

    def test_not_ready_says_why(self) -> None:
        got = TestClient(make_app(parts(watch=WatchDouble(is_ready=False)), Security())).get("/readyz")
        assert (got.status_code, got.json()["ok"]) == (503, False)


class TestChanging:
    def test_an_alarm_is_acknowledged(self, asking: TestClient) -> None:
        got = asking.post("/api/coils/C1/alarms/A1/acknowledge", json={"who": "ann"}, headers=HEADERS)
        assert (got.json()["state"], got.json()["acknowledged_by"]) == ("acknowledged", "ann")

    @pytest.mark.parametrize("who", ["", " ", "a\nb", "a" * 65, None, 7])
    def test_by_somebody_with_a_name(self, asking: TestClient, who: object) -> None:
        got = asking.post("/api/coils/C1/alarms/A1/acknowledge", json={"who": who}, headers=HEADERS)
        assert got.status_code == 422

    @pytest.mark.parametrize(
        ("files", "data", "status"),
        [
            ({"image": JPEG}, {"bundle": "synthetic"}, 200),
            ({"image": JPEG}, {}, 422),
            ({"image": b"no image"}, {"bundle": "synthetic"}, 415),
            ({"other": JPEG}, {"bundle": "synthetic"}, 422),
            ({"image": JPEG, "second": JPEG}, {"bundle": "synthetic"}, 400),
            ({"image": JPEG}, {"bundle": "b" * 1000}, 400),
            ({"image": JPEG}, {"bundle": ""}, 422),
        ],
        ids=["good", "no bundle", "no image", "another field", "two files", "long name", "empty name"],
    )
    def test_an_image_is_tried(
        self, asking: TestClient, files: dict[str, bytes], data: dict[str, str], status: int
    ) -> None:
        got = asking.post("/api/try", files=files, data=data, headers=HEADERS)
        assert got.status_code == status
        assert status == 200 or list(got.json()) == ["error"]

    @pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x"])
    def test_a_broken_form_is_refused(self, asking: TestClient, kind: str) -> None:
        got = asking.post("/api/try", content=b"--y\r\n", headers=HEADERS | {"Content-Type": kind})
        assert got.status_code in {400, 422}


class TestPages:
    def test_files_are_served_and_nothing_beside_them(self, tmp_path: Path) -> None:
        pages = tmp_path / "pages"
        pages.mkdir()
        (pages / "index.html").write_text("<!doctype html>")
        (tmp_path / "secret").write_text("secret")
        asking = TestClient(make_app(parts(), Security(token="t" * 16), pages=pages))
        assert asking.get("/").text == "<!doctype html>"
        for path in ("/../secret", "/%2e%2e/secret", "/..%2fsecret", "/%00", "/" + "a" * 5000):
            assert asking.get(path).status_code in {404, 401}

    def test_the_api_describes_itself_without_script(self, asking: TestClient) -> None:
        text = asking.get("/api/docs").text
        assert "/api/coils/{coil_id}" in text
        assert "<script" not in text
        assert "http" not in text
        assert asking.get("/api/docs.css").headers["content-type"].startswith("text/css")


_SECOND = 1_000_000_000
_FACTS = {
    "began_at_ns": 0,
    "broker_up": True,
    "broker_since_ns": 0,
    "stuck_since_ns": None,
    "heard_at_ns": 95 * _SECOND,
    "coil_runs": True,
    "coil_changed_at_ns": 50 * _SECOND,
}


@pytest.mark.parametrize(
    ("facts", "is_so", "since_s"),
    [
        ({}, Condition.RUNNING, 50),
        ({"coil_runs": False}, Condition.IDLE, 50),
        ({"coil_runs": False, "heard_at_ns": 5 * _SECOND}, Condition.IDLE, 50),
        ({"heard_at_ns": 80 * _SECOND}, Condition.STALE, 80),
        ({"heard_at_ns": None, "coil_runs": False}, Condition.NO_DATA, 0),
        ({"stuck_since_ns": 85 * _SECOND}, Condition.WORKER_DOWN, 85),
        ({"stuck_since_ns": 95 * _SECOND}, Condition.RUNNING, 50),
        ({"stuck_since_ns": 85 * _SECOND, "heard_at_ns": None}, Condition.WORKER_DOWN, 85),
        (
            {"broker_up": False, "broker_since_ns": 7 * _SECOND, "heard_at_ns": None},
            Condition.BROKER_AWAY,
            7,
        ),
    ],
    ids=lambda value: str(value)[:50],
)
def test_the_line_is_called_what_it_is(facts: dict[str, int], is_so: Condition, since_s: int) -> None:
    assert condition(Facts(**{**_FACTS, **facts}), 100 * _SECOND) == (is_so, since_s * _SECOND)


schema = schemathesis.openapi.from_asgi("/api/openapi.json", API).exclude(path="/api/live")


@schema.parametrize()
@settings(
    max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
def test_whatever_is_asked_the_answer_is_as_described(case: schemathesis.Case) -> None:
    case.headers.update({"X-Coilwatch": "1", "Sec-Fetch-Site": "same-origin"})
    case.call_and_validate(
        checks=[
            schemathesis.checks.not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_headers_conformance,
            response_schema_conformance,
        ]
    )
