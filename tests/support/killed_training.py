"""A training process that can be killed: it tells each step through a pipe, and at the end what came out."""

from __future__ import annotations

import hashlib
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from model.training.progress import Moment
from model.training.recipe import load_recipe
from model.training.recipe_frames import read_split
from model.training.run import TrainingRun
from model.training.stages import train_networks
from tests.support.training_nets import CPU


class TellSteps:
    """A watch that sends the number of steps done in this process."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe, self._steps = pipe, 0

    def begins(self, stage: str, steps: int, at_step: int) -> None:
        pass

    def stepped(self, moment: Moment) -> None:
        self._steps += 1
        self._pipe.send(self._steps)

    def ends(self) -> None:
        pass


def train_and_tell(recipe: Path, work: Path, pipe: Connection) -> None:
    """Train, a checkpoint after every step; sends step numbers, then a digest of both networks."""
    torch.set_num_threads(1)
    loaded = load_recipe(recipe)
    run = TrainingRun(recipe=loaded, work=work, hardware=CPU, watch=TellSteps(pipe), checkpoint_every_s=0)
    nets = train_networks(run, read_split(loaded, None).train)
    digest = hashlib.sha256()
    for net in (nets.gate, nets.segmenter):
        for value in net.state_dict().values():
            digest.update(value.contiguous().numpy().tobytes())
    pipe.send(digest.hexdigest())
