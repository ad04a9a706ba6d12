"""What the networks are taught: cells and frames for the gate, pixels for the segmenter, and by a teacher."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from model.frames.frames import UNKNOWN
from model.nets import CELL_PX, GateNet, SegmenterNet
from model.training.sampling import Batch

CELL_AREA_PX = 8
"""A cell with as many defect pixels, as decoded, is positive; with fewer, but some, it is left out."""

UNKNOWN_AREA_PX = 64
"""As much box without a mask makes a frame positive: less may hold nothing after a cut."""

JOINT_GATE_WEIGHT = 0.5
"""Of the gate head's loss beside the masks' in the segmenter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellTargets:
    """targets, known: (N, classes + 1, h/32, w/32) float32, `any` comes last. frame_defective: (N,)."""

    targets: Tensor
    known: Tensor
    frame_defective: Tensor


def class_planes(class_maps: Tensor, class_count: int) -> Tensor:
    """(N, h, w) uint8 -> (N, classes, h, w) float32, one plane a class; UNKNOWN is in none."""
    ids = torch.arange(1, class_count + 1, device=class_maps.device).view(1, -1, 1, 1)
    return (class_maps[:, None] == ids).float()


def cell_targets(class_maps: Tensor, class_count: int) -> CellTargets:
    """What each of the gate's cells should say of (N, h, w) uint8 class maps."""
    planes = class_planes(class_maps, class_count)
    planes = torch.cat([planes, planes.sum(1, keepdim=True)], dim=1)
    area_px = F.avg_pool2d(planes, CELL_PX) * CELL_PX**2
    unknown_px = F.avg_pool2d((class_maps[:, None] == UNKNOWN).float(), CELL_PX) * CELL_PX**2
    targets = (area_px >= CELL_AREA_PX).float()
    known = ((area_px < 0.5) | (area_px >= CELL_AREA_PX)) & (unknown_px < 0.5)
    defective = targets[:, -1].amax(dim=(1, 2)) > 0
    defective |= unknown_px.sum(dim=(1, 2, 3)) >= UNKNOWN_AREA_PX
    return CellTargets(targets=targets, known=known.float(), frame_defective=defective.float())


def gate_loss(cells: Tensor, class_maps: Tensor) -> Tensor:
    """Cross-entropy of cells, and of frames, which score as their worst cell.

    cells: (N, classes + 1, h/32, w/32) logits of an (N, h, w) class map.
    """
    aim = cell_targets(class_maps, cells.shape[1] - 1)
    by_cell = F.binary_cross_entropy_with_logits(cells, aim.targets, reduction="none")
    loss = (by_cell * aim.known).sum() / aim.known.sum().clamp(min=1)
    return loss + 0.5 * F.binary_cross_entropy_with_logits(_worst(cells), aim.frame_defective)


def distilled_gate_loss(cells: Tensor, class_maps: Tensor, taught: Tensor) -> Tensor:
    """Half the labels' loss, and the teacher's word on every cell and on the frame.

    cells: (N, classes + 1, h/32, w/32) logits; taught: the same shape, the teacher's probabilities.
    """
    soft = F.binary_cross_entropy_with_logits(cells, taught)
    soft = soft + 0.5 * F.binary_cross_entropy_with_logits(_worst(cells), _worst(taught))
    return 0.5 * gate_loss(cells, class_maps) + soft


def mask_loss(logits: Tensor, class_maps: Tensor, positive_weights: tuple[float, ...] = ()) -> Tensor:
    """.75 cross-entropy + .25 soft Dice of the classes that are there, at the class map's size.

    logits: (N, classes, h/4, w/4) of an (N, h, w) class map; UNKNOWN is left out.
    """
    logits = F.interpolate(logits, size=class_maps.shape[-2:], mode="bilinear", align_corners=False)
    target = class_planes(class_maps, logits.shape[1])
    known = (class_maps[:, None] != UNKNOWN).float()
    weights = torch.tensor(positive_weights or (1.0,), device=logits.device).view(1, -1, 1, 1)
    entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none", pos_weight=weights)
    entropy = (entropy * known).sum() / (known.sum() * logits.shape[1]).clamp(min=1)
    probability = torch.sigmoid(logits) * known
    shared = (probability * target).sum(dim=(0, 2, 3))
    dice = (2 * shared + 1) / (probability.sum(dim=(0, 2, 3)) + target.sum(dim=(0, 2, 3)) + 1)
    there = (target.sum(dim=(0, 2, 3)) > 0).float()
    return 0.75 * entropy + 0.25 * ((1 - dice) * there).sum() / there.sum().clamp(min=1)


def _worst(cells: Tensor) -> Tensor:
    """(N, classes + 1, h, w) -> (N,): the highest of `any`."""
    return cells[:, -1].amax(dim=(1, 2))


@dataclass(frozen=True, slots=True)
class JointLoss:
    """What a segmenter learns: masks, and its gate head beside them."""

    positive_weights: tuple[float, ...] = ()

    def __call__(self, net: torch.nn.Module, batch: Batch) -> Tensor:
        """The loss of a batch."""
        assert isinstance(net, SegmenterNet)
        seen = net.see(batch.frames)
        masks = mask_loss(seen.masks.float(), batch.class_maps, self.positive_weights)
        return masks + JOINT_GATE_WEIGHT * gate_loss(seen.cells.float(), batch.class_maps)


@dataclass(frozen=True, slots=True)
class GateLoss:
    """What a small gate learns: from labels, and from a teacher that sees the same varied crops."""

    teacher: SegmenterNet | None = None

    def __call__(self, net: torch.nn.Module, batch: Batch) -> Tensor:
        """The loss of a batch."""
        assert isinstance(net, GateNet)
        cells = net.cells(batch.frames).float()
        if self.teacher is None:
            return gate_loss(cells, batch.class_maps)
        with torch.no_grad():
            taught = torch.sigmoid(self.teacher.cells(batch.frames).float())
        return distilled_gate_loss(cells, batch.class_maps, taught)
