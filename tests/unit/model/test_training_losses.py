"""What the losses ask for: cells from masks, nothing from where nothing is known, and a teacher's word."""

from __future__ import annotations

import torch

from model.frames.frames import UNKNOWN
from model.nets import build_gate, build_segmenter
from model.training.losses import GateLoss, JointLoss, cell_targets, distilled_gate_loss, gate_loss, mask_loss
from model.training.sampling import Batch
from tests.support.tiny_nets import GATE, INPUT, SEGMENTER


def class_map(rows: int, columns: int, value: int, *, height: int = 64, width: int = 96) -> torch.Tensor:
    """(1, height, width): `value` in the top left rows x columns."""
    classes = torch.zeros(1, height, width, dtype=torch.uint8)
    classes[:, :rows, :columns] = value
    return classes


def test_a_cell_with_enough_defect_is_positive_for_its_class_and_for_any() -> None:
    aim = cell_targets(class_map(4, 4, 2), 4)
    assert aim.targets.nonzero().tolist() == [[0, 1, 0, 0], [0, 4, 0, 0]]
    assert aim.known.all()
    assert aim.frame_defective.tolist() == [1.0]


def test_a_sliver_is_neither_taught_nor_counted() -> None:
    aim = cell_targets(class_map(1, 5, 2), 4)
    assert not aim.targets.any()
    assert (aim.known == 0).nonzero().tolist() == [[0, 1, 0, 0], [0, 4, 0, 0]]
    assert aim.frame_defective.tolist() == [0.0]


def test_a_box_makes_a_frame_defective_without_naming_a_cell() -> None:
    aim = cell_targets(class_map(32, 33, UNKNOWN), 4)
    assert not aim.targets.any()
    assert aim.known[0, 4].tolist() == [[0.0, 0.0, 1.0], [1.0, 1.0, 1.0]]
    assert aim.frame_defective.tolist() == [1.0]


def test_two_classes_make_three_channels() -> None:
    assert cell_targets(class_map(8, 8, 2), 2).targets.shape == (1, 3, 2, 3)


def test_right_cells_cost_less_than_wrong_ones() -> None:
    for classes in (class_map(8, 8, 3), class_map(0, 0, 0)):
        right = (cell_targets(classes, 4).targets - 0.5) * 10
        assert gate_loss(right, classes) < 0.1 < gate_loss(-right, classes)


def test_a_teacher_is_heard_beside_the_labels() -> None:
    classes = class_map(8, 8, 3)
    truth = cell_targets(classes, 4).targets
    right = (truth - 0.5) * 10
    agreed, against = (distilled_gate_loss(right, classes, taught) for taught in (truth, 1 - truth))
    assert agreed < 0.1
    assert against > agreed + 1
    assert distilled_gate_loss(-right, classes, truth) > distilled_gate_loss(right, classes, truth) + 1


def test_mask_loss_prefers_the_truth_and_does_not_see_inside_boxes() -> None:
    classes = class_map(32, 32, 1)
    logits = torch.full((1, 4, 16, 24), -8.0)
    missed = mask_loss(logits, classes)
    assert mask_loss(logits, classes, (2.0, 1.0, 1.0, 1.0)) > missed
    logits[:, 0, :8, :8] = 8.0
    assert mask_loss(logits, classes) < 0.2 * missed
    boxed = class_map(32, 40, UNKNOWN)
    inside = torch.full((1, 4, 16, 24), -8.0)
    inside[:, 2, :6, :7] = 8.0  # clear of the box's border, where upsampling mixes
    assert torch.isclose(mask_loss(inside, boxed), mask_loss(torch.full_like(inside, -8.0), boxed), atol=1e-4)


def test_both_networks_learn_with_all_that_they_have_and_the_teacher_stays_as_it_is() -> None:
    torch.manual_seed(0)
    segmenter, gate = build_segmenter(SEGMENTER, INPUT), build_gate(GATE, INPUT)
    frames = torch.rand(2, 1, 64, 96) * 255
    batch = Batch(frames=frames, class_maps=class_map(32, 32, 1).repeat(2, 1, 1))
    JointLoss()(segmenter, batch).backward()
    assert all(p.grad is not None for p in segmenter.parameters() if p.requires_grad)
    segmenter.zero_grad(set_to_none=True)
    GateLoss(segmenter.eval())(gate, batch).backward()
    assert all(p.grad is not None for p in gate.parameters())
    assert all(p.grad is None for p in segmenter.parameters())
