"""The rules of the house: who may import whom, where the environment is read, what no file names."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.support.sources import FOLDERS, MODULES, TREES, imports_of, is_within, tracked

# DESIGN.md, "The house". A whole folder, or single modules of it.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "contracts": frozenset(),
    "model": frozenset(),
    "monitoring": frozenset(),
    "consumer": frozenset({"contracts", "model", "monitoring"}),
    "producer_sim": frozenset(
        {"contracts", "monitoring", "model.rle", "model.synthesis", "model.synthesis_stamps"}
    ),
    "station": frozenset({"contracts", "model", "monitoring"}),
    "local": frozenset({"contracts", "producer_sim.manifest"}),
}
READS_THE_ENVIRONMENT = frozenset({"app", "cli", "__main__", "settings"})

every_module = pytest.mark.parametrize("name", MODULES)


def test_the_table_knows_every_folder() -> None:
    assert set(MAY_IMPORT) == set(FOLDERS)


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
