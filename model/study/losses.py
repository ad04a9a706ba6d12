"""The reference's losses: weighted cross-entropy and Dice of masks, cross-entropy of defective or clean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.nets import GateNet, SegmenterNet
from model.study.recipe import Learns
from model.training.losses import class_planes
from model.training.sampling import Batch

DICE_SHARE: Final = 0.25
SMOOTH: Final = 1.0
"""Of Dice, above and below: a batch without a defect and without a guess has 1."""


def soft_dice(probabilities: Tensor, truth: Tensor) -> Tensor:
    """One number for a whole batch, all classes pooled, without a threshold: the reference's Dice."""
    shared = (probabilities * truth).sum()
    return (2 * shared + SMOOTH) / (probabilities.sum() + truth.sum() + SMOOTH)


def pixel_weights(class_maps: Tensor, weights: Sequence[float]) -> Tensor:
    """(N, h, w) uint8 -> (N, 1, h, w): each pixel's weight by its class; 1 for the background."""
    by_class = torch.ones(256, device=class_maps.device)
    by_class[1 : len(weights) + 1] = torch.tensor(weights, device=class_maps.device)
    return by_class[class_maps.long()][:, None]


def mask_loss(logits: Tensor, class_maps: Tensor, weights: Sequence[float] = ()) -> Tensor:
    """(BCE + 0.25 (1 - Dice)), weighted per pixel; the Dice is the batch's, so it is weighted by the mean.

    logits: (N, classes, h, w); class_maps: (N, h, w) uint8.
    """
    truth = class_planes(class_maps, logits.shape[1])
    by_pixel = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    by_pixel = by_pixel + DICE_SHARE * (1 - soft_dice(torch.sigmoid(logits), truth))
    return (by_pixel * pixel_weights(class_maps, weights)).mean()


def gate_loss(cells: Tensor, class_maps: Tensor) -> Tensor:
    """Cross-entropy of `any`, the cells' last channel; a picture with any defect is defective.

    cells: (N, classes + 1, 1, 1) logits. The reference's classifier has one output: the classes' own learn
    nothing and say nothing.
    """
    defective = (class_maps != 0).flatten(1).any(dim=1).float()
    return F.binary_cross_entropy_with_logits(cells[:, -1].flatten(1).amax(dim=1), defective)


@dataclass(frozen=True, slots=True)
class StudyLoss:
    """What one stage teaches. encoder_fixed: its weights and norms stay as the stage before left them."""

    learns: Learns
    weights: tuple[float, ...] = ()
    encoder_fixed: bool = False

    def __call__(self, net: nn.Module, batch: Batch) -> Tensor:
        """The loss of a batch."""
        if self.encoder_fixed:
            net.get_submodule("encoder").eval()
        assert isinstance(net, GateNet | SegmenterNet)
        if self.learns == "gate":
            return gate_loss(net.cells(batch.frames).float(), batch.class_maps)
        assert isinstance(net, SegmenterNet)
        seen = net.see(batch.frames)
        masks = mask_loss(seen.masks.float(), batch.class_maps, self.weights)
        if self.learns == "masks":
            return masks
        return masks + gate_loss(seen.cells.float(), batch.class_maps)
