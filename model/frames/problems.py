"""What is wrong with somebody's frames: collected with file and row, then refused together."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from model.frames.refused import TrainingRefused

SHOWN: Final = 8
"""Who has 5,000 rows of the same mistake learns no more from the ninth."""


class FramesRefused(TrainingRefused):
    """Frames that cannot be trained on or judged by; `problems` holds all, the message the first several."""

    def __init__(self, root: Path, problems: tuple[str, ...]) -> None:
        self.problems = problems
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        shown = [f"  {problem}" for problem in problems[:SHOWN]]
        if len(problems) > SHOWN:
            shown.append(f"  and {len(problems) - SHOWN} more")
        super().__init__("\n".join([f"the frames in {root} cannot be used, {count}:", *shown]))


class Problems:
    """Collects what is wrong with one folder of frames."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._found: list[str] = []

    def add(self, where: str, says: str) -> None:
        """`where`: "train.csv:17", or a file's name; `says`: what is wrong, and what to do about it."""
        self._found.append(f"{where}: {says}")

    def refuse_if_any(self) -> None:
        """Raises FramesRefused when something was added."""
        if self._found:
            raise FramesRefused(self._root, tuple(self._found))
