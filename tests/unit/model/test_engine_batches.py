"""What every torch device shares: which batch, in what order, how many under way, what an error leaves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from model.engines.batches import SLOTS, BatchedNet, EagerNet, Frames
from model.engines.cuda import InFullPrecision, bfloat16_forward, in_bfloat16
from model.engines.halves import Begins
from model.engines.torch import OnlyMasks
from model.nets import build_gate, build_segmenter
from tests.support.tiny_nets import GATE, INPUT, SEGMENTER

SHAPE = (1, 1, 2, 3)


def frame(value: int) -> np.ndarray:
    return np.full(SHAPE[2:], value, np.uint8)


class Recorded(BatchedNet):
    """Says each frame's first pixel, and writes down what it was asked; `fails` is a batch by number."""

    def __init__(self, buckets: Sequence[int], fails: int | None = None) -> None:
        super().__init__(SHAPE, buckets)
        self.asked: list[str] = []
        self.under_way: dict[int, Frames] = {}
        self.fails = fails

    def _start(self, slot: int, frames: Frames, bucket: int) -> None:
        assert slot not in self.under_way, "a slot is started again before it was finished"
        self.under_way[slot] = frames
        self.asked.append(f"start {len(frames)} of {bucket}")

    def _finish(self, slot: int, count: int) -> np.ndarray:
        if self.fails == len([a for a in self.asked if a.startswith("finish")]):
            raise RuntimeError("the device is lost")
        frames = self.under_way.pop(slot)
        assert len(frames) == count
        self.asked.append(f"finish {count}")
        return np.array([float(one[0, 0]) for one in frames], np.float32)

    def _settle(self) -> None:
        self.asked.append("settle")
        self.under_way.clear()


@pytest.mark.parametrize(
    ("count", "asked"),
    [
        (0, []),
        (1, ["start 1 of 1", "finish 1"]),
        (3, ["start 3 of 4", "finish 3"]),
        (4, ["start 4 of 4", "finish 4"]),
        (6, ["start 4 of 4", "start 2 of 2", "finish 4", "finish 2"]),
        (9, [*["start 4 of 4"] * 2, "finish 4", "start 1 of 1", "finish 4", "finish 1"]),
    ],
)  # fmt: skip
def test_frames_go_in_the_smallest_batch_that_holds_them_and_come_back_in_order(
    count: int, asked: list[str]
) -> None:
    net = Recorded((4, 1, 2))

    said = net.run([frame(value) for value in range(count)], float)

    assert said == list(range(count))
    assert net.asked == [*asked, "settle"]


def test_results_are_looked_at_while_the_next_batch_runs() -> None:
    net = Recorded((2,))
    seen: list[int] = []

    net.run([frame(value) for value in range(6)], lambda output: seen.append(len(net.under_way)))

    assert seen == [SLOTS - 1] * 4 + [0] * 2


def test_an_error_leaves_nothing_under_way() -> None:
    net = Recorded((2,), fails=1)

    with pytest.raises(RuntimeError, match="the device is lost"):
        net.run([frame(value) for value in range(8)], float)

    assert net.under_way == {}
    assert net.asked[-1] == "settle"
    net.fails = None
    assert net.run([frame(7)], float) == [7]


@pytest.mark.parametrize(
    "strange",
    [np.zeros((3, 2), np.uint8), np.zeros((2, 3), np.float32), torch.zeros((1, 2, 3), dtype=torch.uint8)],
    ids=["turned", "of_floats", "with_a_channel"],
)
def test_a_frame_of_another_shape_is_refused_before_anything_starts(strange: np.ndarray | Tensor) -> None:
    net = Recorded((1,))

    with pytest.raises(ValueError, match=r"the networks take uint8 \(2, 3\)"):
        net.run([frame(1), strange], float)

    assert net.asked == []


@pytest.mark.parametrize("buckets", [(), (0, 1)])
def test_there_must_be_a_batch_of_at_least_one_frame(buckets: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="batches of at least one frame"):
        Recorded(buckets)


class Levels(nn.Module):
    """A network that says each frame's mean, as bfloat16."""

    def forward(self, frames: Tensor) -> Tensor:
        return frames.float().mean(dim=(1, 2, 3)).bfloat16()


@pytest.mark.parametrize(
    "as_frame", [frame, lambda value: torch.from_numpy(frame(value))], ids=["numpy", "torch"]
)
def test_the_cpu_pads_and_says_float32(as_frame: type) -> None:
    net = EagerNet(Levels(), SHAPE, (2, 4))
    said = net.run([as_frame(value) for value in range(7)], np.copy)
    assert [float(value) for value in said] == list(range(7))
    assert {value.dtype for value in said} == {np.dtype(np.float32)}


@pytest.fixture
def frames() -> Tensor:
    torch.manual_seed(4)
    return torch.randint(0, 256, (2, 1, 64, 96), dtype=torch.uint8)


@torch.no_grad()
def test_bfloat16_keeps_heads_and_norms_in_full_precision_and_results_close(frames: Tensor) -> None:
    torch.manual_seed(0)
    segmenter = build_segmenter(SEGMENTER, INPUT).eval()
    masks, scores = OnlyMasks(segmenter), Begins(segmenter)
    expected = masks(frames), scores(frames)[0]

    for _ in range(2):  # the halves of a design with one encoder share their network
        in_bfloat16(masks)
        in_bfloat16(scores)
    found = bfloat16_forward(masks, frames)[0], bfloat16_forward(scores, frames)[0]

    assert isinstance(segmenter.gate_head, InFullPrecision)
    assert isinstance(segmenter.gate_head.layer, nn.Conv2d)
    types = {type(module).__name__: {p.dtype for p in module.parameters(recurse=False)} for module in
             (segmenter.gate_head.layer, segmenter.segmentation_head.layer[0])}  # fmt: skip
    assert types == {"Conv2d": {torch.float32}}
    kept = [m for m in segmenter.encoder.modules() if isinstance(m, nn.Conv2d)]
    assert {conv.weight.dtype for conv in kept} == {torch.bfloat16}
    norms = [m for m in segmenter.modules() if isinstance(m, nn.BatchNorm2d | nn.GroupNorm)]
    assert {norm.weight.dtype for norm in norms} == {torch.float32}
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == torch.float32
        assert not torch.equal(one, other), "nothing was rounded: this tested nothing"
        assert (one - other).abs().max() < 0.06
        assert (one - other).abs().mean() < 0.01


@torch.no_grad()
def test_bfloat16_leaves_scores_finer_than_its_own_steps(frames: Tensor) -> None:
    """A score that was rounded to bfloat16 could only be a multiple of 1/512 near 1/2."""
    torch.manual_seed(0)
    (scores,) = bfloat16_forward(in_bfloat16(build_gate(GATE, INPUT).eval()), frames)
    assert not torch.equal(scores, scores.bfloat16().float())
