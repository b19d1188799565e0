"""A learned upscaler that whoever runs the bot names, of any kind that spandrel knows.

It is loaded when first asked for and sees a picture in overlapping squares, so that memory does not
grow with the picture. Where even a small square is too much, that is said as lack of memory.
"""

import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from PIL import Image
from torch import Tensor

from generation.recipe import Upscaler
from generation.tensors.memory import is_out_of_memory
from generation.tensors.overlap import Done, apply_in_tiles, halve_down
from generation.tensors.pixels import to_picture, to_pixels

SIDE: Final = 256
"""Side in pixels of the squares that a picture is seen in."""

LEAST: Final = 64
"""Side of the smallest that are tried where memory is short."""

# Near an edge networks see padding instead of picture, so neighbours overlap by more than that.
OVERLAP: Final = 48
MARGIN: Final = 12
"""What neighbours share, and what a square does not say near its inner edges."""

_ABSENT: Final = {"InterpolationMode": None, "normalize": None, "rotate": None}
"""What spandrel asks torchvision for."""


@dataclass(slots=True)
class SpandrelUpscaler:
    """A learned upscaler.

    Attributes:
        known: What recipes call it.
        file: Its weights.
        device: Where to compute.
        model: spandrel's description of the loaded model; None before it is first used.
    """

    known: Upscaler
    file: Path
    device: torch.device
    model: Any = field(default=None, repr=False)

    def enlarge(self, image: Image.Image, factor: int, done: Done) -> Image.Image:
        """A picture ``factor`` times as large.

        A model of another factor is used as often as need be, and the result made smaller.

        Raises:
            MemoryError: Not even small squares fit.
        """
        if self.model is None:
            self.model = _load(self.file, self.device)
        made = to_pixels(image)
        with torch.inference_mode():
            while made.shape[-1] < factor * image.width:
                made = self._enlarge_once(made, done)
        size = (factor * image.width, factor * image.height)
        large = to_picture(made)
        return large if large.size == size else large.resize(size, Image.Resampling.LANCZOS)

    def _enlarge_once(self, whole: Tensor, done: Done) -> Tensor:
        for side in halve_down(SIDE, LEAST):
            try:
                return apply_in_tiles(
                    self._enlarge_square, whole, side, overlap=OVERLAP, margin=MARGIN, done=done
                )
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
        raise MemoryError

    def _enlarge_square(self, square: Tensor) -> Tensor:
        # Cut to the range: a second pass or the mean of squares would carry overshoot on.
        made: Tensor = self.model(square.to(self.device, self.model.dtype))
        if self.model.dtype != torch.float32 and not bool(torch.isfinite(made).all()):
            # For good: one that overflows once does so for most pictures.
            self.model = self.model.to(self.device, torch.float32)
            return self._enlarge_square(square)
        return made.clamp(0, 1)


def _load(file: Path, device: torch.device) -> Any:  # noqa: ANN401 - spandrel is not everywhere
    """The model in a file, in the smallest number format that it bears.

    Raises:
        ValueError: It is no upscaler of colour pictures.
    """
    with _without_torchvision():
        import spandrel  # noqa: PLC0415 - seconds, and only for those who use it

    try:
        model = spandrel.ModelLoader().load_from_file(file)
    except spandrel.UnsupportedModelError as error:
        raise ValueError("no kind of model that spandrel knows") from error
    colours = model.input_channels == model.output_channels == 3
    if not isinstance(model, spandrel.ImageModelDescriptor) or model.scale < 2 or not colours:
        raise ValueError("no upscaler of colour pictures")
    # Some of these networks break in 16 bits, so spandrel is asked whether this one does.
    kind = torch.float32
    if device.type == "cuda" and (model.supports_half or model.supports_bfloat16):
        kind = torch.float16 if model.supports_half else torch.bfloat16
    return model.to(device, kind).eval()


@contextmanager
def _without_torchvision() -> Iterator[None]:
    """Spandrel can be imported although torchvision is not there.

    It takes three names from it for models that restore faces and fill holes, which are never
    loaded here; and torchvision wants the very build of PyTorch that it was made for.
    """
    try:
        import torchvision  # noqa: F401, PLC0415 - to see whether it can be
    except ImportError:
        parts = ["torchvision", "torchvision.transforms", "torchvision.transforms.functional"]
        absent = {name: types.ModuleType(name) for name in parts}
        vars(absent[parts[-1]]).update(_ABSENT)
        sys.modules.update(absent)
        try:
            yield
        finally:
            # Taken away again, or other libraries would take the stand-ins for torchvision.
            for name in parts:
                del sys.modules[name]
    else:
        yield
