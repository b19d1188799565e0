"""A device that failed is told from a job that did, by what PyTorch really raises."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from generation import worker
from generation.catalogue.served import choose_usual, list_served
from generation.runtime.pool import Engines
from generation.tensors import device_faults
from generation.tensors.device_faults import answers, is_device_fault
from generation.worker import watch_device
from storage.files import FileStoreError
from storage.queue.jobs import DeviceFaultError, RenderError
from storage.queue.presence import Sighting
from storage.settings import Settings
from tests.generation.samples import quiet

CPU, GPU = torch.device("cpu"), torch.device("cuda")
HINT = "\nCUDA kernel errors might be asynchronously reported at some other API call."

FAULTS = [
    torch.AcceleratorError("CUDA error: an illegal memory access was encountered" + HINT),
    torch.AcceleratorError("CUDA error: device-side assert triggered" + HINT),
    torch.AcceleratorError("CUDA error: uncorrectable ECC error encountered" + HINT),
    torch.AcceleratorError("CUDA error: unspecified launch failure" + HINT),
    torch.AcceleratorError("HIP error: an illegal memory access was encountered"),
    RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm( handle)`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
    RuntimeError("Unable to determine the device handle for GPU 0000:01:00.0: GPU is lost. NVML"),
    RuntimeError("MPS: command buffer exited with error status."),
]
OTHERS = [
    RuntimeError("mat1 and mat2 shapes cannot be multiplied (2x4 and 8x3)"),
    RuntimeError("CUDA error: out of memory" + HINT),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("cuDNN error: CUDNN_STATUS_NOT_SUPPORTED"),
    RuntimeError("CUDA error: invalid configuration argument" + HINT),
    ValueError("unknown error"),
    ZeroDivisionError(),
]


@pytest.mark.parametrize("error", FAULTS, ids=str)
def test_a_device_that_failed_is_known_by_its_words(error: Exception) -> None:
    assert is_device_fault(error, CPU)
    # Also where something on the way took it for a fault of the job.
    wrapped = RenderError("model")
    wrapped.__cause__ = error
    assert is_device_fault(wrapped, CPU)


@pytest.mark.parametrize("error", OTHERS, ids=str)
def test_what_a_job_did_is_no_fault_of_the_device(error: Exception) -> None:
    assert not is_device_fault(error, CPU)


@pytest.mark.parametrize("works", [True, False])
def test_where_words_do_not_tell_a_gpu_is_asked(
    monkeypatch: pytest.MonkeyPatch, works: bool
) -> None:
    monkeypatch.setattr(device_faults, "answers", lambda _: works)
    assert is_device_fault(OTHERS[0], GPU) != works
    # A CPU that has failed could not be asked.
    assert not is_device_fault(OTHERS[0], CPU)


def test_a_device_that_computes_answers() -> None:
    assert answers(CPU)
    assert not answers(torch.device("cuda:7"))


def raising(error: Exception) -> Callable[..., Any]:
    def make(*_: object) -> Any:
        raise error

    return make


def test_the_worker_names_a_fault_of_its_device_and_no_other() -> None:
    for fault in FAULTS:
        with pytest.raises(DeviceFaultError):
            watch_device(raising(fault), CPU)({}, quiet)
    own = [*OTHERS, RenderError("lora"), FileStoreError("full"), KeyboardInterrupt()]
    for error in own:
        with pytest.raises(type(error)) as caught:
            watch_device(raising(error), CPU)({}, quiet)  # type: ignore[arg-type]
        assert caught.value is error


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The devices whose faults were counted."""
    devices: list[str] = []
    monkeypatch.setattr(worker, "note_fault", lambda _, model, device: devices.append(device))
    return devices


def load_first(load: Callable[..., Any], past: Sighting | None) -> str:
    settings = Settings(device="cpu")
    models = list_served(settings)
    usual = choose_usual(models)
    return worker._load_first(Engines(models, load, CPU), usual, settings, past)


def seen(device: str, faults: int) -> Sighting:
    return Sighting(session="s", host="h", pid=1, device=device, faults=faults, seen=0, age=0)


def test_a_gpu_that_fails_as_the_model_is_loaded_is_counted(noted: list[str]) -> None:
    with pytest.raises(DeviceFaultError):
        load_first(raising(FAULTS[0]), None)
    assert noted == ["cpu"]
    with pytest.raises(RuntimeError, match="shapes"):
        load_first(raising(OTHERS[0]), None)
    assert noted == ["cpu"]


def test_no_cpu_takes_the_place_of_a_gpu_that_is_lost(noted: list[str]) -> None:
    with pytest.raises(DeviceFaultError):
        load_first(raising(AssertionError("loaded")), seen("cuda:0", 1))
    assert noted == ["cuda:0"]
    # Where it never failed, somebody has chosen the CPU.
    with pytest.raises(AssertionError, match="loaded"):
        load_first(raising(AssertionError("loaded")), seen("cuda:0", 0))
