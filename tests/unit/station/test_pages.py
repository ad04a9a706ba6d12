"""The page's files hold together: what they import, say, draw and colour is there, and nothing is fetched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from model.palette import OKABE_ITO
from station.app import PAGES
from station.web.wire import Condition

SCRIPTS = sorted(PAGES.rglob("*.js"))
STYLES = sorted(PAGES.rglob("*.css"))
WORDS = (PAGES / "words.js").read_text(encoding="utf-8")
EXPORT = re.compile(r"^export (?:async )?(?:function\*?|const|class|let) (\w+)", re.MULTILINE)
COMMENT = re.compile(r"^\s*(//|\*|/\*).*$", re.MULTILINE)
ADDRESS = re.compile(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"')]*")
MARKUP = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function")
KEYS = re.findall(r'^  "([\w.]+)": \{', WORDS, re.MULTILINE)
LARGEST_LINES = 260


def name(path: Path) -> str:
    return str(path.relative_to(PAGES))


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
class TestScript:
    def test_imports_what_is_there(self, script: Path) -> None:
        for asked in re.findall(r'from "([^"]+)"|import\("([^"]+)"\)', text(script)):
            path = script.parent / "".join(asked)
            assert path.is_file(), f"{name(script)} imports {path.name}"
            exported = set(EXPORT.findall(text(path)))
            by_name = rf'import \{{([^}}]+)\}} from "{re.escape("".join(asked))}"'
            for names in re.findall(by_name, text(script)):
                wanted = {each.split(" as ")[0].strip() for each in names.split(",") if each.strip()}
                assert wanted <= exported, f"{name(script)}: {path.name} has no {wanted - exported}"

    def test_says_words_that_are_there(self, script: Path) -> None:
        said = set(re.findall(r'\bt\(\s*"([\w.]+)"', text(script)))
        assert said <= set(KEYS), f"not in words.js: {sorted(said - set(KEYS))}"

    def test_makes_no_markup_of_text(self, script: Path) -> None:
        for danger in MARKUP:
            assert danger not in text(script)
        assert not re.search(r"setAttribute\(\s*[\"']style", text(script)), "the CSP forbids it"
        assert "console.log" not in text(script)

    def test_draws_icons_that_are_there(self, script: Path) -> None:
        drawn = set(re.findall(r'^  (\w+): "M', text(PAGES / "parts/icons.js"), re.MULTILINE))
        assert set(re.findall(r'\bicon\("(\w+)"\)', text(script))) <= drawn

    def test_is_read_in_one_go(self, script: Path) -> None:
        if script.name != "words.js":
            assert len(text(script).splitlines()) <= LARGEST_LINES

    def test_is_used(self, script: Path) -> None:
        if script.name == "main.js":
            return
        importers = [other for other in SCRIPTS if other != script and f'/{script.name}"' in text(other)]
        assert importers, "no other script imports it"


@pytest.mark.parametrize("file", [*SCRIPTS, *STYLES, PAGES / "index.html"], ids=name)
def test_nothing_comes_from_outside(file: Path) -> None:
    found = set(ADDRESS.findall(COMMENT.sub("", text(file))))
    assert found <= {"http://www.w3.org/2000/svg"}


def test_every_script_is_fetched_at_once() -> None:
    """Else a browser learns of each only from the one that imports it, one round after the other."""
    index = (PAGES / "index.html").read_text(encoding="utf-8")
    preloaded = re.findall(r'<link rel="modulepreload" href="([^"]+)">', index)
    assert preloaded == sorted(name(each) for each in SCRIPTS if each.name != "main.js")


@pytest.mark.parametrize("style", STYLES, ids=name)
class TestStyle:
    def test_is_linked(self, style: Path) -> None:
        assert f'href="{name(style)}"' in (PAGES / "index.html").read_text(encoding="utf-8")

    def test_takes_colours_from_the_tokens(self, style: Path) -> None:
        tokens = set(re.findall(r"(--[\w-]+):", "".join(text(each) for each in STYLES)))
        tokens |= set(re.findall(r'setProperty\("(--[\w-]+)"', "".join(text(each) for each in SCRIPTS)))
        assert set(re.findall(r"var\((--[\w-]+)", text(style))) <= tokens
        if style.name != "tokens.css":
            assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(", text(style)), "colours are in tokens.css"


class TestTokens:
    TOKENS = (PAGES / "style/tokens.css").read_text(encoding="utf-8")

    def colours(self, theme: str) -> set[str]:
        block = self.TOKENS.split(f'data-theme="{theme}"')[1].split("}")[0]
        return set(re.findall(r"^  (--[\w-]+):", block, re.MULTILINE))

    def test_both_themes_have_every_colour(self) -> None:
        dark, light = (self.colours(theme) for theme in ("dark", "light"))
        assert dark == light


class TestWords:
    def test_no_key_stands_twice(self) -> None:
        assert len(KEYS) == len(set(KEYS))

    def test_each_is_used(self) -> None:
        scripts = "".join(text(each) for each in SCRIPTS if each.name != "words.js")
        begun = tuple(re.findall(r"`([\w.]+\.)\$\{", scripts))
        unused = [key for key in KEYS if f'"{key}"' not in scripts and not key.startswith(begun)]
        assert unused == []

    def test_each_condition_has_its_words(self) -> None:
        assert {f"condition.{each.value}" for each in Condition} <= set(KEYS)


def test_the_page_and_the_pictures_have_one_palette() -> None:
    look = (PAGES / "parts/class_look.js").read_text(encoding="utf-8")
    assert tuple(re.findall(r'"(#[0-9A-F]{6})"', look.split("COLOURS = ")[1].split("]")[0])) == OKABE_ITO
