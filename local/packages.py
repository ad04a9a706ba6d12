"""What a machine lacks, in one sentence with the command that installs it: packages by Debian's names."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One package, and the programs in it that are looked for; any of them will do."""

    name: str
    title: str
    programs: tuple[str, ...]

    def find(self, search_path: str | None = None) -> str | None:
        """Path of its program, looked for in PATH."""
        found = (shutil.which(program, path=search_path) for program in self.programs)
        return next((path for path in found if path is not None), None)


class PackagesMissing(Exception):
    """Some are not on this machine; the message is one sentence that says what to do."""

    def __init__(self, missing: Sequence[Package], otherwise: str) -> None:
        *others, last = (package.title for package in missing)
        titles = f"{', '.join(others)} and {last} are" if others else f"{last} is"
        names = " ".join(package.name for package in missing)
        super().__init__(f"{titles} not on this machine: apt-get install {names}{otherwise}")
