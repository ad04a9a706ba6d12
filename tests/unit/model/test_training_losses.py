"""What the losses ask for: cells from masks, nothing from where nothing is known."""

from __future__ import annotations

import torch

from model.training.frames import UNKNOWN
from model.training.losses import cell_targets, gate_loss, mask_loss


def class_map(rows: int, columns: int, value: int, *, height: int = 64, width: int = 96) -> torch.Tensor:
    """(1, height, width): `value` in the top left rows x columns."""
    classes = torch.zeros(1, height, width, dtype=torch.uint8)
    classes[:, :rows, :columns] = value
    return classes


def test_a_cell_with_enough_defect_is_positive_for_its_class_and_for_any() -> None:
    aim = cell_targets(class_map(4, 4, 2))
    assert aim.targets.nonzero().tolist() == [[0, 1, 0, 0], [0, 4, 0, 0]]
    assert aim.known.all()
    assert aim.frame_defective.tolist() == [1.0]


def test_a_sliver_is_neither_taught_nor_counted() -> None:
    aim = cell_targets(class_map(1, 5, 2))
    assert not aim.targets.any()
    assert (aim.known == 0).nonzero().tolist() == [[0, 1, 0, 0], [0, 4, 0, 0]]
    assert aim.frame_defective.tolist() == [0.0]


def test_a_box_makes_a_frame_defective_without_naming_a_cell() -> None:
    aim = cell_targets(class_map(32, 33, UNKNOWN))
    assert not aim.targets.any()
    assert aim.known[0, 4].tolist() == [[0.0, 0.0, 1.0], [1.0, 1.0, 1.0]]
    assert aim.frame_defective.tolist() == [1.0]


def test_right_cells_cost_less_than_wrong_ones_and_a_teacher_is_heard_on_defective_frames_only() -> None:
    for classes, heard in ((class_map(8, 8, 3), True), (class_map(0, 0, 0), False)):
        aim = cell_targets(classes)
        right = (aim.targets - 0.5) * 10
        assert gate_loss(right, classes, None) < 0.1 < gate_loss(-right, classes, None)
        against = gate_loss(right, classes, 1 - aim.targets) - gate_loss(right, classes, None)
        assert (float(against) > 1) is heard


def test_mask_loss_prefers_the_truth_and_does_not_see_inside_boxes() -> None:
    classes = class_map(32, 32, 1)
    logits = torch.full((1, 4, 16, 24), -8.0)
    missed = mask_loss(logits, classes)
    logits[:, 0, :8, :8] = 8.0
    assert mask_loss(logits, classes) < 0.2 * missed
    boxed = class_map(32, 40, UNKNOWN)
    inside = torch.full((1, 4, 16, 24), -8.0)
    inside[:, 2, :6, :7] = 8.0  # clear of the box's border, where upsampling mixes
    assert torch.isclose(mask_loss(inside, boxed), mask_loss(torch.full_like(inside, -8.0), boxed), atol=1e-4)
