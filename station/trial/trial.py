"""Try an image: one picture at a time on one thread, a few wait, more are refused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import BoundedSemaphore
from typing import Final

from model.inspector import Gated, Inspector, Region
from station.trial.facts import BundleFacts
from station.trial.reading import Limits, Picture, check_size, read_picture
from station.trial.refusals import Busy
from station.trial.result import TrialResult, tried_regions, within_picture
from station.trial.shelf import Shelf

WAITING: Final = 8
"""Pictures that may wait beside the one that is tried."""
IDLE_S: Final = 120.0
"""So long after the last picture the inspectors go, 100 MB each. The next one waits a second for its own."""


class Trial:
    """Runs pictures through bundles, away from the thread that serves the page."""

    def __init__(
        self,
        shelf: Shelf,
        *,
        limits: Limits | None = None,
        waiting: int = WAITING,
        idle_s: float = IDLE_S,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shelf = shelf
        self._limits = limits or Limits()
        self._clock_s = clock_s
        self._idle_s = idle_s
        self._letting_go: asyncio.TimerHandle | None = None
        self._places = BoundedSemaphore(1 + waiting)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="trial")

    def bundles(self) -> tuple[BundleFacts, ...]:
        """What can be tried."""
        return self._shelf.facts()

    async def run(self, image: bytes, bundle: str, preset: str) -> TrialResult:
        """One picture through one bundle. Raises a TrialRefused. Cancelled while it waits, it leaves.

        What can be told from names and from the header is told at once, without waiting.
        """
        self._shelf.check(bundle, preset)
        check_size(image, self._limits)
        try:
            return await asyncio.wrap_future(self._submit(image, bundle, preset))
        finally:
            self._let_go_when_idle()

    def close(self) -> None:
        """Let the running picture finish, drop those that wait. Blocks for the length of one run."""
        if self._letting_go is not None:
            self._letting_go.cancel()
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._shelf.clear()

    def _let_go_when_idle(self) -> None:
        if self._letting_go is not None:
            self._letting_go.cancel()
        self._letting_go = asyncio.get_running_loop().call_later(self._idle_s, self._let_go)

    def _let_go(self) -> None:
        """On the one thread that uses them, so under nobody's hands."""
        with suppress(RuntimeError):  # the thread has been shut down
            self._thread.submit(self._shelf.clear)

    def _submit(self, image: bytes, bundle: str, preset: str) -> Future[TrialResult]:
        if not self._places.acquire(blocking=False):
            raise Busy("Too many images are waiting to be inspected: try again in a few seconds.")
        try:
            job = self._thread.submit(self._try, image, bundle, preset)
        except RuntimeError:  # the thread has been shut down
            self._places.release()
            raise Busy("The station is closing: try again when it is back.") from None
        job.add_done_callback(lambda _: self._places.release())
        return job

    def _try(self, image: bytes, bundle: str, preset: str) -> TrialResult:
        opened = self._shelf.opened(bundle, preset)
        inspector = opened.inspector
        card, threshold = inspector.card, inspector.point.gate_threshold
        started_s = self._clock_s()
        picture = read_picture(image, card.input, self._limits)
        decoded_s = self._clock_s()
        (gated,) = inspector.gate([picture.pixels])
        gated_s = self._clock_s()
        passed = gated.score >= threshold
        regions = _segment(inspector, picture, gated) if passed else []
        segmented_s = self._clock_s()
        tried = tried_regions(regions, card)
        return TrialResult(
            bundle=bundle,
            preset=preset,
            bundle_version=opened.version,
            width_px=card.input.width_px,
            height_px=card.input.height_px,
            fitted=picture.fitted,
            gate_score=gated.score,
            gate_threshold=threshold,
            passed=passed,
            regions=tried,
            regions_left_out=len(regions) - len(tried),
            decode_ms=(decoded_s - started_s) * 1e3,
            gate_ms=(gated_s - decoded_s) * 1e3,
            segment_ms=(segmented_s - gated_s) * 1e3 if passed else None,
        )


def _segment(inspector: Inspector, picture: Picture, gated: Gated) -> list[Region]:
    (regions,) = inspector.segment([picture.pixels], [gated])
    if picture.fitted is None:
        return list(regions)
    return within_picture(regions, picture.fitted, inspector.card, inspector.point)
