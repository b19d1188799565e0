"""Memory: how much a device has left, and how it or the machine says that there is none."""

from math import inf
from typing import Final

import psutil
import torch

from generation.catalogue.memory_plans import SPARED, Room, read_room
from generation.tensors.precision import is_float8_quick

_KINDS: Final = (torch.OutOfMemoryError, MemoryError)

_TEXTS: Final = (
    # PyTorch's allocator for the CPU, on Linux and on Windows (c10/core/impl/alloc_cpu.cpp).
    "can't allocate memory",
    "not enough memory: you tried to allocate",
    # Apple's GPUs (aten/src/ATen/mps/MPSAllocator.mm).
    "MPS backend out of memory",
    # What CUDA and its libraries ask for themselves, beside PyTorch's allocator.
    "CUDA error: out of memory",
    "HIP error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)
"""How a lack of memory reads where it comes as a plain RuntimeError."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device or the machine has no memory left; of some devices only the text tells."""
    return isinstance(error, _KINDS) or any(text in str(error) for text in _TEXTS)


def measure_room(device: torch.device) -> float:
    """GiB of a GPU that models of this process may take in all; elsewhere without an end."""
    if device.type != "cuda":
        return inf
    left, total = torch.cuda.mem_get_info(device)
    # What PyTorch holds, models of ours would give back.
    held = torch.cuda.memory_reserved(device)
    return max(0.0, (left + held - SPARED * total) / 2**30)


def find_room(device: torch.device, setting: str) -> Room:
    """What models of this process have on a device.

    Args:
        device: Where they compute.
        setting: ``EASEL_MEMORY``.

    Raises:
        MemoryPlanError: The setting is not understood.
    """
    return read_room(measure_room(device), setting, multiplies=is_float8_quick(device))


def measure_card(device: torch.device) -> float:
    """GiB of a GPU's memory in all; 0 for anything else."""
    if device.type != "cuda":
        return 0.0
    whole: float = torch.cuda.get_device_properties(device).total_memory / 2**30
    return whole


def measure_free(device: torch.device, limit: float = inf) -> float:
    """GiB that a GPU has left; of other devices, which share it, what the machine has.

    Args:
        device: Where models compute.
        limit: GiB of a GPU that all models of this process may take together.
    """
    if device.type != "cuda":
        return psutil.virtual_memory().available / 2**30  # type: ignore[no-any-return]
    # The driver counts what PyTorch's cache holds as used: a release has to empty it first.
    left, _ = torch.cuda.mem_get_info(device)
    return min(left / 2**30, limit - torch.cuda.memory_reserved(device) / 2**30)
