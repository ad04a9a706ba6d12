"""From a folder to frames in memory, all of it checked: what `train`, `calibrate` and `evaluate` call."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.card import DefectClass, InputSpec
from model.frames import checks, frames
from model.frames.frames import FrameEntry, FrameSplit
from model.frames.layout import FRAMES, read_layout
from model.frames.problems import Problems

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """A folder's frames, decoded and checked; each entry but the extra ones has a fold."""

    root: Path
    spec: InputSpec
    class_ids: tuple[int, ...]
    entries: tuple[FrameEntry, ...]
    pixels: dict[str, NDArray[np.uint8]]

    def split(self, held_out_fold: int) -> FrameSplit:
        """One fold held out. Raises FramesRefused when it is not there or holds all frames of a class."""
        problems = Problems(self.root)
        checks.check_held_out(self.entries, held_out_fold, self.class_ids, problems)
        problems.refuse_if_any()
        return frames.split(self.entries, held_out_fold, self.spec, pixels=self.pixels)


def read_frames(
    root: Path, spec: InputSpec, classes: Sequence[DefectClass], *, held_out_fold: int | None = None
) -> Frames:
    """Read, check and decode a folder in the competition's layout (model.frames.layout), each image once.

    spec, classes: the recipe's or the bundle's. held_out_fold: also check that it can be. Without frames.csv
    groups and folds are made (model.frames.folds). Raises FramesRefused with all that is wrong.
    """
    entries = read_layout(root)
    class_ids, problems = tuple(c.class_id for c in classes), Problems(root)
    checks.check_classes(entries, class_ids, problems)
    checks.check_masks(entries, spec, problems)
    checks.check_boxes(entries, spec, problems)
    checks.check_folds(entries, problems)
    pixels = checks.decode_all(entries, spec, problems)
    if held_out_fold is not None and (root / FRAMES).is_file():
        checks.check_held_out(entries, held_out_fold, class_ids, problems)
    problems.refuse_if_any()
    if not (root / FRAMES).is_file():
        entries = _with_folds(entries, pixels, problems)
        if held_out_fold is not None:
            checks.check_held_out(entries, held_out_fold, class_ids, problems)
        problems.refuse_if_any()
    by_truth = frames.counted(entries)["by_truth"]
    log.info("%s: %d frames: %s", root, len(entries), ", ".join(f"{n} {t}" for t, n in by_truth.items()))
    return Frames(root=root, spec=spec, class_ids=class_ids, entries=tuple(entries), pixels=pixels)


def _with_folds(
    entries: list[FrameEntry], pixels: dict[str, NDArray[np.uint8]], problems: Problems
) -> list[FrameEntry]:
    # Only now: hashing and scikit-learn take a second to import, and frames.csv makes them unneeded.
    from model.frames import folds

    own = [e for e in entries if not e.only_trains]
    try:
        made = folds.with_folds(own, pixels)
    except ValueError as too_few:
        problems.add("train.csv", f"{too_few}; add frames, or a {FRAMES} with folds of your own")
        return entries
    groups = len({e.group for e in made})
    log.info("no %s: %d folds made of %d frames in %d groups", FRAMES, folds.FOLDS, len(made), groups)
    return [*made, *(e for e in entries if e.only_trains)]
