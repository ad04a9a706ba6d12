"""The reference's figures exactly as it took them, and beside each the honest one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.evaluation.gate_figures import rounded, rounded_pair
from model.evaluation.intervals import exact_interval, roc_auc
from model.frames.frames import LabelledFrame
from model.nets import SegmenterNet
from model.study.losses import soft_dice
from model.study.nets import Net
from model.study.pictures import Picture, pictures_of
from model.study.recipe import StudyRecipe
from model.training.losses import class_planes

THRESHOLD: Final = 0.5
"""Of the reference's gate and of its masks."""

DICE_BATCH: Final = 8
"""Pictures whose pixels its Dice pools."""

CLEAN_SHARE: Final = 5902 / 12568
"""Of the whole set's frames."""

GATE_EXPLAINED: Final = (
    "The reference counts crops: each frame gives several easy clean ones, and a frame is lost only when "
    "all of its defective crops are. The honest figure counts frames, as the line does, with defective and "
    "clean ones weighed as in the whole set, and says how many defective frames pass and clean ones stop."
)
MASKS_EXPLAINED: Final = (
    "The reference's Dice pools the soft probabilities of eight defective pictures and of all classes, so "
    "one large scratch outweighs many small defects and clean pictures never count. The honest figure is "
    "the mean over pairs of frame and class that are truly there, of masks cut at .5 on whole frames at "
    "full size."
)


def crop_accuracy(pictures: Sequence[Picture], scores: Sequence[float]) -> dict[str, Any]:
    """Share of pictures, crops or resized frames, that are on the right side of .5; unknown ones left out."""
    known = [(p, s) for p, s in zip(pictures, scores, strict=True) if p.defective is not None]
    right = sum((score > THRESHOLD) == picture.defective for picture, score in known)
    return {
        "pictures": len(known),
        "defective": sum(bool(picture.defective) for picture, _ in known),
        "accuracy": rounded(right / len(known)) if known else None,
        "interval_95": rounded_pair(exact_interval(right, len(known))) if known else None,
    }


def frame_accuracy(frames: Sequence[LabelledFrame], scores: Sequence[float]) -> dict[str, Any]:
    """Any picture above .5 makes a frame defective; `accuracy` is of the frames as they are here.

    `accuracy_as_whole_set` weighs defective and clean frames as in the whole set: the honest figure.
    """
    passed = np.array([score > THRESHOLD for score in scores], np.bool_)
    defective = np.array([frame.defective for frame in frames], np.bool_)
    found, kept = int((passed & defective).sum()), int((~passed & ~defective).sum())
    n_defective, n_clean = int(defective.sum()), int((~defective).sum())
    recall = found / n_defective if n_defective else None
    rejected = kept / n_clean if n_clean else None
    both = recall is not None and rejected is not None
    values = np.asarray(scores, np.float64)
    return {
        "frames": len(frames),
        "accuracy": rounded((found + kept) / len(frames)),
        "accuracy_as_whole_set": rounded((1 - CLEAN_SHARE) * (recall or 0) + CLEAN_SHARE * (rejected or 0))
        if both
        else None,
        "defective": {"n": n_defective, "passed": found, "recall": rounded(recall)},
        "clean": {
            "n": n_clean,
            "stopped": kept,
            "share": rounded(rejected),
            "interval_95": rounded_pair(exact_interval(kept, n_clean)) if n_clean else None,
        },
        "auc": rounded(roc_auc(values[defective], values[~defective])) if both else None,
    }


@torch.inference_mode()
def batch_dice(net: SegmenterNet, pictures: Sequence[Picture], device: torch.device) -> dict[str, Any]:
    """The mean over batches of eight defective pictures, in their order, of soft Dice of all classes at once.

    Pictures are seen as the network sees them: resized masks are compared at the size they were resized to.
    """
    shown = [p for p in pictures if p.defective and p.masked]
    values = []
    for first in range(0, len(shown), DICE_BATCH):
        some = shown[first : first + DICE_BATCH]
        seen = net.see(torch.from_numpy(np.stack([p.pixels for p in some]))[:, None].to(device))
        maps = torch.from_numpy(np.stack([p.class_map for p in some])).to(device)
        probabilities = torch.sigmoid(_at(seen.masks.float(), maps.shape[-2:]))
        values.append(float(soft_dice(probabilities, class_planes(maps, probabilities.shape[1]))))
    dice = rounded(float(np.mean(values))) if values else None
    return {"pictures": len(shown), "batches": len(values), "dice": dice}


@torch.inference_mode()
def hard_dice(
    net: SegmenterNet, frames: Sequence[LabelledFrame], recipe: StudyRecipe, device: torch.device
) -> dict[str, Any]:
    """By class: mean Dice of masks cut at .5, on frames where the class is truly there, no gate before them.

    `pair_mean` is over all pairs of frame and class, `false_on_clean` the clean frames with any mask.
    """
    by_class: dict[int, list[float]] = {c.class_id: [] for c in recipe.classes}
    clean = false = 0
    for frame in frames:
        if frame.truth == "boxes":
            continue
        probabilities, _ = net(torch.from_numpy(frame.pixels)[None, None].to(device))
        masks = _full_size(probabilities[0].float().cpu().numpy(), frame) > THRESHOLD
        if frame.truth == "clean":
            clean += 1
            false += bool(masks.any())
            continue
        for class_id, mask in zip(by_class, masks, strict=True):
            truth = frame.class_map == class_id
            if truth.any():
                both = int((mask & truth).sum())
                by_class[class_id].append(2 * both / (int(mask.sum()) + int(truth.sum())))
    pairs = [dice for values in by_class.values() for dice in values]
    return {
        "pairs": len(pairs),
        "pair_mean": rounded(float(np.mean(pairs))) if pairs else None,
        "by_class": {
            str(c): {"n": len(values), "dice": rounded(float(np.mean(values))) if values else None}
            for c, values in by_class.items()
        },
        "false_on_clean": {"clean": clean, "with_masks": false},
    }


@torch.inference_mode()
def scored(
    net: Net, frames: Sequence[LabelledFrame], recipe: StudyRecipe, device: torch.device
) -> Iterator[tuple[list[Picture], list[float]]]:
    """Each frame's pictures with the gate's score of each; the frame scores as their highest."""
    for frame in frames:
        pictures = pictures_of(frame, recipe.input)
        shown = torch.from_numpy(np.stack([p.pixels for p in pictures]))[:, None].to(device)
        scores = torch.sigmoid(net.cells(shown)[:, -1].float()).amax(dim=(1, 2))
        yield pictures, scores.tolist()


def _at(masks: Tensor, size: Sequence[int]) -> Tensor:
    if tuple(masks.shape[-2:]) == tuple(size):
        return masks
    return torch.nn.functional.interpolate(masks, size=tuple(size), mode="bilinear", align_corners=False)


def _full_size(probabilities: NDArray[np.float32], frame: LabelledFrame) -> NDArray[np.float32]:
    height, width = frame.class_map.shape
    planes = [cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR) for plane in probabilities]
    return np.stack(planes).astype(np.float32)
