"""What `predict` leaves behind: two tables and a folder of pictures, all of them or nothing."""

from __future__ import annotations

import csv
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self, TextIO, get_args

import cv2

from model import rle
from model.images import decode_grey
from model.inspector import Inspector
from model.overlays import draw_overlay
from model.predict import Predicted, PredictRefused
from model.regions import class_masks

INSPECTIONS_FILE: Final = "inspections.csv"
SUBMISSION_FILE: Final = "submission.csv"
OVERLAYS_FOLDER: Final = "overlays"
JPEG_QUALITY: Final = 90

Drawn = Literal["all", "defective", "none"]
DRAWN: tuple[Drawn, ...] = get_args(Drawn)


class Outputs:
    """Writes into a hidden folder beside `folder` and takes its place at the end.

    Used as a context: whatever is raised inside leaves `folder` as it was. An earlier result is replaced; a
    folder that holds anything else is refused with PredictRefused.
    """

    def __init__(self, folder: Path, inspector: Inspector, drawn: Drawn = "all") -> None:
        _check_replaceable(folder)
        self._folder = folder.resolve()
        self._card = inspector.card
        self._point = inspector.point
        self._drawn = drawn

    def __enter__(self) -> Self:
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        # Beside its goal, so that the rename stays inside one file system.
        self._hidden = Path(tempfile.mkdtemp(prefix=f".{self._folder.name}.", dir=self._folder.parent))
        self._fresh = self._hidden / "new"
        (self._fresh / OVERLAYS_FOLDER).mkdir(parents=True)
        self._inspections = self._table(INSPECTIONS_FILE, "image_id", "gate_score", "defective")
        self._submission = self._table(SUBMISSION_FILE, "ImageId", "ClassId", "EncodedPixels")
        return self

    def add(self, predicted: Predicted) -> int:
        """Write one image's rows and picture; returns the number of masks."""
        result, spec = predicted.result, self._card.input
        row = (predicted.image_id, f"{result.gate_score:.6f}", int(result.defective))
        csv.writer(self._inspections, lineterminator="\n").writerow(row)
        masks = class_masks(result.regions, spec.height_px, spec.width_px)
        rows = [(predicted.image_id, class_id, rle.encode(mask)) for class_id, mask in sorted(masks.items())]
        csv.writer(self._submission, lineterminator="\n").writerows(rows)
        if self._drawn == "all" or (self._drawn == "defective" and result.defective):
            self._draw(predicted)
        return len(rows)

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inspections.close()
        self._submission.close()
        try:
            if kind is None:
                self._take_place()
        finally:
            shutil.rmtree(self._hidden, ignore_errors=True)

    def _table(self, name: str, *columns: str) -> TextIO:
        opened = (self._fresh / name).open("w", encoding="utf-8", newline="")
        csv.writer(opened, lineterminator="\n").writerow(columns)
        return opened

    def _draw(self, predicted: Predicted) -> None:
        spec = self._card.input
        pixels = decode_grey(predicted.encoded, width_px=spec.width_px, height_px=spec.height_px, reduce=1)
        picture = draw_overlay(
            pixels, predicted.result, self._card.classes, self._point.gate_threshold, predicted.image_id
        )
        _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        # The whole name, because a.jpg and a.png may lie side by side.
        name = predicted.image_id if predicted.image_id.endswith(".jpg") else f"{predicted.image_id}.jpg"
        (self._fresh / OVERLAYS_FOLDER / name).write_bytes(coded.tobytes())

    def _take_place(self) -> None:
        former = self._hidden / "former"
        if self._folder.exists():
            _check_replaceable(self._folder)  # somebody may have put something there meanwhile
            self._folder.rename(former)
        try:
            self._fresh.rename(self._folder)
        except OSError:
            if former.exists():
                former.rename(self._folder)
            raise


def _check_replaceable(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise PredictRefused(f"{folder} is a file: give another folder for --out")
    ours = {INSPECTIONS_FILE, SUBMISSION_FILE, OVERLAYS_FOLDER}
    if others := sorted(entry.name for entry in folder.iterdir() if entry.name not in ours):
        raise PredictRefused(
            f"{folder} holds {others[0]}, which is no earlier result: give a new or an empty folder for --out"
        )
