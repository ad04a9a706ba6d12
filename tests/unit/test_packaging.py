"""What the distribution declares: enough for what it imports, nothing by address, torch only for who asks."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.support.sources import FOLDERS, MODULES, ROOT, TREES, imports_of, is_within

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# What a worker or a demo starts from: none of it may need more than the base install has.
STARTED_ON_THE_BASE_INSTALL = (
    "consumer",
    "producer_sim",
    "contracts",
    "monitoring",
    "local",
    "model.__main__",
    "model.load",
    "station",
)
# Whoever changes dashboards has the developer's tools; the command says so to everybody else.
STARTED_BY_DEVELOPERS = "monitoring.dashboards"
SAYS_SO = "monitoring.dashboards.command"


def distribution_names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower() for requirement in requirements}


BASE = distribution_names(PROJECT["project"]["dependencies"])
EXTRAS = {
    name: distribution_names(wanted) for name, wanted in PROJECT["project"]["optional-dependencies"].items()
}
DISTRIBUTIONS = packages_distributions()


def distributions_of(module: str) -> set[str]:
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top in FOLDERS:
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
    "name",
    [
        n
        for n in MODULES
        if any(is_within(n, s) for s in STARTED_ON_THE_BASE_INSTALL)
        and (n == SAYS_SO or not is_within(n, STARTED_BY_DEVELOPERS))
    ],
)
def test_the_base_install_is_enough(name: str) -> None:
    missing = [
        f"{loaded}:{one.line} imports {one.module} (reached by {via})"
        for loaded, via in loaded_with(name).items()
        for one in imports_of(TREES[loaded])
        if one.at_import and (needed := distributions_of(one.module)) and not needed & BASE
    ]
    assert missing == []


@pytest.mark.parametrize("name", MODULES)
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


@pytest.mark.parametrize("file_name", ["requirements.lock", "requirements-line.lock"])
def test_nothing_locked_calls_home(file_name: str) -> None:
    """OpenVINO depends on it, runs without it, and tells of each import with it."""
    assert "openvino-telemetry" not in {name for name, _ in locked(file_name)}


def test_locks_agree_and_cover_what_is_declared() -> None:
    line, everything = locked("requirements-line.lock"), locked("requirements.lock")
    assert line <= everything
    assert {name for name, _ in line} >= BASE
    assert {name for name, _ in everything} >= BASE.union(*EXTRAS.values()) - {PROJECT["project"]["name"]}
    assert "torch" not in {name for name, _ in line}
