"""The rules that hold the house up: who may import whom, where the environment is read, what no file may hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import NamedTuple

import pytest

from consumer.settings import PREFIX, WorkerSettings

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# DESIGN.md, "The house". A whole folder, or single modules of it.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "contracts": frozenset(),
    "model": frozenset(),
    "monitoring": frozenset(),
    "consumer": frozenset({"contracts", "model", "monitoring"}),
    "producer_sim": frozenset({"contracts", "monitoring", "model.rle", "model.synthesis"}),
    "station": frozenset({"contracts", "model", "monitoring"}),
    "local": frozenset({"contracts", "producer_sim.manifest"}),
}
READS_THE_ENVIRONMENT = frozenset({"app", "cli", "__main__", "settings"})
# What a worker or a demo starts from: none of it may need more than the base install has.
STARTED_ON_THE_BASE_INSTALL = (
    "consumer",
    "producer_sim",
    "contracts",
    "monitoring",
    "local",
    "model.__main__",
    "model.load",
)


class Import(NamedTuple):
    module: str
    line: int
    at_import: bool
    """Whether it runs when the module is imported, not only when a function is called."""


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).exists()]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    module_name(path): path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] in MAY_IMPORT
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}

every_module = pytest.mark.parametrize("name", MODULES)


def imports_of(tree: ast.AST, at_import: bool = True) -> Iterator[Import]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, at_import) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute here"
            yield from (Import(f"{node.module}.{alias.name}", node.lineno, at_import) for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from imports_of(node, at_import=False)
        else:
            lazy = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from imports_of(node, at_import=at_import and not lazy)


def is_within(module: str, allowed: str) -> bool:
    return module == allowed or module.startswith(f"{allowed}.")


# --- the import table ---


def forbidden_imports(name: str, tree: ast.AST) -> list[str]:
    folder = name.partition(".")[0]
    allowed = {folder, *MAY_IMPORT[folder]}
    ours = [one for one in imports_of(tree) if one.module.partition(".")[0] in {*MAY_IMPORT, "tests"}]
    return [
        f"{name}:{one.line} imports {one.module}"
        for one in ours
        if not any(is_within(one.module, each) for each in allowed)
    ]


@every_module
def test_imports_follow_the_table(name: str) -> None:
    assert forbidden_imports(name, TREES[name]) == []


@pytest.mark.parametrize(
    ("name", "source", "refused"),
    [
        ("model.card", "from contracts.frames import FrameHeader", True),
        ("monitoring.http", "def f():\n    import consumer.app", True),
        ("producer_sim.synthetic", "from model.synthesis import draw", False),
        ("producer_sim.synthetic", "from model import rle", False),
        ("producer_sim.synthetic", "from model.inspector import Inspector", True),
        ("producer_sim.synthetic", "import model", True),
        ("local.demo", "from producer_sim.manifest import read", False),
        ("local.demo", "from consumer.app import main", True),
        ("consumer.app", "from tests.support import broker", True),
        ("consumer.app", "import os, torch.nn\nfrom model.load import load_inspector", False),
    ],
)
def test_the_table_can_refuse(name: str, source: str, refused: bool) -> None:
    assert bool(forbidden_imports(name, ast.parse(source))) == refused


# --- nothing happens at import ---


@every_module
def test_init_holds_a_docstring_and_nothing_else(name: str) -> None:
    if MODULES[name].name == "__init__.py":
        body = TREES[name].body
        assert ast.get_docstring(TREES[name])
        assert len(body) == 1


@every_module
def test_only_composition_roots_read_the_environment(name: str) -> None:
    if name.rpartition(".")[2] in READS_THE_ENVIRONMENT:
        return
    found = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(TREES[name])
        if (
            isinstance(node, ast.Attribute)
            and ast.unparse(node) in {"os.environ", "os.getenv", "os.environb"}
        )
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and {"environ", "getenv"} & {a.name for a in node.names}
        )
    ]
    assert found == []


# --- what is imported is declared, and torch stays optional ---


def distribution_names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower() for requirement in requirements}


BASE = distribution_names(PROJECT["project"]["dependencies"])
EXTRAS = {
    name: distribution_names(wanted) for name, wanted in PROJECT["project"]["optional-dependencies"].items()
}
DISTRIBUTIONS = packages_distributions()


def distributions_of(module: str) -> set[str]:
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top in MAY_IMPORT:
        return set()
    return {name.lower().replace("_", "-") for name in DISTRIBUTIONS.get(top, [top])}


def loaded_with(start: str) -> dict[str, str]:
    """Every module of ours that importing `start` imports -> the one that imports it."""
    loaded, waiting = {start: start}, [start]
    while waiting:
        name = waiting.pop()
        for one in imports_of(TREES[name]):
            ours = one.module if one.module in TREES else one.module.rpartition(".")[0]
            if one.at_import and ours in TREES and ours not in loaded:
                loaded[ours] = name
                waiting.append(ours)
    return loaded


@pytest.mark.parametrize(
    "name", [n for n in MODULES if any(is_within(n, s) for s in STARTED_ON_THE_BASE_INSTALL)]
)
def test_the_base_install_is_enough(name: str) -> None:
    missing = [
        f"{loaded}:{one.line} imports {one.module} (reached by {via})"
        for loaded, via in loaded_with(name).items()
        for one in imports_of(TREES[loaded])
        if one.at_import and (needed := distributions_of(one.module)) and not needed & BASE
    ]
    assert missing == []


@every_module
def test_third_party_imports_are_declared(name: str) -> None:
    declared = BASE.union(*EXTRAS.values())
    undeclared = [
        f"{name}:{one.line} imports {one.module}"
        for one in imports_of(TREES[name])
        if (needed := distributions_of(one.module)) and not needed & declared
    ]
    assert undeclared == []


def test_console_scripts_exist() -> None:
    for script, target in PROJECT["project"]["scripts"].items():
        module, _, function = target.partition(":")
        assert module in TREES, f"{script} names {module}, which is not there"
        defined = {node.name for node in TREES[module].body if isinstance(node, ast.FunctionDef)}
        assert function in defined, f"{script} names {target}, which is not there"


def test_every_package_is_in_the_wheel() -> None:
    shipped = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert shipped == {name.partition(".")[0] for name in MODULES}


# --- the locks ---

LOCKED = re.compile(r"^(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>\S+)", re.MULTILINE)


def locked(file_name: str) -> set[tuple[str, str]]:
    return set(LOCKED.findall((ROOT / file_name).read_text(encoding="utf-8")))


@pytest.mark.parametrize("file_name", ["requirements.lock", "requirements-line.lock"])
def test_locks_hold_hashes_and_no_addresses(file_name: str) -> None:
    text = (ROOT / file_name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(
        r"^\s*(-i|-f|--(extra-)?index-url|--find-links|--trusted-host)\b", text, re.MULTILINE
    )
    entries = re.split(r"\n(?=\S)", text.strip())
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_locks_agree_and_cover_what_is_declared() -> None:
    line, everything = locked("requirements-line.lock"), locked("requirements.lock")
    assert line <= everything
    assert {name for name, _ in line} >= BASE
    assert {name for name, _ in everything} >= BASE.union(*EXTRAS.values()) - {PROJECT["project"]["name"]}
    assert "torch" not in {name for name, _ in line}


# --- what no file may hold ---

# In pieces, or this file would hold them.
MACHINE_PATHS = re.compile(
    "|".join(rf"(?<![\w.~])/{folder}/" for folder in ("work", "home", "root", "Users"))
)
REGISTRY_HOSTS = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in [
            ("pypi", "org"),
            ("files", "pythonhosted", "org"),
            ("repo1", "maven", "org"),
            ("repo", "maven", "apache", "org"),
            ("registry", "npmjs", "org"),
            ("deb", "debian", "org"),
            ("download", "pytorch", "org"),
        ]
    )
)


def lines_with(pattern: re.Pattern[str], path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return []
    return [
        f"{path.name}:{number}" for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)
    ]


@pytest.mark.parametrize("pattern", [MACHINE_PATHS, REGISTRY_HOSTS], ids=["machine paths", "registry hosts"])
def test_no_tracked_file_names_a_machine(pattern: re.Pattern[str]) -> None:
    found = [line for path in tracked() for line in lines_with(pattern, path)]
    assert found == []


@pytest.mark.parametrize(
    "text", ["cd " + "/work" + "/main", "file://" + "/home" + "/me/x", '"' + "/root" + '/.m2"']
)
def test_a_machine_path_is_recognised(text: str) -> None:
    assert MACHINE_PATHS.search(text)


# --- the README ---

README_SETTING = re.compile(rf"^\| `({PREFIX}[A-Z_0-9]+)` \| (.*?) \|", re.MULTILINE)


def shown_default(value: object) -> str:
    if value is None or value == "" or value == {}:
        return "none"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def test_readme_lists_every_setting_of_the_worker() -> None:
    expected = {
        PREFIX + name.upper(): (
            shown_default(field.get_default(call_default_factory=True)),
            field.description,
        )
        for name, field in WorkerSettings.model_fields.items()
    }
    written = dict(README_SETTING.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    rows = "\n".join(f"| `{name}` | {default} | {meaning} |" for name, (default, meaning) in expected.items())
    assert {name: default for name, (default, _) in expected.items()} == written, (
        f"the README's table should be\n{rows}"
    )


def test_readme_names_only_targets_that_make_has() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(
        re.findall(
            r"\bmake ([a-z]+)\b", re.sub(r"(?m)^[^`]*$", "", (ROOT / "README.md").read_text(encoding="utf-8"))
        )
    )
    assert named <= targets
