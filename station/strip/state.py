"""The newest coils of all lines. One thread gives it messages and asks it: no locks."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.message_codec import CoilRecord
from contracts.results import DefectEvent
from station.strip.alarms import AlarmNow
from station.strip.changes import Changes
from station.strip.coil import LiveCoil
from station.strip.frames import Place
from station.strip.geometry import LastGeometries, geometry_of
from station.strip.reading import changes_of


class UnknownCoil(LookupError):
    """Not heard of, or too old to be kept."""


class StripState:
    """Coils by their id, at most `coils_kept`: the newest, and of each line its newest.

    One number, `revision`, counts the changes of all coils; a coil's own sequence number is that of its
    latest change. So it rises, too, when a coil was pushed out and comes back: then it is told whole again.
    """

    def __init__(self, coils_kept: int) -> None:
        if coils_kept < 1:
            raise ValueError("at least one coil must be kept")
        self._kept = coils_kept
        self._coils: dict[str, LiveCoil] = {}
        self._geometries = LastGeometries()
        self._revision = 0

    @property
    def revision(self) -> int:
        """Rises with every change of any coil."""
        return self._revision

    def __contains__(self, coil_id: str) -> bool:
        return coil_id in self._coils

    def __len__(self) -> int:
        return len(self._coils)

    def take(self, message: CoilRecord) -> bool:
        """Take in a message, in any order, again without harm; whether it changed anything."""
        if isinstance(message, DefectEvent):
            self._geometries.note(message.line_id, message.camera_id, geometry_of(message))
        coil = self._coils.get(message.coil_id) or self._open(message)
        if coil is None or not coil.take(message, self._revision + 1):
            return False
        self._revision += 1
        return True

    def seq(self, coil_id: str) -> int | None:
        """The revision of the coil's latest change; None: the coil is not kept (any more)."""
        coil = self._coils.get(coil_id)
        return None if coil is None else coil.changed

    def coil_ids(self) -> dict[str, list[str]]:
        """By line, the newest first."""
        found: dict[str, list[str]] = {}
        for coil in sorted(self._coils.values(), key=_age, reverse=True):
            found.setdefault(coil.line_id, []).append(coil.coil_id)
        return dict(sorted(found.items()))

    def changed_since(self, seq: int) -> list[str]:
        """Coils that changed after it, the newest first."""
        changed = (coil for coil in self._coils.values() if coil.changed > seq)
        return [coil.coil_id for coil in sorted(changed, key=_age, reverse=True)]

    def changes_since(self, coil_id: str, seq: int) -> Changes:
        """What changed on a coil after `seq`, which may be any revision. Raises UnknownCoil."""
        return changes_of(self._coil(coil_id), seq, self._geometries)

    def snapshot(self, coil_id: str) -> Changes:
        """All that is known of a coil. Raises UnknownCoil."""
        return self.changes_since(coil_id, 0)

    def frame_place(self, coil_id: str, camera_id: str, frame_index: int) -> Place | None:
        """Where a frame's record lies in the frame topic; None without an inspection. Raises UnknownCoil."""
        return self._coil(coil_id).place(camera_id, frame_index)

    def alarm(self, coil_id: str, alarm_id: str) -> AlarmNow | None:
        """One of a coil's alarms. Raises UnknownCoil."""
        return self._coil(coil_id).alarms.get(alarm_id)

    def _coil(self, coil_id: str) -> LiveCoil:
        found = self._coils.get(coil_id)
        if found is None:
            raise UnknownCoil(f"coil {coil_id} is not kept here")
        return found

    def _open(self, message: CoilRecord) -> LiveCoil | None:
        """A new coil, in the place of the oldest; None when that would be itself."""
        coil = LiveCoil(message.coil_id, self._revision)
        coil.hear_of(message)
        if len(self._coils) >= self._kept:
            oldest = _oldest([*self._coils.values(), coil])
            if oldest is coil:
                return None
            del self._coils[oldest.coil_id]
        self._coils[coil.coil_id] = coil
        return coil


def _age(coil: LiveCoil) -> tuple[int, str]:
    return coil.began_at_ns, coil.coil_id


def _oldest(coils: Iterable[LiveCoil]) -> LiveCoil:
    """Of those that are not their line's newest, so that a busy line does not push a quiet one off the page.

    With more lines than coils are kept: of all.
    """
    ordered = sorted(coils, key=_age)
    newest = {coil.line_id: coil for coil in ordered}
    others = (coil for coil in ordered if newest[coil.line_id] is not coil)
    return next(others, ordered[0])
