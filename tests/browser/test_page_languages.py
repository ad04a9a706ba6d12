"""English and Russian: every word is there in both, and changing the language loses nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from station.app import PAGES
from tests.support.staged_pages import VIEWS, go, settle
from tests.support.staged_station import StagedStation

Look = Callable[..., Page]

NAMES = re.compile(
    r"[a-z]+(?:_[a-z]+)+|coilwatch|C-\d\d-\d+|camera-\d|line-\d|CSV|JSON|PDF|JPEG|PNG|Kafka|RLE|[A-Z]\b|EN|RU"
)
"""Not translated."""
CYRILLIC = re.compile("[\u0400-\u04ff]")
SAME = re.compile(r"^[^A-Za-z]*$|^(?:API|AUC|CSV|Dice|JSON|PDF|ID)\s*$")


@pytest.fixture
def words(look: Look, station: StagedStation) -> dict[str, dict[str, Any]]:
    page = look(station.url)
    found: dict[str, dict[str, Any]] = page.evaluate(
        "async () => JSON.parse(JSON.stringify((await import('/words.js')).WORDS))"
    )
    return found


def test_every_word_is_there_in_both_languages(words: dict[str, dict[str, Any]]) -> None:
    assert len(words) > 100
    for key, said in words.items():
        assert set(said) == {"en", "ru"}, key
        english, russian = _forms(said["en"]), _forms(said["ru"])
        assert all(form.strip() for form in (*english.values(), *russian.values())), key
        if isinstance(said["ru"], dict):
            assert {"one", "few", "many"} <= set(russian) or "other" in russian, (
                f"{key}: not for every number"
            )
        assert _values(english) == _values(russian), f"{key}: other values in Russian than in English"


def test_russian_is_russian(words: dict[str, dict[str, Any]]) -> None:
    for key, said in words.items():
        if key == "shell.language":
            continue
        for form in _forms(said["ru"]).values():
            plain = re.sub(r"\{\w+\}", "", form)
            assert SAME.match(plain) or CYRILLIC.search(plain), f"{key}: {form}"
        for form in _forms(said["en"]).values():
            assert not CYRILLIC.search(form), f"{key}: {form}"


def test_scripts_ask_for_words_that_are_there(words: dict[str, dict[str, Any]]) -> None:
    for script in PAGES.rglob("*.js"):
        text = script.read_text()
        for key in re.findall(r"\bt\(\s*\"([^\"]+)\"", text):
            assert key in words, f'{script.name}: t("{key}")'
        for start in re.findall(r"\bt\(\s*`([\w.-]+)\$\{", text):
            assert any(key.startswith(start) for key in words), f"{script.name}: t(`{start}...`)"


def test_every_word_is_used(words: dict[str, dict[str, Any]]) -> None:
    scripts = "\n".join(path.read_text() for path in PAGES.rglob("*.js") if path.name != "words.js")
    spoken = set(re.findall(r"[\"'`]([a-z][\w]*(?:\.[\w-]+)+)[\"'`]", scripts))
    begun = set(re.findall(r"`([a-z][\w.-]*[.\-_])\$\{", scripts))
    begun |= set(re.findall(r"\"([a-z]\w*(?:\.[\w-]+)*\.)\"\s*\+", scripts))
    unused = [key for key in words if key not in spoken and not key.startswith(tuple(begun))]
    assert not unused


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_a_view_in_russian_has_no_english_left(look: Look, station: StagedStation, view: str) -> None:
    """Class names, rules and the server's sentences come from the plant and stay as they are."""
    page = look(f"{station.url}/{VIEWS[view]}", language="ru")
    settle(page)
    assert page.locator("html").get_attribute("lang") == "ru"
    english = page.evaluate(
        "async () => Object.values((await import('/words.js')).WORDS).map((w) => w.en)"
        "  .filter((w) => typeof w === 'string' && /^[A-Z][a-z]+ [a-z]+ [a-z ]+/.test(w))"
    )
    shown = page.locator("body").inner_text()
    left = [sentence for sentence in english if sentence in shown]
    assert not left
    for heading in page.locator(
        "main h1, main h2, main h3, main th, main label, main button"
    ).all_inner_texts():
        plain = NAMES.sub("", heading)
        known = re.search(r"pit|crack|scratch|scab|roll|lane|synthetic|severstal|line|plant", plain)
        assert known or not re.search(r"[A-Za-z]{4,}", plain), heading


def test_changing_the_language_stays_where_one_is(look: Look, station: StagedStation) -> None:
    page = look(station.url)
    for view in ("coils", "coil", "try"):
        go(page, view)
        address = page.url
        page.get_by_role("button", name="Перейти на русский").click()
        expect(page.locator("html")).to_have_attribute("lang", "ru")
        expect(page.locator("nav")).to_contain_text("Рулоны")
        assert page.url == address
        page.get_by_role("button", name="Switch to English").click()
        expect(page.locator("nav")).to_contain_text("Coils")
        settle(page)


def test_the_language_is_kept(look: Look, station: StagedStation) -> None:
    page = look(station.url)
    page.get_by_role("button", name="Перейти на русский").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "ru")


def test_numbers_are_written_as_the_language_writes_them(look: Look, station: StagedStation) -> None:
    said = {}
    for language in ("en", "ru"):
        page = look(station.url, language=language)
        said[language] = page.evaluate(
            """async () => {
              const { fmt } = await import("/core/i18n.js");
              return [fmt.number(1234567.5, 1), fmt.metres(99840), fmt.clock(-65),
                fmt.duration(245), fmt.percent(0.5)];
            }"""
        )
    assert said["en"] == ["1,234,567.5", "99.8 m", "\u22121:05", "4 min 05 s", "50%"]
    assert [re.sub(r"\s", " ", each) for each in said["ru"]] == [
        "1 234 567,5", "99,8 м", "\u22121:05", "4 мин 05 \u0441", "50 %",
    ]  # fmt: skip


@pytest.mark.parametrize(("count", "form"), [(1, "one"), (3, "few"), (5, "many"), (21, "one"), (112, "many")])
def test_russian_counts_in_three_ways(look: Look, station: StagedStation, count: int, form: str) -> None:
    page = look(station.url, language="ru")
    said, wanted = page.evaluate(
        """async ([count, form]) => {
          const { t } = await import("/core/i18n.js");
          const { WORDS } = await import("/words.js");
          const key = Object.keys(WORDS).find((each) => WORDS[each].ru.few);
          return [t(key, { count }), WORDS[key].ru[form].replace("{count}", String(count))];
        }""",
        [count, form],
    )
    assert said == wanted


def _forms(said: str | dict[str, str]) -> dict[str, str]:
    return {"other": said} if isinstance(said, str) else said


def _values(forms: dict[str, str]) -> set[str]:
    return {value for form in forms.values() for value in re.findall(r"\{(\w+)\}", form)}
