"""Checkpoints that a kill cannot break, and that no other run takes for its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from model.frames.refused import TrainingRefused

Identity = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointFile:
    """One stage's checkpoint. `identity` says whose it is: recipe, seed, frames, starts."""

    path: Path
    identity: Identity
    every_s: float = 60.0

    def save(self, state: dict[str, Any]) -> None:
        """Write it beside the old one, then put it in its place: at any moment one of both is whole."""
        part = self.path.with_suffix(".part")
        with part.open("wb") as file:
            torch.save({"identity": self.identity, "state": state}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self.path)

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """The state that `save` was given, or None when there is none. Raises TrainingRefused."""
        try:
            stored = torch.load(self.path, map_location=device, weights_only=True)
            identity, state = stored["identity"], stored["state"]
        except FileNotFoundError:
            return None
        except Exception:  # of a file of another kind torch raises whatever it stumbles over
            raise TrainingRefused(
                f"{self.path} is no checkpoint of this version: start over with --fresh or give another --out"
            ) from None
        other = sorted(
            k for k in identity.keys() | self.identity.keys() if identity.get(k) != self.identity.get(k)
        )
        if other:
            raise TrainingRefused(
                f"{self.path} is the checkpoint of a run with other {' and '.join(other)}: "
                "start over with --fresh, or give another --out"
            )
        return dict(state)
