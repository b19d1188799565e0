"""Memory: how much a device has left, and how it or the machine says that there is none."""

from typing import Final

import psutil
import torch

_KINDS: Final = (torch.OutOfMemoryError, MemoryError)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device or the machine has no memory left; on the CPU only the text tells."""
    # PyTorch's allocator for the CPU raises a bare RuntimeError.
    return isinstance(error, _KINDS) or "can't allocate memory" in str(error)


def measure_free(device: torch.device) -> float:
    """GiB that a GPU has left; of other devices, which share it, what the machine has."""
    if device.type == "cuda":
        # The driver counts what PyTorch's cache holds as used: a release has to empty it first.
        left, _ = torch.cuda.mem_get_info(device)
    else:
        left = psutil.virtual_memory().available
    return left / 2**30
