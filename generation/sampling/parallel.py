"""Several batches at the same time, for models so small that one core computes each."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, Protocol

import torch

from generation.derive import GRID

SMALL_MODEL: Final = 100_000_000
"""Parameters of a denoiser below which one core computes a batch: see :func:`share_cores`."""


class Model(Protocol):
    """What decides how many cores one operation is worth."""

    @property
    def device(self) -> torch.device:
        """Where the model computes."""

    @property
    def parameters(self) -> int:
        """How many weights its denoiser has."""


def share_cores(model: Model) -> int:
    """Set how many cores one operation uses; returns how many batches are to be computed at a time.

    A small model's operations last microseconds. Cores that share them mostly wait for each other,
    and on a busy machine each wait costs a time slice: twenty times slower was measured. So on the
    CPU a small model computes every batch on one core and several batches at a time; besides, its
    pictures are then the same on any number of cores.
    """
    if model.device.type != "cpu":
        return 1
    # Containers and taskset allow fewer cores than there are; macOS cannot be asked.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    small = model.parameters < SMALL_MODEL
    # For large models as well: the number is the process's, and a small one may have lowered it.
    torch.set_num_threads(1 if small else cores or 1)
    return min(GRID, cores or 1) if small else 1


@contextmanager
def open_map(parallel: int) -> Iterator[Callable[..., list[Any]]]:
    """A ``map`` that gives a list and works on up to ``parallel`` items at a time.

    One at a time stays on this thread: an operation's helpers on other cores belong to the thread
    that it is called from, and would be gathered anew for a new one.
    """
    if parallel == 1:
        yield lambda work, items: [work(item) for item in items]
        return

    def run(work: Callable[[Any], Any], item: Any) -> Any:  # noqa: ANN401 - as it is given
        with torch.inference_mode():  # a mode of the thread, not of the process
            return work(item)

    with ThreadPoolExecutor(parallel, "batch") as pool:
        yield lambda work, items: list(pool.map(lambda item: run(work, item), items))
