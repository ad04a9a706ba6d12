"""What the networks are taught: cells and frames for the gate, pixels for the segmenter."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from model.nets import CELL_PX
from model.training.frames import CLASS_COUNT, UNKNOWN

CELL_AREA_PX = 8
"""A cell with as many defect pixels (half size) is positive; with fewer, but some, it is left out."""

UNKNOWN_AREA_PX = 64
"""As much box without a mask makes a frame positive: less may hold nothing after a cut."""

POSITIVE_WEIGHTS = (2.0, 2.0, 1.0, 1.5)
"""By class, for the segmenter's cross-entropy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellTargets:
    """targets, known: (N, classes + 1, h/32, w/32) float32, `any` comes last. frame_defective: (N,)."""

    targets: Tensor
    known: Tensor
    frame_defective: Tensor


def class_planes(class_maps: Tensor) -> Tensor:
    """(N, h, w) uint8 -> (N, classes, h, w) float32, one plane a class; UNKNOWN is in none."""
    ids = torch.arange(1, CLASS_COUNT + 1, device=class_maps.device).view(1, -1, 1, 1)
    return (class_maps[:, None] == ids).float()


def cell_targets(class_maps: Tensor) -> CellTargets:
    """What each of the gate's cells should say of (N, h, w) uint8 class maps."""
    planes = class_planes(class_maps)
    planes = torch.cat([planes, planes.sum(1, keepdim=True)], dim=1)
    area_px = F.avg_pool2d(planes, CELL_PX) * CELL_PX**2
    unknown_px = F.avg_pool2d((class_maps[:, None] == UNKNOWN).float(), CELL_PX) * CELL_PX**2
    targets = (area_px >= CELL_AREA_PX).float()
    known = ((area_px < 0.5) | (area_px >= CELL_AREA_PX)) & (unknown_px < 0.5)
    defective = targets[:, -1].amax(dim=(1, 2)) > 0
    defective |= unknown_px.sum(dim=(1, 2, 3)) >= UNKNOWN_AREA_PX
    return CellTargets(targets=targets, known=known.float(), frame_defective=defective.float())


def gate_loss(
    cells: Tensor, class_maps: Tensor, teacher: Tensor | None, teacher_everywhere: float = 0.0
) -> Tensor:
    """Cross-entropy of cells, of frames (their worst cell), and against the teacher's on defective frames.

    `teacher_everywhere` weighs the teacher on all frames, beside that.

    cells: (N, classes + 1, h/32, w/32) logits; teacher: the same shape, probabilities.
    """
    aim = cell_targets(class_maps)
    by_cell = F.binary_cross_entropy_with_logits(cells, aim.targets, reduction="none")
    loss = (by_cell * aim.known).sum() / aim.known.sum().clamp(min=1)
    loss = loss + 0.5 * F.binary_cross_entropy_with_logits(cells[:, -1].amax(dim=(1, 2)), aim.frame_defective)
    if teacher is not None:
        # Clean frames need no teacher: their truth is known to the last cell, and there it is at its worst.
        weight = aim.frame_defective.view(-1, 1, 1, 1).expand_as(cells)
        by_cell = F.binary_cross_entropy_with_logits(cells, teacher, reduction="none")
        loss = loss + 0.5 * (by_cell * weight).sum() / weight.sum().clamp(min=1)
        loss = loss + teacher_everywhere * by_cell.mean()
    return loss


def mask_loss(logits: Tensor, class_maps: Tensor) -> Tensor:
    """.75 cross-entropy + .25 soft Dice of the classes that are there, at the class map's size.

    logits: (N, classes, h/4, w/4) of an (N, h, w) class map; UNKNOWN is left out.
    """
    logits = F.interpolate(logits, size=class_maps.shape[-2:], mode="bilinear", align_corners=False)
    target = class_planes(class_maps)
    known = (class_maps[:, None] != UNKNOWN).float()
    weights = torch.tensor(POSITIVE_WEIGHTS, device=logits.device).view(1, -1, 1, 1)
    entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none", pos_weight=weights)
    entropy = (entropy * known).sum() / (known.sum() * logits.shape[1]).clamp(min=1)
    probability = torch.sigmoid(logits) * known
    shared = (probability * target).sum(dim=(0, 2, 3))
    dice = (2 * shared + 1) / (probability.sum(dim=(0, 2, 3)) + target.sum(dim=(0, 2, 3)) + 1)
    there = (target.sum(dim=(0, 2, 3)) > 0).float()
    return 0.75 * entropy + 0.25 * ((1 - dice) * there).sum() / there.sum().clamp(min=1)
