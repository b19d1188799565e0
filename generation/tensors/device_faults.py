"""Faults of a device, which are no job's: how they read, and a look whether it still computes.

An error that CUDA calls sticky leaves the process without its GPU: whatever follows fails, too, and
only a new process can use it again. What the libraries on top of it say then is not always of the
same kind, so besides the words the device itself is asked.
"""

from collections.abc import Iterator
from typing import Final

import torch
from torch.nn import functional

from faults import HostError
from generation.tensors.memory import is_out_of_memory

_STICKY: Final = (
    # cudaGetErrorString of the errors after which "the process must be terminated and relaunched"
    # (CUDA Runtime API, enum cudaError); HIP has the same under the same names.
    "an illegal memory access was encountered",
    "device-side assert triggered",
    "unspecified launch failure",
    "misaligned address",
    "an illegal instruction was encountered",
    "operation not supported on global/shared address space",
    "invalid program counter",
    "hardware stack error",
    "the launch timed out and was terminated",
    "uncorrectable ECC error",
    "uncorrectable NVLink error",
    "GPU is lost",
    "has fallen off the bus",
    "all CUDA-capable devices are busy or unavailable",
    "no CUDA-capable device is detected",
    "unknown error",
    # What cuBLAS and cuDNN say of a GPU that does not compute (their enums of statuses).
    "CUBLAS_STATUS_EXECUTION_FAILED",
    "CUBLAS_STATUS_INTERNAL_ERROR",
    "CUBLAS_STATUS_MAPPING_ERROR",
    "CUBLAS_STATUS_NOT_INITIALIZED",
    "CUDNN_STATUS_EXECUTION_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR",
    "CUDNN_STATUS_MAPPING_ERROR",
    "CUDNN_STATUS_NOT_INITIALIZED",
    # Apple's GPUs, whose command buffers fail (MTLCommandBufferError).
    "command buffer exited with error status",
)
"""What a device that failed is known by, in the texts of PyTorch's errors."""

_SPEAKERS: Final = ("CUDA", "HIP", "cuDNN", "CUDNN", "CUBLAS", "NVML", "MPS", "command buffer")
"""Who speaks of a device, so that no other error is taken for one of its own."""


class MissingDeviceError(HostError, RuntimeError):
    """``EASEL_DEVICE`` names nothing that is here; the text is one sentence."""


def read_device(name: str) -> torch.device:
    """The device that ``EASEL_DEVICE`` names, here or not.

    Raises:
        MissingDeviceError: There is no such kind.
    """
    try:
        return torch.device(name)
    except RuntimeError:
        raise MissingDeviceError(
            f"EASEL_DEVICE cannot be `{name[:20]}`; write auto, cpu, cuda, cuda:1 or mps"
        ) from None


def require_device(device: torch.device) -> None:
    """Go on if a device is here.

    Raises:
        MissingDeviceError: It is not.
    """
    count = {"cuda": torch.cuda.device_count, "mps": torch.mps.device_count}.get(device.type)
    if count is not None and (device.index or 0) >= count():
        raise MissingDeviceError(
            f"EASEL_DEVICE is {device}, and PyTorch sees {count() or 'none'} of that kind: install"
            " the driver and the PyTorch for it, or set EASEL_DEVICE=auto"
        )


def is_device_fault(error: BaseException, device: torch.device) -> bool:
    """Whether a device failed, rather than what was computed on it.

    Args:
        error: What was raised; what caused it counts as well.
        device: Asked, if the words alone do not tell.
    """
    texts = [str(one) for one in _list_causes(error) if not is_out_of_memory(one)]
    if any(_is_sticky(text) for text in texts):
        return True
    return device.type != "cpu" and not answers(device)


def answers(device: torch.device) -> bool:
    """Whether a device computes: a product of matrices and a convolution, and all before them."""
    try:
        with torch.inference_mode():
            matrix = torch.eye(16, device=device)
            made = functional.conv2d((matrix @ matrix)[None, None], matrix[None, None, :3, :3])
            # To look at a number waits for all that was asked of the device.
            return bool(made.sum().isfinite())
    # A PyTorch that was built without a kind of device says so by an assertion.
    except (RuntimeError, AssertionError) as error:
        # Full is not broken.
        return is_out_of_memory(error)


def _is_sticky(text: str) -> bool:
    return any(who in text for who in _SPEAKERS) and any(words in text for words in _STICKY)


def _list_causes(error: BaseException) -> Iterator[BaseException]:
    """An error, what caused it, and what was being handled as it came about."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or following.__context__
