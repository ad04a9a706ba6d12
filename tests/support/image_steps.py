"""An image's build steps done by hand, for a machine without Docker.

Every stage is built in one and the same folder, which stands for the image's root, and laid aside when it
is done. What a stage takes from another one (`COPY --from`) so lies at the path where it was made, as in an
image; what it forgot to take is not there. In place of the image's Python there is a new virtual environment.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.support.dockerfile import Stage, context_files, lineage, read_stages

CHANGES_THE_MACHINE = ("groupadd", "useradd")
"""Programs of which only the call is noted."""

OF_THIS_MACHINE = ("HOME", "PIP_")
"""How pip fetches here, and where it keeps what it fetched, is no part of the image."""


class StepFailed(Exception):
    """A RUN that did not exit with 0, and what it said."""


class Copied(NamedTuple):
    """A COPY: of the context, or of a finished stage."""

    stage: str | None
    what: list[str]
    to: str


def copied(value: str) -> Copied:
    """Read a COPY's value."""
    words = shlex.split(value)
    stage = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else None
    return Copied(stage, [word.rstrip("/") for word in words[:-1]], words[-1])


class ImageSteps:
    """The stages of the repository's Dockerfile, done below `place`, which must be empty."""

    def __init__(self, repository: Path, place: Path) -> None:
        self._repository = repository
        self._place = place
        self._stages = read_stages(repository / "Dockerfile")
        self.root = place / "root"
        """The folder that stands for the image's `/`; after `build`, the image."""
        self.noted: list[str] = []
        subprocess.run([sys.executable, "-m", "venv", place / "python"], check=True)

    def build(self, target: str) -> None:
        """Do a stage, and before it every one that it needs. Raises StepFailed."""
        stage = self._stages[target]
        for other in self._needed(stage):
            if not self._aside(other).exists():
                self.build(other)
                self.root.rename(self._aside(other))
        self._begin(stage)
        directory = "/"
        for number, step in enumerate(
            [step for each in lineage(self._stages, target) for step in each.steps]
        ):
            own = number >= self._inherited(stage)
            if step.instruction == "WORKDIR":
                directory = step.value
                self.inside(directory).mkdir(parents=True, exist_ok=True)
            elif own and step.instruction == "COPY":
                self._copy(copied(step.value), self.inside(directory))
            elif own and step.instruction == "RUN":
                self._run(step.value, target, self.inside(directory))

    def inside(self, path: str) -> Path:
        """Where a path of the image lies."""
        return self.root / path.lstrip("/")

    def environment(self, target: str) -> dict[str, str]:
        """What a process in the image finds: what ENV says, and nothing of this process's own."""
        found = {"PATH": f"{self._place / 'python' / 'bin'}:/usr/bin:/bin"}
        steps = [step for stage in lineage(self._stages, target) for step in stage.steps]
        for word in [word for step in steps if step.instruction == "ENV" for word in shlex.split(step.value)]:
            name, _, value = word.partition("=")
            found[name] = self._mapped(value.replace("$PATH", found["PATH"]))
        return found

    def _needed(self, stage: Stage) -> list[str]:
        froms = [copied(step.value).stage for step in stage.steps if step.instruction == "COPY"]
        return [name for name in [stage.base, *froms] if name in self._stages]

    def _inherited(self, stage: Stage) -> int:
        return sum(len(each.steps) for each in lineage(self._stages, stage.base))

    def _aside(self, name: str) -> Path:
        return self._place / f"stage-{name}"

    def _begin(self, stage: Stage) -> None:
        if stage.base in self._stages:
            shutil.copytree(self._aside(stage.base), self.root, symlinks=True, copy_function=os.link)
        else:
            self.root.mkdir()

    def _copy(self, step: Copied, directory: Path) -> None:
        to = self.inside(step.to) if step.to.startswith("/") else directory / step.to
        if step.stage is not None:
            for what in step.what:
                shutil.copytree(
                    self._aside(step.stage) / what.lstrip("/"), to, symlinks=True, dirs_exist_ok=True
                )
            return
        for file in context_files(self._repository):
            if any(what == "." or file.is_relative_to(what) for what in step.what):
                (to / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(self._repository / file, to / file)

    def _run(self, command: str, target: str, directory: Path) -> None:
        if command.startswith(CHANGES_THE_MACHINE):
            self.noted.append(command)
            return
        here = {name: value for name, value in os.environ.items() if name.startswith(OF_THIS_MACHINE)}
        said = {n: v for n, v in self.environment(target).items() if not n.startswith(OF_THIS_MACHINE)}
        done = subprocess.run(
            ["/bin/sh", "-c", self._mapped(command)],
            cwd=directory, env=here | said, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise StepFailed(f"RUN {command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")

    def _mapped(self, text: str) -> str:
        """With the image's own folders where they lie here."""
        return re.sub(r"(?<![\w.])/opt/", f"{self.root}/opt/", text)
