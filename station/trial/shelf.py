"""The bundles that can be tried, and the few inspectors that are alive."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model.bundle import BUNDLES, CARD_FILE, BundleRefused, bundle_version, load_card
from model.inspector import Inspector
from model.load import load_inspector
from station.trial.facts import BundleFacts, bundle_facts
from station.trial.refusals import UnknownBundle

logger = logging.getLogger(__name__)

KEPT: Final = 3
"""Inspectors alive at once: what ships today has three, of about 100 MB each."""
THREADS: Final = 1
"""Of an inspector: a try may take its time, the line next door may not."""

Load = Callable[[Path, str], Inspector]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An inspector that is alive, and what a worker's results would call it."""

    inspector: Inspector
    version: str
    """See model.bundle.bundle_version."""


def load_warm(folder: Path, preset: str) -> Inspector:
    """A bundle's inspector, ready for its first picture. Raises BundleRefused, and what the engine raises."""
    inspector = load_inspector(folder, preset=preset, threads=THREADS)
    inspector.warm_up()
    return inspector


class Shelf:
    """The bundles of one folder, by name. A broken one is left out, with one line in the log.

    `check` and `facts` may be called from any thread, `opened` and `clear` by one at a time.
    """

    def __init__(self, folder: Path = BUNDLES, *, kept: int = KEPT, load: Load = load_warm) -> None:
        self._folder = folder
        self._kept = kept
        self._load = load
        self._facts = _readable(folder)
        self._alive: OrderedDict[tuple[str, str], Opened] = OrderedDict()

    def facts(self) -> tuple[BundleFacts, ...]:
        """Every bundle that can be tried, by name."""
        return tuple(self._facts.values())

    def check(self, bundle: str, preset: str) -> None:
        """Refuse what is not here, by name: a path is no name. Raises UnknownBundle."""
        facts = self._facts.get(bundle)
        if facts is None:
            names = ", ".join(self._facts) or "none is installed"
            raise UnknownBundle(f"There is no such bundle: choose one of {names}.")
        presets = [one.name for one in facts.presets]
        if preset not in presets:
            raise UnknownBundle(f"Bundle {bundle} has no such preset: choose one of {', '.join(presets)}.")

    def opened(self, bundle: str, preset: str) -> Opened:
        """One that is alive, or a fresh one in place of the one longest unused. Raises UnknownBundle."""
        self.check(bundle, preset)
        key = (bundle, preset)
        if key not in self._alive:
            while len(self._alive) >= self._kept:  # before the new one is there, not after
                self._alive.popitem(last=False)
            self._alive[key] = self._open(bundle, preset)
        self._alive.move_to_end(key)
        return self._alive[key]

    def clear(self) -> None:
        """Let go of every inspector."""
        self._alive.clear()

    def _open(self, bundle: str, preset: str) -> Opened:
        folder = self._folder / bundle
        try:
            return Opened(inspector=self._load(folder, preset), version=bundle_version(folder, preset))
        except BundleRefused as refused:
            # The reason names paths of the server: it is for the log, not for the browser.
            logger.warning("a bundle cannot be tried: %s", refused)
            raise UnknownBundle(
                f"Bundle {bundle} cannot be loaded here: the station's log says why."
            ) from None


def _readable(folder: Path) -> dict[str, BundleFacts]:
    readable: dict[str, BundleFacts] = {}
    for card in sorted(folder.glob(f"*/{CARD_FILE}")):
        bundle = card.parent
        try:
            readable[bundle.name] = bundle_facts(bundle.name, bundle_version(bundle), load_card(bundle))
        except BundleRefused as refused:
            logger.warning("a bundle is left out: %s", refused)
    return readable
