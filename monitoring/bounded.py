"""Names that come from outside, kept from making series without end: the first few, then `other`."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

MOST_LINES = 16
"""Lines with series of their own, a process."""
MOST_CAMERAS = 64
"""Cameras with series of their own, of all lines together, a process."""
MOST_CLASSES = 32
"""Classes of defects with series of their own, a bundle."""

OTHER = "other"
UNKNOWN = "unknown"
"""Of a frame whose headers can't be read."""

LINE_VALUES = MOST_LINES + 2
"""With `other` and `unknown`."""
CAMERA_VALUES = MOST_CAMERAS + MOST_LINES + 2
"""Pairs of line and camera: each line may have an `other`, and both may be `other` or `unknown`."""

Name = TypeVar("Name", bound=Hashable)


class Bounded(Generic[Name]):
    """Admits at most `most` distinct names, those that come first. What it refuses it does not remember."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._admitted: set[Name] = set()

    def admits(self, name: Name) -> bool:
        """Whether this name may stand for itself; for good, once it may."""
        if name in self._admitted:
            return True
        if len(self._admitted) >= self._most:
            return False
        self._admitted.add(name)
        return True


class Places:
    """Lines and cameras as labels."""

    def __init__(self) -> None:
        self._lines = Bounded[str](MOST_LINES)
        self._cameras = Bounded[tuple[str, str]](MOST_CAMERAS)

    def line(self, line_id: str) -> str:
        """Its label: itself, or `other` when there are too many already."""
        if line_id in (OTHER, UNKNOWN) or self._lines.admits(line_id):
            return line_id
        return OTHER

    def camera(self, line_id: str, camera_id: str) -> tuple[str, str]:
        """The labels of a line and one of its cameras."""
        line = self.line(line_id)
        if line in (OTHER, UNKNOWN):
            return line, line
        if camera_id != OTHER and self._cameras.admits((line, camera_id)):
            return line, camera_id
        return line, OTHER
