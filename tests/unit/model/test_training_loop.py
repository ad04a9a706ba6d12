"""The loop learns, stops in time, averages, resumes to the bit, and says what to do when it cannot go on."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from model.frames.refused import TrainingRefused
from model.training.checkpoints import CheckpointFile
from model.training.hardware import Hardware, choose_hardware
from model.training.loop import LoopPlan, Trained, train
from model.training.memory import is_out_of_memory
from model.training.progress import Moment, Watches
from model.training.sampling import Batch
from model.training.schedule import rate
from tests.support.training_nets import CPU, OneConvolution, small_sampler, wrong_pixels


class Notes:
    """A watch that keeps what it was told, and may stop the training after a step."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.moments: list[Moment] = []
        self.begun: list[tuple[str, int, int]] = []
        self._stop_after = stop_after

    def begins(self, stage: str, steps: int, at_step: int) -> None:
        self.begun.append((stage, steps, at_step))

    def stepped(self, moment: Moment) -> None:
        self.moments.append(moment)
        if moment.step == self._stop_after:
            raise KeyboardInterrupt

    def ends(self) -> None:
        pass


def plan(**changes: Any) -> LoopPlan:
    return LoopPlan(**{"stage": "joint", "steps": 20, "learning_rate": 3e-2} | changes)


def run(asked: LoopPlan, watch: Any = None, **changes: Any) -> Trained:
    given = {"hardware": CPU, "watch": watch or Watches()} | changes
    return train(OneConvolution(), small_sampler(), wrong_pixels, asked, **given)


def checkpoint(folder: Path, **identity: str) -> CheckpointFile:
    return CheckpointFile(path=folder / "joint.pt", identity={"seed": "0"} | identity, every_s=0)


def test_training_lowers_the_loss_and_returns_an_average_that_stands_still() -> None:
    before = float(wrong_pixels(OneConvolution(), small_sampler().batch(0)).detach())
    net = OneConvolution()
    trained = train(net, small_sampler(), wrong_pixels, plan(steps=80), hardware=CPU, watch=Watches())
    assert trained.steps == 80
    assert trained.loss < 0.5 * before
    assert float(wrong_pixels(trained.net, small_sampler().batch(0)).detach()) < 0.5 * before
    assert not trained.net.training
    assert not torch.equal(trained.net.head.weight, net.head.weight)


def test_an_interrupted_run_ends_with_the_weights_of_one_that_was_not(tmp_path: Path) -> None:
    whole = run(plan())
    for stop_after in (3, 4, 11):
        with pytest.raises(KeyboardInterrupt):
            run(plan(), Notes(stop_after), checkpoint=checkpoint(tmp_path))
    notes = Notes()
    resumed = run(plan(), notes, checkpoint=checkpoint(tmp_path))
    assert notes.begun == [("joint", 20, 10)]  # the 11th step was not saved yet
    assert resumed.loss == whole.loss
    for name, value in whole.net.state_dict().items():
        assert torch.equal(value, resumed.net.state_dict()[name]), name


def test_a_finished_stage_is_not_run_again(tmp_path: Path) -> None:
    first = run(plan(), checkpoint=checkpoint(tmp_path))
    notes = Notes()
    again = run(plan(steps=99), notes, checkpoint=checkpoint(tmp_path))
    assert notes.moments == []
    assert (again.steps, again.loss, again.spent_s) == (20, first.loss, first.spent_s)
    assert torch.equal(again.net.head.weight, first.net.head.weight)


def test_a_budget_ends_it_with_a_fallen_rate_and_counts_what_an_earlier_run_has_spent(tmp_path: Path) -> None:
    def seconds() -> Any:
        return itertools.count(step=1.0).__next__

    with pytest.raises(KeyboardInterrupt):
        run(plan(steps=10**6, budget_s=40), Notes(8), checkpoint=checkpoint(tmp_path), clock=seconds())
    notes = Notes()
    asked = plan(steps=10**6, budget_s=40)
    trained = run(asked, notes, checkpoint=checkpoint(tmp_path), clock=seconds())
    assert 40 <= trained.spent_s < 45
    assert notes.moments[0].spent_s > 10
    assert notes.moments[-1].learning_rate < 0.05 * asked.learning_rate
    assert notes.moments[0].left_s > 10 > 3 > notes.moments[-1].left_s


def test_no_time_means_no_steps() -> None:
    assert run(plan(budget_s=0)).steps == 0


@pytest.mark.parametrize("seen", [{"seed": "1"}, {"recipe": "x"}])
def test_another_runs_checkpoint_is_refused(seen: dict[str, str], tmp_path: Path) -> None:
    run(plan(steps=1), checkpoint=checkpoint(tmp_path))
    with pytest.raises(
        TrainingRefused, match=rf"joint\.pt .* other {next(iter(seen))}: start over with --fresh"
    ):
        run(plan(steps=1), checkpoint=checkpoint(tmp_path, **seen))


@pytest.mark.parametrize("content", [b"", b"PK no zip", b"x" * 5000])
def test_a_file_that_is_no_checkpoint_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "joint.pt").write_bytes(content)
    with pytest.raises(TrainingRefused, match="no checkpoint of this version"):
        run(plan(steps=1), checkpoint=checkpoint(tmp_path))


def test_a_kill_while_writing_leaves_the_checkpoint_before(tmp_path: Path) -> None:
    file = checkpoint(tmp_path)
    file.save({"step": 1})
    torn = (tmp_path / "joint.pt").read_bytes()[:100]
    (tmp_path / "joint.part").write_bytes(torn)
    assert file.load(CPU.device) == {"step": 1}


@pytest.mark.parametrize("broken", ["loss", "gradient"])
def test_what_is_no_number_ends_it_and_spoils_no_checkpoint(broken: str, tmp_path: Path) -> None:
    def loss_of(net: nn.Module, batch: Batch) -> Tensor:
        loss = wrong_pixels(net, batch)
        steps.append(1)
        if len(steps) < 4:
            return loss
        return loss * float("nan") if broken == "loss" else loss + (net.head.weight * 0).sqrt().sum()

    steps: list[int] = []
    with pytest.raises(TrainingRefused, match=r"stage joint, step 4: .*nan.* lower learning_rate"):
        train(
            OneConvolution(),
            small_sampler(),
            loss_of,
            plan(),
            hardware=CPU,
            watch=Watches(),
            checkpoint=checkpoint(tmp_path),
        )
    stored = checkpoint(tmp_path).load(CPU.device)
    assert stored is not None
    assert stored["step"] == 3
    assert all(v.isfinite().all() for v in stored["net"].values())


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), id="cuda"),
        pytest.param(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), id="linux"),
        pytest.param(RuntimeError("DefaultCPUAllocator: not enough memory: you tried to"), id="windows"),
        pytest.param(MemoryError("Unable to allocate 2 GiB for an array"), id="numpy"),
    ],
)
def test_memory_can_run_out_in_several_ways(failure: Exception) -> None:
    assert is_out_of_memory(failure)


@pytest.mark.parametrize(("room", "said"), [(5, ", 4 would: give --batch 4"), (0, ", nor does a single one")])
def test_out_of_memory_names_the_batch_that_fits(room: int, said: str) -> None:
    def loss_of(net: nn.Module, batch: Batch) -> Tensor:
        if len(batch) > room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return wrong_pixels(net, batch)

    with pytest.raises(TrainingRefused, match=f"8 frames a step do not fit into the memory of the CPU{said}"):
        train(OneConvolution(), small_sampler(8), loss_of, plan(), hardware=CPU, watch=Watches())


def test_another_error_is_not_taken_for_it() -> None:
    def loss_of(net: nn.Module, batch: Batch) -> Tensor:
        raise RuntimeError("shapes do not match")

    assert not is_out_of_memory(RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes"):
        train(OneConvolution(), small_sampler(), loss_of, plan(), hardware=CPU, watch=Watches())


@pytest.mark.parametrize("schedule", ["flat-then-cosine", "one-cycle"])
def test_a_rate_rises_once_and_falls_to_nothing(schedule: Any) -> None:
    rates = [rate(schedule, done / 200, 0.4) for done in range(201)]
    top = rates.index(max(rates))
    assert max(rates) == pytest.approx(1)
    assert rates[0] < 0.06
    assert rates[-1] < 1e-4
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert (rates[75] == 1.0) is (schedule == "flat-then-cosine")


def test_the_encoder_learns_at_its_own_rate() -> None:
    net, before = OneConvolution(), OneConvolution()
    asked = plan(steps=3, encoder_rate=0.0)
    train(net, small_sampler(), wrong_pixels, asked, hardware=CPU, watch=Watches())
    assert torch.equal(net.encoder[0].weight, before.encoder[0].weight)
    assert not torch.equal(net.head.weight, before.head.weight)


def test_mixed_precision_learns_as_well_and_keeps_weights_in_full() -> None:
    mixed = Hardware(device=torch.device("cpu"), mixed=True)
    trained = run(plan(steps=60), hardware=mixed)
    assert trained.loss < run(plan(steps=2)).loss
    assert {v.dtype for v in trained.net.parameters()} == {torch.float32}


def test_hardware_is_chosen_or_refused() -> None:
    assert str(choose_hardware("cpu", "float32")) == "cpu, float32"
    assert choose_hardware("cpu", "bfloat16").mixed
    if torch.cuda.is_available():
        assert choose_hardware().device.type == "cuda"
    else:
        assert choose_hardware().device.type == "cpu"
        with pytest.raises(TrainingRefused, match="no CUDA device"):
            choose_hardware("cuda")
