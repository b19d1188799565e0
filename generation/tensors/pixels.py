"""Pictures as tensors, and back."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor


def to_pixels(image: Image.Image) -> Tensor:
    """(1, 3, height, width) in 0 to 1."""
    # A copy, since PyTorch warns of memory that it must not write to, such as Pillow's.
    return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)[None] / 255


def to_picture(values: Tensor) -> Image.Image:
    """The picture of (1, 3, height, width) in 0 to 1."""
    # Rounded, since the conversion alone cuts off and would darken by half a level.
    levels = (values[0] * 255).clamp(0, 255).round().to(torch.uint8).permute(1, 2, 0)
    return Image.fromarray(levels.contiguous().cpu().numpy())
