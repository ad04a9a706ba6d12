"""The reference's loss and figures are what its text says, by hand; the honest ones beside them too."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from model.card import CropsView, InputSpec, ResizedView
from model.frames.frames import UNKNOWN, LabelledFrame
from model.study.losses import gate_loss, mask_loss, pixel_weights, soft_dice
from model.study.pictures import pictures_of
from model.study.protocols import CLEAN_SHARE, batch_dice, crop_accuracy, frame_accuracy
from model.study.sampling import vary
from tests.support.labelled import labelled_frame

CROPS = InputSpec(
    width_px=160, height_px=64, reduce=1, mean=0, std=1, view=CropsView(kind="crops", width_px=32)
)
RESIZED = CROPS.model_copy(update={"view": ResizedView(kind="resized", height_px=32, width_px=64)})


def boxed(*boxes: tuple[int, int, int, int]) -> LabelledFrame:
    class_map = np.zeros((64, 160), np.uint8)
    for r0, c0, r1, c1 in boxes:
        class_map[r0 : r1 + 1, c0 : c1 + 1] = UNKNOWN
    return LabelledFrame(
        image_id="boxed", truth="boxes", fold=0, classes=(1,), pixels=np.zeros((64, 160), np.uint8),
        class_map=class_map, boxes_by_class={1: boxes},
    )  # fmt: skip


def test_pixels_weigh_by_their_class_and_the_background_one() -> None:
    weights = pixel_weights(torch.tensor([[[0, 1, 2, 3, 4]]], dtype=torch.uint8), (1, 10, 0.05, 0.25))
    assert weights.flatten().tolist() == pytest.approx([1, 1, 10, 0.05, 0.25])


def test_the_loss_is_entropy_and_a_quarter_of_what_dice_lacks_weighted_per_pixel() -> None:
    logits = torch.tensor([[[[0.0, 2.0]], [[-1.0, 0.5]]]])
    maps = torch.tensor([[[0, 2]]], dtype=torch.uint8)
    p = 1 / (1 + np.exp(-logits.numpy()[0, :, 0]))
    truth = np.array([[0, 0], [0, 1]])
    entropy = -(truth * np.log(p) + (1 - truth) * np.log(1 - p))
    dice = (2 * (p * truth).sum() + 1) / (p.sum() + truth.sum() + 1)
    by_hand = ((entropy + 0.25 * (1 - dice)) * np.array([1, 10])).mean()
    assert float(mask_loss(logits, maps, (1, 10))) == pytest.approx(by_hand, rel=1e-5)


def test_dice_pools_all_classes_and_pictures_without_a_threshold() -> None:
    probabilities = torch.tensor([[[[0.4]], [[0.2]]], [[[1.0]], [[0.0]]]])
    truth = torch.tensor([[[[1.0]], [[0.0]]], [[[1.0]], [[0.0]]]])
    assert float(soft_dice(probabilities, truth)) == pytest.approx((2 * 1.4 + 1) / (1.6 + 2 + 1))


def test_the_gate_learns_any_defect_by_its_last_channel_alone() -> None:
    cells = torch.zeros(2, 3, 1, 1, requires_grad=True)
    maps = torch.zeros(2, 4, 4, dtype=torch.uint8)
    maps[1, 0, 0] = UNKNOWN
    loss = gate_loss(cells, maps)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(np.log(2))
    assert cells.grad is not None
    assert cells.grad[:, :2].abs().sum() == 0
    assert cells.grad[:, 2].flatten().tolist() == pytest.approx([0.25, -0.25])


def test_crops_lie_side_by_side_and_know_whether_they_are_defective() -> None:
    pictures = pictures_of(labelled_frame("x", 2), CROPS)
    assert [p.pixels.shape for p in pictures] == [(64, 32)] * 5
    assert [p.defective for p in pictures] == [False, True, False, False, False]
    assert not any(p.of_clean for p in pictures)


def test_a_crop_with_a_part_of_a_box_is_unknown() -> None:
    pictures = pictures_of(boxed((0, 4, 9, 20), (0, 90, 9, 100)), CROPS)
    assert [p.defective for p in pictures] == [True, False, None, None, False]
    assert [p.masked for p in pictures] == [False, True, False, False, True]


def test_a_resized_frame_is_one_picture_with_its_masks_resized() -> None:
    (picture,) = pictures_of(labelled_frame("x", 3), RESIZED)
    assert picture.pixels.shape == picture.class_map.shape == (32, 64)
    assert picture.defective
    assert set(np.unique(picture.class_map)) == {0, 3}


def test_varied_pixels_and_masks_stay_together() -> None:
    frame = labelled_frame("x", 4)
    turned = 0
    for seed in range(20):
        pixels, truth = vary(np.random.default_rng(seed), frame.pixels, frame.class_map)
        assert ((pixels > 77) == (truth == 4)).mean() > 0.97
        turned += len(np.unique(np.flatnonzero(truth.any(axis=0)))) != 32
    assert 1 <= turned <= 12


def test_crops_and_frames_are_judged_at_a_half() -> None:
    frames = [labelled_frame("x", 1), labelled_frame("y", 0), boxed((0, 90, 9, 100))]
    pictures = [p for frame in frames for p in pictures_of(frame, CROPS)]
    scores = [0.0, 0.9, 0.0, 0.6, 0.0] + [0.1] * 5 + [0.0, 0.0, 0.9, 0.9, 0.0]
    crops = crop_accuracy(pictures, scores)
    assert (crops["pictures"], crops["defective"], crops["accuracy"]) == (13, 1, round(12 / 13, 4))

    found = frame_accuracy(frames, [0.9, 0.5, 0.4])
    assert found["accuracy"] == round(2 / 3, 4)
    assert found["defective"] == {"n": 2, "passed": 1, "recall": 0.5}
    assert (found["clean"]["n"], found["clean"]["stopped"]) == (1, 1)
    assert found["accuracy_as_whole_set"] == round(0.5 * (1 - CLEAN_SHARE) + CLEAN_SHARE, 4)


class Says(nn.Module):
    """Of class 1 in every pixel."""

    def see(self, pictures: Tensor) -> nn.Module:
        self.masks = torch.full((len(pictures), 4, *pictures.shape[-2:]), -30.0)
        self.masks[:, 0] = 30.0
        self.batches = [*getattr(self, "batches", []), len(pictures)]
        return self


def test_the_references_dice_takes_defective_pictures_in_batches_of_eight() -> None:
    pictures = [p for k in range(9) for p in pictures_of(labelled_frame(str(k), 1 + (k == 8)), CROPS)]
    net = Says()
    found = batch_dice(net, pictures, torch.device("cpu"))  # type: ignore[arg-type]
    assert net.batches == [8, 1]
    area = 64 * 32
    assert found == {"pictures": 9, "batches": 2, "dice": round((1 + 1 / (2 * area + 1)) / 2, 4)}
