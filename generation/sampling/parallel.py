"""Several batches at the same time, for models so small that one core computes each."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import torch


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
