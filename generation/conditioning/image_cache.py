"""What was seen of images, by their content, so that none is looked at for every job."""

from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import TypeVar

T = TypeVar("T")


def remember(
    memory: OrderedDict[str, T], wanted: Collection[str], look: Callable[[str], T], *, kept: int
) -> None:
    """Look at what is wanted and not remembered, and forget what was wanted longest ago.

    Args:
        memory: What was seen, by SHA-256 of the image; the latest last.
        wanted: SHA-256 of the images.
        look: What is seen of an image.
        kept: How many to remember, beyond which only those wanted now stay.
    """
    for sha256 in wanted:
        if sha256 not in memory:
            memory[sha256] = look(sha256)
        memory.move_to_end(sha256)
    while len(memory) > max(kept, len(wanted)):
        memory.popitem(last=False)
