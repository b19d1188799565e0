"""What pictures start from, and the part of it that is known while the rest is drawn.

After every step the known part is laid over the latents again, under as much noise as they have
there (RePaint, Lugmayr et al. 2022; blended latent diffusion, Avrahami et al. 2023), so any model
can draw into a picture. A rim of what is kept is drawn as well: the model then has to meet the
picture, and the difference there tells how to hide the seam.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from generation.pictures.canvas import Init

RIM: Final = 1
"""Width in latents of the part of what is kept that is drawn again."""


@dataclass(frozen=True, slots=True)
class InpaintMask:
    """Which part of a picture is drawn.

    Attributes:
        drawn: 1 where the model draws, 0 where it keeps, (1, 1, height, width).
    """

    drawn: Tensor

    def keep(self, latents: Tensor, known: Tensor) -> Tensor:
        """The latents, with ``known``, of the same shape, wherever nothing is drawn."""
        # Chosen, not mixed: the mean of two noises is weaker than either, and drawn as flat areas.
        return torch.where(self.drawn > 0, latents, known)


@dataclass(frozen=True, slots=True)
class Origin:
    """What pictures start from.

    Attributes:
        latents: Of the image, (1, channels, height, width).
        mask: Which part of it is drawn; None where all of it is painted over.
    """

    latents: Tensor
    mask: InpaintMask | None = None


def read_origin(
    start: Init, read: Callable[[Image.Image], Tensor], size: tuple[int, int]
) -> Origin | None:
    """What pictures start from, as latents; None if from nothing but noise.

    Args:
        start: The image to paint over, or the frame to fill.
        read: From an image to its latents.
        size: Height and width of the latents.
    """
    if start is None:
        return None
    if isinstance(start, Image.Image):
        return Origin(read(start))
    latents = read(start.picture)
    return Origin(latents, InpaintMask(mask_latents(start.kept, size).to(latents.device)))


def mask_latents(kept: Image.Image, size: tuple[int, int]) -> Tensor:
    """Which latents are drawn, (1, 1, height, width): all that anything unkept lies in, and a rim.

    Args:
        kept: 255 where pixels are kept, 0 where they are drawn.
        size: Height and width of the latents.
    """
    share = torch.from_numpy(np.asarray(kept, np.float32) / 255)[None, None]
    # A latent is decoded as a whole, so one pixel to be drawn has all of it drawn.
    unkept = functional.adaptive_max_pool2d(1 - share, size)
    return functional.max_pool2d(unkept, 2 * RIM + 1, stride=1, padding=RIM)
