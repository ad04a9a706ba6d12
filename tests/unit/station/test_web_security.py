"""Who gets in, from where, with how much; and what everybody else is told."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from monitoring import logs
from station.app import PAGES
from station.web import attempts, security
from station.web.body import limited
from station.web.factory import make_app
from station.web.guard import host_name
from station.web.refusals import Refused
from station.web.security import COOKIE, Door, Security
from tests.support.station_parts import JPEG, TrialDouble, parts

TOKEN = "correct horse battery"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
OURS = {"X-Coilwatch": "1", "Origin": "http://localhost"}


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def client(clock: Clock | None = None, trial: TrialDouble | None = None, **given: Any) -> TestClient:
    app = make_app(parts(trial=trial), Security(**given), clock=clock or Clock())
    return TestClient(app, base_url="http://localhost")


class TestToken:
    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({}, 401),
            ({"Authorization": "Bearer wrong"}, 401),
            ({"Authorization": f"Basic {TOKEN}"}, 401),
            ({"Authorization": f"Bearer {TOKEN}"}, 200),
            ({"Authorization": f"bearer {TOKEN}"}, 200),
            ({"Cookie": f"{COOKIE}=made-up"}, 401),
        ],
        ids=["nothing", "wrong", "basic", "right", "lower case", "a made-up session"],
    )
    def test_every_call_needs_it(self, headers: dict[str, str], status: int) -> None:
        with client(token=TOKEN) as asking:
            for path in ("/api/state", "/api/openapi.json", "/api/docs", "/api/nothing", "/api"):
                got = asking.get(path, headers=headers)
                assert got.status_code in ({401} if status == 401 else {200, 404})

    def test_without_one_whoever_reaches_the_port_is_in(self) -> None:
        assert client().get("/api/state").status_code == 200

    def test_probes_need_none(self) -> None:
        assert client(token=TOKEN).get("/healthz").json() == {"ok": True, "why": ""}
        assert client(token=TOKEN).get("/readyz").status_code == 200

    @pytest.mark.parametrize("https", [False, True])
    def test_a_login_sets_a_cookie_that_opens_and_a_logout_ends_it(self, https: bool) -> None:
        scheme = "https" if https else "http"
        asking = TestClient(
            make_app(parts(), Security(token=TOKEN, https=https)), base_url=f"{scheme}://localhost"
        )
        ours = OURS | {"Origin": f"{scheme}://localhost"}
        got = asking.post("/api/login", json={"token": TOKEN}, headers=ours)
        assert got.json() == {"inside": True, "needs_token": True}
        flags = {flag.strip() for flag in got.headers["set-cookie"].split(";")}
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= flags
        assert ("Secure" in flags) == https
        assert TOKEN not in got.headers["set-cookie"]
        assert asking.get("/api/state").status_code == 200
        session = asking.cookies[COOKIE]
        assert asking.post("/api/logout", json={}, headers=ours).json()["inside"] is False
        replayed = asking.get("/api/state", headers={"Cookie": f"{COOKIE}={session}"})
        assert replayed.status_code == 401

    def test_the_page_may_ask_whether_it_is_in(self) -> None:
        asking = client(token=TOKEN)
        assert asking.get("/api/login").json() == {"inside": False, "needs_token": True}
        asking.post("/api/login", json={"token": TOKEN}, headers=OURS)
        session = {"Cookie": f"{COOKIE}={asking.cookies[COOKIE]}"}
        assert asking.get("/api/login", headers=session).json() == {"inside": True, "needs_token": True}
        assert client().get("/api/login").json() == {"inside": True, "needs_token": False}

    def test_a_session_ends_by_itself(self) -> None:
        clock = Clock()
        asking = client(clock, token=TOKEN, session_s=60)
        asking.post("/api/login", json={"token": TOKEN}, headers=OURS)
        session = {"Cookie": f"{COOKIE}={asking.cookies[COOKIE]}"}
        assert asking.get("/api/state", headers=session).status_code == 200
        clock.now_s += 61
        assert asking.get("/api/state", headers=session).status_code == 401

    def test_sessions_are_bounded(self) -> None:
        door = Door(Security(token=TOKEN), Clock())
        first = door.open_session()
        later = [door.open_session() for _ in range(security.SESSIONS)]
        assert not door.holds(first)
        assert all(door.holds(session) for session in later)

    def test_it_is_in_no_repr(self) -> None:
        assert TOKEN not in repr(Security(token=TOKEN))


class TestAttempts:
    def test_wrong_tokens_are_counted_at_the_door_and_as_bearer_alike(self) -> None:
        clock = Clock()
        asking = client(clock, token=TOKEN)
        for number in range(attempts.FAILURES):
            if number % 2:
                got = asking.post("/api/login", json={"token": "wrong"}, headers=OURS)
            else:
                got = asking.get("/api/state", headers={"Authorization": "Bearer wrong"})
            assert got.status_code == 401
        got = asking.post("/api/login", json={"token": TOKEN}, headers=OURS)
        assert (got.status_code, got.headers["retry-after"]) == (429, "60")
        clock.now_s += 60
        assert asking.post("/api/login", json={"token": TOKEN}, headers=OURS).status_code == 200

    def test_who_is_in_is_not_locked_out_by_others(self) -> None:
        asking = client(token=TOKEN)
        asking.post("/api/login", json={"token": TOKEN}, headers=OURS)
        for _ in range(attempts.FAILURES):
            asking.post("/api/login", json={"token": "wrong"}, headers=OURS)
        assert asking.get("/api/state").status_code == 200

    def test_memory_is_bounded_and_nobody_is_pushed_out(self) -> None:
        tried = attempts.Attempts(Clock(), addresses=4)
        for _ in range(attempts.FAILURES):
            tried.failed("10.0.0.1")
        for last in range(2, 200):
            tried.failed(f"10.0.0.{last}")
        assert len(tried) <= 4
        assert tried.wait_s("10.0.0.1") == 60
        assert tried.wait_s("10.0.1.1") == 60  # shares an entry with all the others

    def test_what_is_over_is_forgotten(self) -> None:
        clock = Clock()
        tried = attempts.Attempts(clock, addresses=4)
        for last in range(50):
            tried.failed(f"10.0.0.{last}")
        clock.now_s += attempts.WINDOW_S
        tried.failed("10.9.9.9")
        assert len(tried) == 1

    def test_a_whole_ipv6_network_is_one_caller(self) -> None:
        tried = attempts.Attempts(Clock())
        for last in range(attempts.FAILURES):
            tried.failed(f"2001:db8::{last:x}")
        assert tried.wait_s("2001:db8::ffff") > 0
        assert tried.wait_s("2001:db8:0:1::1") == 0


class TestMeant:
    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            (OURS, 200),
            ({"X-Coilwatch": "1", "Sec-Fetch-Site": "same-origin"}, 200),
            ({"X-Coilwatch": "1", "Sec-Fetch-Site": "none"}, 200),
            ({"X-Coilwatch": "1"}, 403),
            ({"Origin": "http://localhost"}, 403),
            (OURS | {"Origin": "http://evil.example"}, 403),
            (OURS | {"Origin": "http://localhost:9999"}, 403),
            (OURS | {"Origin": "http://localhost.evil.example"}, 403),
            (OURS | {"Origin": "null"}, 403),
            (OURS | {"Origin": "http://[oops"}, 403),
            (OURS | {"Sec-Fetch-Site": "cross-site"}, 403),
            (OURS | {"Sec-Fetch-Site": "same-site"}, 403),
        ],
        ids=lambda value: str(value)[:70],
    )
    def test_only_our_own_page_changes_anything(self, headers: dict[str, str], status: int) -> None:
        got = client().post("/api/coils/C1/alarms/A1/acknowledge", json={"who": "ann"}, headers=headers)
        assert got.status_code == status

    def test_a_program_with_the_token_needs_no_origin(self) -> None:
        headers = {"X-Coilwatch": "1", "Authorization": f"Bearer {TOKEN}"}
        asking = client(token=TOKEN)
        assert (
            asking.post(
                "/api/coils/C1/alarms/A1/acknowledge", json={"who": "ann"}, headers=headers
            ).status_code
            == 200
        )

    def test_with_https_an_origin_without_it_is_another(self) -> None:
        asking = client(https=True)
        assert asking.post("/api/login", json={"token": "x"}, headers=OURS).status_code == 403

    @pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
    def test_a_plain_forms_content_is_refused(self, kind: str) -> None:
        got = client().post("/api/login", content=b"token=x", headers=OURS | {"Content-Type": kind})
        assert got.status_code == 415

    def test_another_site_may_not_even_read(self) -> None:
        got = client().get("/api/frames/0/10", headers={"Sec-Fetch-Site": "cross-site"})
        assert got.status_code == 403


class TestHost:
    @pytest.mark.parametrize(
        ("host", "status"),
        [
            ("localhost:8480", 200),
            ("127.0.0.1:8480", 200),
            ("[::1]:8480", 200),
            ("LOCALHOST", 200),
            ("evil.example", 421),
            ("127.0.0.1.evil.example", 421),
            ("evil.example:8480@localhost", 200),  # no name at all for a browser; harmless
            ("[oops", 421),
        ],
    )
    def test_a_loopback_server_goes_by_its_own_names_alone(self, host: str, status: int) -> None:
        got = client(hosts=LOOPBACK).get("/api/state", headers={"Host": host})
        assert got.status_code == status

    def test_nor_are_pages_or_probes_read_under_another(self) -> None:
        assert client(hosts=LOOPBACK).get("/healthz", headers={"Host": "evil.example"}).status_code == 421

    @pytest.mark.parametrize(("host", "name"), [("a.b:80", "a.b"), ("A.b.", "a.b"), ("", ""), ("[x", "")])
    def test_names(self, host: str, name: str) -> None:
        assert host_name(host) == name


class TestHeaders:
    @pytest.mark.parametrize("path", ["/api/state", "/api/coils/nobody", "/healthz", "/nothing", "/api/docs"])
    def test_every_answer_has_them(self, path: str) -> None:
        got = client().get(path)
        csp = got.headers["content-security-policy"]
        for part in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert part in csp
        assert "unsafe" not in csp
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["referrer-policy"] == "no-referrer"
        assert got.headers["cross-origin-opener-policy"] == "same-origin"
        assert got.headers["cross-origin-resource-policy"] == "same-origin"
        assert got.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in got.headers

    def test_the_pages_files_are_asked_for_again_but_not_sent_again(self) -> None:
        asking = TestClient(make_app(parts(), Security(), pages=PAGES), base_url="http://localhost")
        first = asking.get("/main.js")
        assert first.headers["cache-control"] == "no-cache"
        assert first.headers["content-type"].startswith("text/javascript")
        again = asking.get("/main.js", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")

    def test_a_crash_has_them_too_and_tells_nothing(self) -> None:
        got = client().get("/api/coils/broken")
        assert got.status_code == 500
        assert got.json() == {"error": "Something went wrong here; the log says what"}
        assert got.headers["x-content-type-options"] == "nosniff"

    def test_https_is_remembered(self) -> None:
        assert "max-age" in client(https=True).get("/healthz").headers["strict-transport-security"]


class TestBodies:
    def test_what_says_that_it_is_too_large_is_refused_unread(self) -> None:
        got = client().post("/api/login", content=b"x" * 20_000, headers=OURS | JSON)
        assert got.status_code == 413

    def test_what_does_not_say_is_refused_while_it_comes(self) -> None:
        sent = 0

        def chunks() -> Iterator[bytes]:
            nonlocal sent
            for _ in range(10_000):
                sent += 1
                yield b" " * 1024

        got = client().post("/api/login", content=chunks(), headers=OURS | JSON)
        assert got.status_code == 413
        assert "16,384" in got.json()["error"]

    def test_an_upload_has_a_limit_of_its_own(self) -> None:
        trial = TrialDouble()
        asking = client(trial=trial, upload_bytes=2**21)
        image = JPEG + b"\0" * 2**20
        got = asking.post("/api/try", files={"image": image}, data={"bundle": "synthetic"}, headers=OURS)
        assert got.json()["passed"] is True
        assert trial.images == [image]
        got = asking.post("/api/try", files={"image": image * 2}, data={"bundle": "synthetic"}, headers=OURS)
        assert got.status_code == 413
        assert len(trial.images) == 1

    def test_what_never_comes_whole_is_given_up(self) -> None:
        async def never() -> Any:
            await asyncio.Event().wait()

        async def ask() -> None:
            await limited(never, 10, 0.0, lambda: 0.0)()

        with pytest.raises(Refused) as refused:
            asyncio.run(ask())
        assert refused.value.status_code == 408


class TestLog:
    @pytest.fixture
    def lines(self) -> Iterator[io.StringIO]:
        stream, logger = io.StringIO(), logging.getLogger("station.web")
        handler = logging.StreamHandler(stream)
        handler.setFormatter(logs.ConsoleFormatter())
        logger.addHandler(handler)
        yield stream
        logger.removeHandler(handler)

    def test_one_line_a_refusal_without_the_token(self, lines: io.StringIO) -> None:
        client(token=TOKEN).get("/api/state", headers={"Authorization": "Bearer almost-the-token"})
        (line,) = lines.getvalue().splitlines()
        assert "status=401" in line
        assert "almost" not in line

    @pytest.mark.parametrize("path", ["/api/%0Aforged%1B[31m", "/api/coils/%E2%80%AE%0D%0A", "/x" * 5000])
    def test_nothing_of_a_request_reaches_it_unescaped(self, lines: io.StringIO, path: str) -> None:
        client().get(path)
        (line,) = lines.getvalue().splitlines()
        assert line.isprintable()
        assert len(line) < 600

    def test_probes_are_no_events(self, lines: io.StringIO) -> None:
        client().get("/healthz")
        assert lines.getvalue() == ""


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "body"),
        (b'{"token": 1}', "body.token"),
        (b'{"token": "a", "more": 1}', "body.more"),
        (b'{"token": "' + b"a" * 2000 + b'"}', "body.token"),
        (b"\xff\xfe", "body"),
    ],
)
def test_a_malformed_body_gets_a_sentence(content: bytes, says: str) -> None:
    got = client(token=TOKEN).post("/api/login", content=content, headers=OURS | JSON)
    assert got.status_code in {400, 422}
    assert list(json.loads(got.content)) == ["error"]
    assert says in got.json()["error"]
