"""Study recipes that train in a second, and frames for them: 64x192, in crops of 96 or resized."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import yaml

from model import rle
from tests.support.tiny_nets import ENCODER

WIDTH_PX, HEIGHT_PX, CROP_PX = 192, 64, 96
CROPS: Final = {"kind": "crops", "width_px": CROP_PX}
RESIZED: Final = {"kind": "resized", "height_px": 32, "width_px": 64}
DEFECT: Final = (slice(16, 48), slice(8, 56))


def study_recipe(folder: Path, name: str = "tiny-gate", **changes: Any) -> Path:
    """A recipe file: a classifier on crops, unless `changes` say otherwise."""
    stated: dict[str, Any] = {
        "name": name,
        "row": {"table": "classifier", "label": "tiny", "figure": 0.5},
        "classes": [{"class_id": 1, "name": "pit"}, {"class_id": 2, "name": "crack"}],
        "input": {
            "width_px": WIDTH_PX, "height_px": HEIGHT_PX, "reduce": 1, "mean": 88.0, "std": 50.0,
            "view": CROPS,
        },
        "encoder": ENCODER,
        "start": "random",
        "augmentations": True,
        "batch_size": 2,
        "stages": [{"learns": "gate", "steps": 3}],
        "note": "a test",
    }  # fmt: skip
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(stated | changes, sort_keys=False))
    return path


def segmenter_recipe(folder: Path, name: str = "tiny-masks", **changes: Any) -> Path:
    """The segmenter that belongs to it: the same input, pixel weights."""
    given = {
        "row": {"table": "segmenter", "label": "tiny", "figure": 0.5},
        "decoder": "linknet",
        "pixel_weights": [1.0, 10.0],
        "stages": [{"learns": "masks", "steps": 3}],
    }
    return study_recipe(folder, name, **(given | changes))


def study_frames(root: Path) -> Path:
    """Six frames: a, b, d masked in their left crop, c and e clean, f boxes; folds 0 and 1."""
    (root / "images").mkdir(parents=True)
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.bool_)
    mask[DEFECT] = True
    for seed, name in enumerate("abcdef"):
        pixels = np.random.default_rng(seed).integers(60, 90, (HEIGHT_PX, WIDTH_PX), np.uint8)
        if name not in "ce":
            pixels[DEFECT] = 220
        (root / "images" / f"{name}.jpg").write_bytes(cv2.imencode(".jpg", pixels)[1].tobytes())
    (root / "frames.csv").write_text(
        "ImageId,truth,group,fold,classes\n"
        "a.jpg,mask,a,0,1\nb.jpg,mask,b,1,1\nc.jpg,clean,c,1,\nd.jpg,mask,d,1,2\ne.jpg,clean,e,0,\n"
        "f.jpg,boxes,f,0,2\n"
    )
    code = rle.encode(mask)
    (root / "train.csv").write_text(
        f"ImageId,ClassId,EncodedPixels\na.jpg,1,{code}\nb.jpg,1,{code}\nd.jpg,2,{code}\n"
    )
    (root / "boxes.csv").write_text('ImageId,bboxes\nf.jpg,"[[16, 8, 47, 55]]"\n')
    return root
