"""Small folders in the competition's layout, 32x64 px a frame, to be read as they are or after some harm."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pytest

from model import rle
from model.card import DefectClass, InputSpec
from tests.support.sources import ROOT

WIDTH_PX, HEIGHT_PX = 64, 32
SPEC: Final = InputSpec(width_px=WIDTH_PX, height_px=HEIGHT_PX, reduce=2, mean=88, std=50)
CLASSES: Final = tuple(DefectClass(class_id=c, name=name) for c, name in enumerate(("pit", "crack"), start=1))


def noise_jpeg(seed: int, width_px: int = WIDTH_PX, height_px: int = HEIGHT_PX) -> bytes:
    """A frame that looks like no other seed's."""
    coarse = np.random.default_rng(seed).integers(30, 220, (height_px // 4, width_px // 4), np.uint8)
    pixels = cv2.resize(coarse, (width_px, height_px), interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def code_of(rows: slice, columns: slice) -> str:
    """The run-length code of a rectangle."""
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.bool_)
    mask[rows, columns] = True
    return rle.encode(mask)


PIT: Final = code_of(slice(4, 12), slice(8, 24))
CRACK: Final = code_of(slice(16, 28), slice(40, 44))


def listed_layout(root: Path) -> Path:
    """With frames.csv: a and b masked (classes 1; 1 and 2), c clean, d boxes (2), e clean; folds 0, 1, 2."""
    (root / "images").mkdir(parents=True)
    for seed, name in enumerate("abcde"):
        (root / "images" / f"{name}.jpg").write_bytes(noise_jpeg(seed))
    (root / "frames.csv").write_text(
        "ImageId,truth,group,fold,classes\n"
        "a.jpg,mask,a,0,1\n"
        "b.jpg,mask,b,1,1 2\n"
        "c.jpg,clean,c,1,\n"
        "d.jpg,boxes,d,2,2\n"
        "e.jpg,clean,e,0,\n"
    )
    (root / "train.csv").write_text(
        f"ImageId,ClassId,EncodedPixels\na.jpg,1,{PIT}\nb.jpg,1,{PIT}\nb.jpg,2,{CRACK}\nelsewhere.jpg,9,1 1\n"
    )
    (root / "boxes.csv").write_text(
        'ImageId,bboxes\na.jpg,"[[4, 8, 11, 23]]"\nd.jpg,"[[8, 10, 19, 29], [0, 0, 3, 3]]"\n'
    )
    (root / "labels.csv").write_text("ImageId,area_class_1,area_class_2\na.jpg,128,0\nd.jpg,0,100\n")
    return root


def plain_layout(root: Path, masked: int = 12, clean: int = 8) -> Path:
    """As the competition brings it: train_images/ and train.csv; frame i has class 1, each fourth class 2."""
    (root / "train_images").mkdir(parents=True)
    rows = ["ImageId,ClassId,EncodedPixels"]
    for index in range(masked + clean):
        (root / "train_images" / f"{index:03}.jpg").write_bytes(noise_jpeg(index))
        if index < masked:
            rows.append(f"{index:03}.jpg,{1 + (index % 4 == 0)},{PIT}")
    (root / "train.csv").write_text("\n".join(rows) + "\n")
    return root


Harm = Callable[[Path], object]


def replaced(name: str, old: str, new: str) -> Harm:
    """A file with one place changed."""

    def harm(root: Path) -> None:
        text = (root / name).read_text()
        assert text.count(old) == 1, f"{name} must hold {old!r} once"
        (root / name).write_text(text.replace(old, new))

    return harm


def row_added(name: str, row: str) -> Harm:
    def harm(root: Path) -> None:
        with (root / name).open("a") as file:
            file.write(f"{row}\n")

    return harm


def written(name: str, content: bytes) -> Harm:
    return lambda root: (root / name).write_bytes(content)


def removed(name: str) -> Harm:
    return lambda root: (root / name).unlink()


def folder_removed(name: str) -> Harm:
    return lambda root: shutil.rmtree(root / name)


def cut(name: str) -> Harm:
    return lambda root: (root / name).write_bytes((root / name).read_bytes()[:-200])


def real_frames() -> Path:
    """The folder of real frames; without one the test is skipped, and fails where CI is true."""
    root = Path(os.environ.get("COILWATCH_FRAMES") or ROOT.parent / "shared" / "data" / "severstal")
    root = root.parent if root.name == "images" else root
    if not (root / "frames.csv").exists():
        absent = f"no real frames: {root} holds no frames.csv"
        if os.environ.get("CI") == "true":
            pytest.fail(absent)
        pytest.skip(absent)
    return root
