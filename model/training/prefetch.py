"""Batches drawn ahead, so that a GPU does not wait for the CPU."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from model.training.sampling import Batch, FrameSampler


@contextmanager
def batches(sampler: FrameSampler, steps: range, threads: int) -> Iterator[Iterator[Batch]]:
    """The batches of `steps`, in order; with threads, two each are drawn ahead. Leaving stops the drawing."""
    if threads == 0:
        yield map(sampler.batch, steps)
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="sampler")
    try:
        yield _ahead(pool, sampler, steps, 2 * threads)
    finally:
        pool.shutdown(cancel_futures=True)


def _ahead(pool: ThreadPoolExecutor, sampler: FrameSampler, steps: range, depth: int) -> Iterator[Batch]:
    drawing = deque(pool.submit(sampler.batch, step) for step in steps[:depth])
    for step in steps[depth:]:
        batch = drawing.popleft().result()
        drawing.append(pool.submit(sampler.batch, step))
        yield batch
    while drawing:
        yield drawing.popleft().result()
