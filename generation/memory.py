"""Lack of memory: how a device or the machine says that there is none left."""

from typing import Final

import torch

_KINDS: Final = (torch.OutOfMemoryError, MemoryError)


def out_of_memory(error: BaseException) -> bool:
    """Whether a device or the machine has no memory left; on the CPU only the text tells."""
    return isinstance(error, _KINDS) or "can't allocate memory" in str(error)
