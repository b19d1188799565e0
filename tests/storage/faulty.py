"""A worker as it is started for people, but for what draws: that fails as a test's files say.

While the file ``gpu`` is there, drawing raises what PyTorch does of a GPU that has failed; while
``disk`` is there, nothing can be stored. Each drawing leaves a line in ``drawn``.
"""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from unittest import mock

import obstore
import torch
from PIL import Image

from generation import worker
from generation.runtime import storing
from generation.runtime.render import Pictures
from storage.queue import worker as queue_worker
from storage.settings import Settings

CRASH: Final = (
    "CUDA error: an illegal memory access was encountered\n"
    "CUDA kernel errors might be asynchronously reported at some other API call"
)
FULL: Final = "Generic LocalFileSystem error: No space left on device (os error 28)"


def draw(folder: Path, *_: object, **__: object) -> Pictures:
    """A picture, if the GPU works."""
    if (folder / "gpu").exists():
        raise torch.AcceleratorError(CRASH)
    with (folder / "drawn").open("a") as drawn:
        drawn.write("once\n")
    return Pictures((Image.radial_gradient("L").convert("RGB"),), None)


def store(folder: Path, *given: Any) -> Any:
    """Stores, if the disk has room."""
    if (folder / "disk").exists():
        raise OSError(28, FULL)
    return _put(*given)


_put = obstore.put


class Loaded:
    """Engines of a model that needs no loading."""

    def __init__(self, *_: object, **__: object) -> None:
        self.latest, self.loaded = SimpleNamespace(device="cpu"), ()

    def get(self, *_: object) -> Any:
        """The one that there is."""
        return self.latest

    get_for = get


def work(settings: Settings, folder: Path, patience: float) -> None:
    """Serves as ``python -m generation.worker`` does, and ends with its exit status."""
    with (
        mock.patch.object(worker, "load_settings", return_value=settings),
        mock.patch.object(worker, "Engines", Loaded),
        mock.patch.object(worker, "render", lambda *given, **more: draw(folder, *given, **more)),
        mock.patch.object(storing, "STORE_PATIENCE", patience),
        mock.patch.object(queue_worker, "STORE_PAUSE", 0.1),
        mock.patch.object(obstore, "put", lambda *given: store(folder, *given)),
    ):
        sys.exit(worker.start())
