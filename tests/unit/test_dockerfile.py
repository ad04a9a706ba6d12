"""The Dockerfile and .dockerignore: what goes into an image, and as whom it runs. Nothing is built here."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from tests.support.dockerfile import Ignored, Stage, context_files, lineage, read_stages, settled
from tests.support.sources import ROOT, tracked

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
STAGES = read_stages(ROOT / "Dockerfile")
TARGETS = {"line": "requirements-line.lock", "gpu": "requirements.lock"}
each_target = pytest.mark.parametrize("target", TARGETS)


def runs(stages: list[Stage]) -> list[str]:
    return [step.value for stage in stages for step in stage.steps if step.instruction == "RUN"]


# --- the context ---


def test_the_context_is_what_the_packages_are_built_from() -> None:
    files = {str(file) for file in context_files(ROOT)}
    ours = {str(path.relative_to(ROOT)) for path in tracked(*PACKAGES)}
    assert ours <= files
    rest = {file for file in files if file.partition("/")[0] not in PACKAGES}
    assert rest == {"LICENSE", "README.md", "pyproject.toml", *TARGETS.values()}


def test_the_context_is_small() -> None:
    assert sum((ROOT / file).stat().st_size for file in context_files(ROOT)) < 60e6


@pytest.mark.parametrize(
    ("path", "out"),
    [
        ("consumer/app.py", False),
        ("consumer/coils/__pycache__/app.cpython-311.pyc", True),
        ("consumers/app.py", True),
        ("tests/unit/test_x.py", True),
        (".git/config", True),
        (".env", True),
        ("README.md", False),
        ("docs/README.md", True),
    ],
)
def test_dockerignore_is_read_as_docker_reads_it(path: str, out: bool) -> None:
    ignored = Ignored("# a comment\n*\n!consumer\n!README.md\n**/__pycache__\n")
    assert ignored(path) == out


# --- the image ---


def test_the_base_is_pinned_and_named_once() -> None:
    outside = [stage.base for stage in STAGES.values() if stage.base not in STAGES]
    assert len(outside) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-[a-z]+", outside[0])


def test_the_last_target_is_the_one_without_torch() -> None:
    assert list(STAGES)[-1] == "line"


@each_target
def test_libraries_come_from_the_lock_with_their_hashes(target: str) -> None:
    made = lineage(STAGES, f"{target}-libraries")
    installs = [run for run in runs(made) if " install " in run]
    assert f"--requirement {TARGETS[target]}" in installs[-1]
    assert [run for run in installs if "--require-hashes --no-deps" not in run] == []


@each_target
def test_what_builds_the_package_stays_behind(target: str) -> None:
    build = {re.split(r"[<>=]", wanted, maxsplit=1)[0] for wanted in PROJECT["dependency-groups"]["build"]}
    (gone,) = re.findall(r"uninstall --yes (.*)", runs([STAGES[f"{target}-libraries"]])[-1])
    assert set(gone.split()) == build


@each_target
def test_it_runs_as_nobody_in_particular(target: str) -> None:
    user = settled(STAGES, target, "USER")
    assert user is not None
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user), "by number: then an engine can see that it is not root"
    number = user.partition(":")[0]
    assert any(f"useradd --uid {number} " in run for run in runs(lineage(STAGES, target)))


@each_target
def test_it_starts_a_worker_without_a_shell(target: str) -> None:
    command = settled(STAGES, target, "CMD")
    assert command is not None
    assert json.loads(command) == ["coilwatch-worker"]
    assert settled(STAGES, target, "ENTRYPOINT") is None


@each_target
def test_its_label_has_the_packages_version(target: str) -> None:
    label = settled(STAGES, target, "LABEL")
    assert label is not None
    assert f'image.version="{PROJECT["project"]["version"]}"' in label
    assert f'image.licenses="{PROJECT["project"]["license"]}"' in label


def test_nothing_is_fetched_but_by_pip() -> None:
    assert {step.instruction for stage in STAGES.values() for step in stage.steps} <= {
        "CMD", "COPY", "ENV", "LABEL", "RUN", "USER", "WORKDIR",
    }  # fmt: skip
    assert not [run for run in runs(list(STAGES.values())) if re.search(r"\b(curl|wget|apt-get|git)\b", run)]
