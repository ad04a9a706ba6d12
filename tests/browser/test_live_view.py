"""The page of the strip as it runs: what it predicts, what it says, alarms, frames, and its honest states."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import DESK, NARROW, PHONE, WALL, opened
from tests.support.staged_line import Condition, Staging
from tests.support.staged_station import StagedStation

Look = Callable[..., Page]
Staged = Callable[..., StagedStation]
MAIN = "main.view-live"


def _from(url: str, path: str) -> Any:
    with urllib.request.urlopen(url.rstrip("/") + path, timeout=20) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def modules(browser: Browser, station: StagedStation) -> Iterator[Page]:
    """A page whose modules can be called."""
    with opened(browser, station.url) as page:
        yield page


def _call(page: Page, module: str, code: str, **given: Any) -> Any:
    """What `code` gives, an expression over the module `m` and the values in `given`."""
    names = ", ".join(given)
    script = f"async ({{ {names} }}) => {{ const m = await import('/views/live/{module}'); return {code}; }}"
    return page.evaluate(script, given)


# --- what is predicted ---


def _coil(**others: Any) -> dict[str, Any]:
    """Started at 100 s, due at 400 s."""
    camera = {"frames": 1000, "received": 990, "unsegmented": 0, "announced": None}
    return {
        "coil_id": "C-1",
        "runs": True,
        "began_at_ns": "100000000000",
        "started_at_ns": "100000000000",
        "ended_at_ns": None,
        "deadline_at_ns": "400000000000",
        "outstanding": None,
        "cameras": [camera],
    } | others


_ENDED = {"runs": False, "ended_at_ns": "200000000000", "outstanding": 500}
_REPORT = {"reported_at_ns": "450000000000", "in_time": False, "slack_s": 0, "late_by_s": 50}


@pytest.mark.parametrize(
    ("coil", "report", "waiting", "rate", "now_s", "expected"),
    [
        pytest.param(
            _coil(),
            None,
            60,
            20.0,
            200,
            {"phase": "running", "slackS": 200, "behind": 60, "waitS": 3, "verdictMs": 203_000, "risk": "ok"},
            id="a coil that runs: so long after its end",
        ),
        pytest.param(
            _coil(),
            None,
            0,
            20.0,
            200,
            {"behind": 10, "waitS": 0.5},
            id="frames of the coil that others came after are behind, too",
        ),
        pytest.param(
            _coil(cameras=[{"frames": 100, "received": 100, "unsegmented": 40}]),
            None,
            0,
            20.0,
            200,
            {"behind": 40, "waitS": 2},
            id="what waits to be segmented is behind",
        ),
        pytest.param(
            _coil(),
            None,
            None,
            20.0,
            200,
            {"behind": None, "waitS": None, "verdictMs": None, "risk": "unknown"},
            id="how many wait is not known",
        ),
        pytest.param(
            _coil(), None, 60, None, 200, {"behind": 60, "waitS": None, "risk": "unknown"}, id="no rate yet"
        ),
        pytest.param(
            _coil(),
            None,
            60,
            0.0,
            200,
            {"waitS": None, "verdictMs": None, "risk": "unknown"},
            id="standstill",
        ),
        pytest.param(
            _coil(**_ENDED),
            None,
            None,
            50.0,
            210,
            {"phase": "closing", "behind": 500, "waitS": 10, "verdictMs": 220_000, "risk": "ok"},
            id="a coil that ended: what is outstanding, whatever waits for other coils",
        ),
        pytest.param(
            _coil(**_ENDED),
            None,
            0,
            2.0,
            210,
            {"waitS": 250, "slackS": 190, "risk": "at_risk"},
            id="too slow",
        ),
        pytest.param(_coil(), None, 0, 20.0, 360, {"slackS": 40, "risk": "at_risk"}, id="little is left"),
        pytest.param(_coil(), None, 0, 20.0, 410, {"slackS": -10, "risk": "late"}, id="past the deadline"),
        pytest.param(
            _coil(**_ENDED),
            _REPORT,
            0,
            0.0,
            900,
            {"phase": "reported", "slackS": -50, "verdictMs": 450_000, "risk": "late"},
            id="reported: nothing moves any more",
        ),
        pytest.param(
            _coil(runs=False, started_at_ns=None, deadline_at_ns=None),
            None,
            0,
            20.0,
            200,
            {"phase": "unannounced", "slackS": None, "startMs": 100_000, "risk": "unknown"},
            id="nobody announced its start",
        ),
    ],
)
def test_the_verdict_is_predicted(
    modules: Page,
    coil: dict[str, Any],
    report: dict[str, Any] | None,
    waiting: int | None,
    rate: float | None,
    now_s: int,
    expected: dict[str, Any],
) -> None:
    """What is not known is null, never 0."""
    given = {"coil": coil, "report": report, "waiting": waiting, "rate": rate, "now": now_s * 1000}
    found = _call(modules, "prediction.js", "m.predict(coil, report, waiting, rate, now)", **given)

    assert {name: found[name] for name in expected} == expected


def test_the_bar_grows_beyond_the_deadline_only_when_it_must(modules: Page) -> None:
    """Start to deadline is the whole bar, until something lies behind it."""
    code = "m.barShares(m.predict(coil, report, 0, 20, now), now)"

    in_time = _call(modules, "prediction.js", code, coil=_coil(), report=None, now=250_000)
    late = _call(modules, "prediction.js", code, coil=_coil(**_ENDED), report=_REPORT, now=900_000)
    unknown = _call(modules, "prediction.js", code, coil=_coil(deadline_at_ns=None), report=None, now=250_000)

    assert (in_time["now"], in_time["deadline"]) == (0.5, 1)
    assert in_time["verdict"] == pytest.approx(0.5, abs=0.01)
    assert late["deadline"] < late["verdict"] == late["now"] < 1
    assert unknown is None


def test_the_rate_is_that_of_the_last_ten_seconds(modules: Page) -> None:
    """A snapshot's thousands are no rate; a standstill is 0; another count begins anew."""
    code = """(() => {
      const rate = new m.InspectionRate();
      rate.note(100, 5000);
      const atOnce = rate.perS(100.1);
      for (let n = 1; n <= 200; n += 1) rate.note(100 + n / 10, 5000 + 4 * n);
      const found = { atOnce, steady: rate.perS(120), half: rate.perS(125), stood: rate.perS(140) };
      rate.note(141, 3);
      return { ...found, anew: rate.perS(141.5), looks: rate.looks.length };
    })()"""

    found = _call(modules, "inspection_rate.js", code)

    assert found == {"atOnce": None, "steady": 40, "half": 20, "stood": 0, "anew": None, "looks": 1}


def test_coils_that_wait_for_their_verdict_are_the_newer_ones(modules: Page) -> None:
    """Older ones without a row are on the next page of the history, not waiting."""
    code = "m.waitingCoils(kept, reported.map((coil_id) => ({ coil_id })))"
    kept = ["C-5", "C-4", "C-3", "C-2", "C-1"]

    def waiting(*reported: str) -> Any:
        return _call(modules, "verdicts.js", code, kept=kept, reported=list(reported))

    assert waiting("C-3", "C-2") == ["C-4"]
    assert waiting("C-5", "C-4") == waiting("C-4") == []
    assert waiting() == ["C-4", "C-3", "C-2"]


def test_a_person_chooses_among_several_lines(modules: Page) -> None:
    """The one that runs first, then the chosen one, also when the page comes again."""
    code = """(() => {
      localStorage.removeItem("coilwatch.line");
      const alarm = { line_id: "east", acknowledged_at_ns: null, changed_at_ns: "2" };
      const state = { coils: { east: ["A"], west: ["B"] }, running: { west: "B" }, alarms: [alarm] };
      const first = m.lineToShow(state);
      let told = 0;
      const choice = m.lineChoice(() => { told += 1; choice.show(state); });
      choice.show(state);
      const texts = [...choice.node.children].map((button) => button.textContent);
      choice.node.children[0].click();
      const pressed = choice.node.querySelector("[aria-pressed=true]").textContent;
      const gone = m.lineToShow({ coils: { west: ["B"] }, running: {}, alarms: [] });
      const then = m.lineToShow(state);
      localStorage.removeItem("coilwatch.line");
      return { first, told, texts, pressed, then, gone, none: m.lineToShow({ coils: {}, running: {} }) };
    })()"""

    found = _call(modules, "lines.js", code)

    assert (found["first"], found["then"], found["gone"], found["none"]) == ("west", "east", "west", None)
    assert found["told"] == 1
    assert "east" in found["pressed"]
    assert "1" in found["texts"][0]
    assert "1" not in found["texts"][1]


# --- a coil that runs ---


def test_it_shows_what_the_server_knows_of_the_coil(look: Look, station: StagedStation) -> None:
    """The figures are the API's."""
    page = look(station.url)
    coil_id = _from(station.url, "/api/state")["running"]["line-1"]
    coil = _from(station.url, f"/api/coils/{coil_id}/map")["coil"]

    expect(page.locator("h1:visible")).to_have_text(coil_id)
    expect(page.locator(".live-doing")).to_have_text("Rolling")
    inspected = sum(camera["received"] for camera in coil["cameras"])
    expect(page.locator(".live-counters .figure")).to_have_text(f"{inspected:,}")
    for fate in ("clean", "defective", "unsegmented", "dead_lettered"):
        frames = sum(camera[fate] for camera in coil["cameras"])
        expect(page.locator(f".live-pair[data-fate={fate}] dd")).to_have_text(f"{frames:,}")
    counts = page.locator(".live-class-count").all_text_contents()
    assert counts == [f"{coil['regions_by_class'].get(each, 0):,}" for each in coil["class_names"]]
    expect(page.locator(".strip-map")).to_be_visible()
    times = re.compile(r"from its start at \d\d:\d\d:\d\d to the deadline at \d\d:\d\d:\d\d")
    expect(page.locator(".live-bar")).to_have_attribute("aria-label", times)


def test_it_is_read_from_three_metres_and_needs_no_scrolling(look: Look, station: StagedStation) -> None:
    """Coil, what it does and slack at 32 px and more; the whole page in one window."""
    for size in (DESK, WALL):
        page = look(station.url, size)
        expect(page.locator(".live-verdict").first).to_be_visible()
        for words in (".live-coil-id", ".live-doing", ".live-slack"):
            assert page.locator(words).evaluate("node => parseFloat(getComputedStyle(node).fontSize)") >= 32
        assert page.evaluate("document.documentElement.scrollHeight") <= size.height


def test_the_figures_and_the_slack_move_while_the_line_runs(look: Look, staged: Staged) -> None:
    """Without anybody touching the page."""
    station = staged(Staging.LIVE)
    page = look(station.url)
    expect(page.locator(".live-doing")).to_have_text("Rolling")
    frames, slack = (page.locator(each).text_content() for each in (".live-counters .figure", ".live-slack"))

    expect(page.locator(".live-counters .figure")).not_to_have_text(frames or "")
    expect(page.locator(".live-slack")).not_to_have_text(slack or "")
    expect(page.locator(".live-pace")).to_contain_text("frames/s")
    expect(page.locator(".live-bar-flag")).to_contain_text("If the strip ended now")


def test_a_frame_opens_by_keyboard_and_gives_the_focus_back(look: Look, station: StagedStation) -> None:
    """n, Enter, Escape."""
    page = look(station.url)
    strip = page.locator(".strip-map")
    strip.focus()
    page.keyboard.press("n")
    page.keyboard.press("Enter")

    frame = page.get_by_role("dialog", name="Frame")
    expect(frame).to_be_visible()
    expect(frame.get_by_role("button", name="Close the frame")).to_be_focused()
    expect(frame.locator("canvas").first).to_be_visible()

    page.keyboard.press("Escape")
    expect(frame).to_be_hidden()
    expect(strip).to_be_focused()


# --- alarms ---


def _standing(url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _from(url, "/api/state")["alarms"]
    return found


def test_an_alarm_is_acknowledged_under_a_name_that_is_asked_once(look: Look, staged: Staged) -> None:
    """A name that the message would not take is refused before it is sent."""
    station = staged()
    page = look(station.url)
    buttons = page.locator(".live-alarm").get_by_role("button", name="Acknowledge")
    expect(buttons.first).to_be_visible()
    before = buttons.count()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/acknowledge" in request.url else None)

    buttons.first.click()
    name = page.get_by_label("Your name")
    name.fill("анна")
    page.keyboard.press("Enter")
    expect(page.locator("#live-who-hint")).to_have_attribute("role", "alert")
    assert not asked

    name.fill("anna.k")
    page.keyboard.press("Enter")
    expect(page.locator(".live-seen").first).to_contain_text("anna.k")
    expect(buttons).to_have_count(before - 1)
    assert [each["acknowledged_by"] for each in _standing(station.url)].count("anna.k") == 1
    assert page.evaluate("document.activeElement.closest('.live-alarm') !== null")

    if before > 1:
        buttons.first.click()
        expect(page.locator(".live-seen")).to_have_count(2)
    page.reload()
    expect(page.get_by_role("button", name="Signing as anna.k")).to_be_visible()


def test_nothing_is_acknowledged_when_the_question_is_left(look: Look, staged: Staged) -> None:
    """Escape is no."""
    page = look(staged().url)
    button = page.locator(".live-alarm button").first
    button.click()
    page.keyboard.press("Escape")

    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator(".live-seen")).to_have_count(0)
    expect(button).to_be_focused()


def test_the_server_says_why_an_alarm_could_not_be_acknowledged(look: Look, station: StagedStation) -> None:
    """And the button is there again."""
    page = look(station.url, expected=("acknowledge", "409"))
    page.evaluate("localStorage.setItem('coilwatch.who', 'anna')")
    sentence = "This alarm is over: there is nothing to acknowledge"
    page.route("**/acknowledge*", lambda route: route.fulfill(status=409, json={"error": sentence}))
    row = page.locator(".live-alarm").first
    row.get_by_role("button").click()

    expect(row.get_by_role("alert")).to_have_text(sentence)
    expect(row.get_by_role("button")).to_be_enabled()


def test_the_acknowledgement_names_the_coil(look: Look, station: StagedStation) -> None:
    """An alarm's name is its own only within its coil."""
    page = look(station.url, expected=("acknowledge", "503"))
    page.evaluate("localStorage.setItem('coilwatch.who', 'anna')")
    page.route("**/acknowledge*", lambda route: route.fulfill(status=503, json={"error": "later"}))
    row = page.locator(".live-alarm").first
    coil_id = row.locator("a").text_content()
    with page.expect_request("**/acknowledge*") as asked:
        row.get_by_role("button").click()

    assert f"/api/coils/{coil_id}/alarms/" in asked.value.url
    assert asked.value.post_data_json == {"who": "anna"}


# --- the line's states ---


def test_a_finished_coil_shows_its_verdict_and_what_slack_was_left(look: Look, staged: Staged) -> None:
    """It stands still: the clock goes on, the slack does not."""
    station = staged(Staging.ROLLED)
    page = look(station.url)
    newest = _from(station.url, "/api/coils?limit=4")["coils"]

    verdict = {"release": "Release", "hold": "Hold", "reject": "Reject"}[newest[0]["verdict"]]
    expect(page.locator(".live-doing")).to_have_text(verdict)
    expect(page.locator(".live-head-slack")).to_contain_text("Slack that was left")
    expect(page.locator(".live-bar-flag")).to_contain_text("Verdict")
    assert page.locator(".live-verdict > a").all_text_contents() == [each["coil_id"] for each in newest]


@pytest.mark.parametrize(
    "condition", [Condition.BROKER_AWAY, Condition.STALE, Condition.WORKER_DOWN], ids=lambda each: each.value
)
def test_old_data_say_of_when_they_are(look: Look, staged: Staged, condition: Condition) -> None:
    """And nothing is predicted from them."""
    page = look(staged(condition=condition).url)

    expect(page.locator(".live-stamp")).to_contain_text("As of")
    expect(page.locator(".live-doing")).to_have_text("Not known")
    expect(page.locator(".live-outlook").first).to_contain_text("not known while no data come")
    expect(page.locator(".live-bar-flag")).to_be_hidden()


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "Nothing has come from the line yet"), ("ru", "От линии пока ничего не пришло")],
    ids=["English", "Russian"],
)
def test_an_empty_line_says_what_to_do(look: Look, staged: Staged, language: str, title: str) -> None:
    """It does not look like "all clean"."""
    page = look(staged(Staging.EMPTY).url, language=language)

    expect(page.locator("h1:visible")).to_have_text(title)
    expect(page.locator(".strip-map")).to_be_hidden()
    expect(page.locator(".live-counters")).to_be_hidden()


def test_the_history_that_does_not_come_can_be_asked_again(look: Look, station: StagedStation) -> None:
    """The rest of the page does not wait for it."""
    page = look("about:blank", expected=("/api/coils", "503"))
    page.route("**/api/coils?*", lambda route: route.fulfill(status=503, json={"error": "Too much at once"}))
    page.goto(station.url)
    expect(page.get_by_text("Too much at once")).to_be_visible()
    expect(page.locator(".live-doing")).to_have_text("Rolling")

    page.unroute("**/api/coils?*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".live-verdict").first).to_be_visible()
    expect(page.get_by_text("Too much at once")).to_be_hidden()


@pytest.mark.parametrize("size", [PHONE, NARROW], ids=["phone", "narrow phone"])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_on_a_phone_nothing_is_cut_off_and_fingers_can_hit(
    look: Look, station: StagedStation, size: Any, language: str
) -> None:
    """No scrolling sideways; what can be pressed is 40 px high."""
    page = look(station.url, size, language=language)
    expect(page.locator(".live-verdict").first).to_be_visible()

    assert page.locator(MAIN).evaluate("node => node.scrollWidth <= node.clientWidth")
    small = page.locator(f"{MAIN} :is(button, a):visible").evaluate_all(
        "nodes => nodes.filter((n) => n.getBoundingClientRect().height < 40).map((n) => n.textContent)"
    )
    assert not [each for each in small if each != page.locator("h1:visible").text_content()]
