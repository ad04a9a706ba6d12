"""Out of memory: which batch would have fitted."""

from __future__ import annotations

import gc
from collections.abc import Callable

import torch


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device or the host had no memory left."""
    said = str(error)
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and ("not enough memory" in said or "DefaultCPUAllocator" in said)
    )


def fitting_batch(asked: int, attempt: Callable[[int], object]) -> int:
    """The largest of asked/2, asked/4 ... 1 with which `attempt` does not run out of memory; 0: none does."""
    size = asked // 2
    while size >= 1 and not _fits(size, attempt):
        size //= 2
    return size


def _fits(size: int, attempt: Callable[[int], object]) -> bool:
    release()
    try:
        attempt(size)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return False
    return True


def release() -> None:
    """Give back what a failed step left behind."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
