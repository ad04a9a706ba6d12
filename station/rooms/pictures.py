"""Frames from Kafka, and images that people bring."""

from __future__ import annotations

from dataclasses import asdict
from typing import Protocol

from station.feed.frame_store import StoredFrame
from station.feed.records import Gone, NotInTime
from station.trial import refusals
from station.trial.facts import BundleFacts
from station.trial.result import TrialResult
from station.web.parts import Picture
from station.web.refusals import Fault, PartRefused
from station.web.trial_wire import Bundles, BundleView, TrialView

_FAULTS: dict[type[refusals.TrialRefused], Fault] = {
    refusals.NotAnImage: Fault.NOT_AN_IMAGE,
    refusals.TooLarge: Fault.TOO_LARGE,
    refusals.TooManyPixels: Fault.TOO_LARGE,
    refusals.TooSmall: Fault.DAMAGED,
    refusals.Damaged: Fault.DAMAGED,
    refusals.UnknownBundle: Fault.NOT_HERE,
    refusals.Busy: Fault.AWAY,
}


class StoredFrames(Protocol):
    """What is used of `FrameStore`."""

    def frame(self, partition: int, offset: int) -> StoredFrame | Gone:
        """Raises NotInTime."""


class Tries(Protocol):
    """What is used of `Trial`."""

    def bundles(self) -> tuple[BundleFacts, ...]:
        """What is shipped."""

    async def run(self, image: bytes, bundle: str, preset: str) -> TrialResult:
        """Raises TrialRefused."""


class FramePictures:
    """Frames as pictures."""

    def __init__(self, store: StoredFrames) -> None:
        self._store = store

    def frame(self, partition: int, offset: int) -> Picture:
        """Waits for Kafka."""
        try:
            found = self._store.frame(partition, offset)
        except NotInTime as late:
            raise PartRefused(Fault.AWAY, "Kafka did not give the frame in time; try again") from late
        if isinstance(found, Gone):
            raise PartRefused(Fault.GONE, f"This frame can't be had any more: {found.why}")
        return Picture(content_type=found.header.encoding.value, image=found.image)


class TriedPictures:
    """Try an image."""

    def __init__(self, trial: Tries) -> None:
        self._trial = trial

    def bundles(self) -> Bundles:
        """What is shipped."""
        return Bundles(bundles=[BundleView.model_validate(asdict(facts)) for facts in self._trial.bundles()])

    async def run(self, image: bytes, bundle: str, preset: str) -> TrialView:
        """What the models say."""
        try:
            result = await self._trial.run(image, bundle, preset)
        except refusals.TrialRefused as refused:
            raise PartRefused(_FAULTS[type(refused)], str(refused)) from None
        return TrialView.model_validate(asdict(result))
