"""Learned upscaling: a small network that draws a picture several times larger.

The network is the compact one of Real-ESRGAN (Wang et al. 2021, "SRVGGNetCompact"): plain
convolutions at the small size, whose last channels are dealt out as the pixels of the large
picture, added to the small one enlarged without smoothing. Its weights lie under the same names, so
files for the one fit the other.
"""

from pathlib import Path
from typing import Final

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

FILE: Final = "upscaler.safetensors"
"""Name of the weights in a checkpoint's folder."""


class Compact(nn.Module):
    """From pictures (N, 3, H, W) to (N, 3, H x factor, W x factor), both in 0 to 1.

    Args:
        width: Channels of the layers between.
        depth: How many layers lie between the first and the last.
        factor: How many times larger the result is.
    """

    def __init__(self, width: int, depth: int, factor: int) -> None:
        super().__init__()
        self.factor = factor
        self.body = nn.ModuleList([nn.Conv2d(3, width, 3, padding=1), nn.PReLU(width)])
        for _ in range(depth):
            self.body += [nn.Conv2d(width, width, 3, padding=1), nn.PReLU(width)]
        self.body.append(nn.Conv2d(width, 3 * factor**2, 3, padding=1))

    def forward(self, pictures: Tensor) -> Tensor:
        """Enlarge pictures."""
        made = pictures
        for layer in self.body:
            made = layer(made)
        near = functional.interpolate(pictures, scale_factor=self.factor, mode="nearest")
        return functional.pixel_shuffle(made, self.factor) + near


def load_compact(file: Path) -> Compact:
    """The network of a safetensors file; its size is read from the weights' shapes."""
    weights = load_file(file)
    layers = sorted(int(name.split(".")[1]) for name in weights if name.endswith(".bias"))
    width = len(weights["body.0.bias"])
    factor = round((len(weights[f"body.{layers[-1]}.bias"]) / 3) ** 0.5)
    network = Compact(width, len(layers) - 2, factor)
    network.load_state_dict(weights)
    return network.eval().requires_grad_(requires_grad=False)


def enlarge(network: Compact, picture: Image.Image) -> Image.Image:
    """The picture ``network.factor`` times larger, computed where the network is."""
    there = next(network.parameters())
    pixels = torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)[None]
    made = network(pixels.to(there.device, there.dtype) / 255)[0].float()
    levels = (made * 255).clamp(0, 255).round().to(torch.uint8).permute(1, 2, 0)
    return Image.fromarray(levels.cpu().numpy())
