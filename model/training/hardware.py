"""Where a network is trained and in which precision."""

from __future__ import annotations

import platform
from dataclasses import dataclass

import torch

from model.frames.refused import TrainingRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """A device, and whether matrix products are done in bfloat16 there (weights stay float32)."""

    device: torch.device
    mixed: bool

    def autocast(self) -> torch.autocast:
        """The context that a forward pass runs in."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.mixed)

    @property
    def sampler_threads(self) -> int:
        """How many batches are drawn beside the training. On a CPU its cores are busy already."""
        return 4 if self.device.type == "cuda" else 0

    def __str__(self) -> str:
        return f"{self.device.type}, {'bfloat16' if self.mixed else 'float32'}"


def choose_hardware(device: str = "auto", precision: str = "auto") -> Hardware:
    """`auto`, `cpu` or `cuda`; `auto`, `bfloat16` or `float32`. Raises TrainingRefused without a CUDA device.

    On a CUDA device, algorithms that give the same result twice are preferred from now on.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise TrainingRefused("--device cuda: torch sees no CUDA device here; give --device cpu")
    chosen = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    if chosen == "cuda":
        torch.backends.cudnn.benchmark = False
        torch.use_deterministic_algorithms(True, warn_only=True)
    mixed = precision == "bfloat16" or (precision == "auto" and (chosen == "cuda" or _native_bfloat16()))
    return Hardware(device=torch.device(chosen), mixed=mixed)


def _native_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 itself; where it must convert, mixed precision is no faster."""
    if platform.machine() in ("x86_64", "AMD64"):
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return False
