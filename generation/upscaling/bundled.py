"""Enlarging flat artwork with crisp edges, by a small network or, without its weights, by a filter.

The network is the compact one of Real-ESRGAN (Wang et al. 2021, "SRVGGNetCompact"): plain
convolutions at the small size, whose last channels are dealt out as the pixels of the large
picture, added to the small one enlarged without smoothing. Its weights lie under the same names, so
files for the one fit the other.

The filter doubles the size as often as needed and then lets every edge's two sides grow towards
each other until they meet (shock filter, Osher and Rudin 1990; with the smoothed second derivative
along the gradient, Alvarez and Mazorra 1994).
"""

from pathlib import Path
from typing import Final

import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from generation.catalogue.looks import CELL
from generation.tensors.pixels import to_picture, to_pixels

FILE: Final = "upscaler.safetensors"
"""Name of the weights in a checkpoint's folder."""


_FIRST: Final = 0.1
"""What the last layer's weights begin at, as a share: at first little is added to the picture."""


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
        last = nn.Conv2d(width, 3 * factor**2, 3, padding=1)
        self.body.append(last)
        for name, weight in self.body.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(weight)
            elif weight.dim() > 1:
                # For PReLU (He et al. 2015): PyTorch's own beginning shrinks what passes ten layers
                # to nothing, and absolute error then leaves it there.
                nn.init.kaiming_normal_(weight, a=0.25)
        with torch.no_grad():
            last.weight.mul_(_FIRST)

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
    # PReLU has no bias, so these are the convolutions.
    layers = sorted(int(name.split(".")[1]) for name in weights if name.endswith(".bias"))
    width = len(weights["body.0.bias"])
    factor = round((len(weights[f"body.{layers[-1]}.bias"]) / 3) ** 0.5)
    network = Compact(width, len(layers) - 2, factor)
    network.load_state_dict(weights)
    return network.eval().requires_grad_(requires_grad=False)


def enlarge(network: Compact, picture: Image.Image) -> Image.Image:
    """The picture ``network.factor`` times larger, computed where the network is."""
    there = next(network.parameters())
    made = network(to_pixels(picture).to(there.device, there.dtype))
    return to_picture(made.float())


def sharpen(picture: Image.Image, factor: int) -> Image.Image:
    """The picture ``factor`` times larger, a power of two, with its blurred edges made crisp.

    One that is made of squares stays so.
    """
    if has_squares(picture):
        larger = (picture.width * factor, picture.height * factor)
        return picture.resize(larger, Image.Resampling.NEAREST)
    pixels = to_pixels(picture)
    for doubling in range(factor.bit_length() - 1):
        # Cubic weights overshoot beside edges, and the filter would take that for further edges.
        wide = functional.interpolate(pixels, scale_factor=2, mode="bicubic").clamp(0, 1)
        # From the second doubling on, edges are blurred twice as broadly.
        pixels = _meet(wide, reach=_REACHES[min(doubling, 1)])
    return to_picture(pixels)


def has_squares(picture: Image.Image) -> bool:
    """Whether a picture, as it was drawn, is made of cells of one colour each, as pixel art is."""
    if picture.width % CELL or picture.height % CELL:
        return False
    cells = (picture.width // CELL, picture.height // CELL)
    fewer = picture.resize(cells, Image.Resampling.NEAREST)
    return fewer.resize(picture.size, Image.Resampling.NEAREST).tobytes() == picture.tobytes()


_ROUNDS: Final = 5
_REACHES: Final = (1.0, 1.7)
"""Spread in pixels of the smoothing that tells an edge from noise: once doubled, and later."""

_PACE: Final = 0.4
_BEND: Final = 1 / 200
"""Second derivative from which on a pixel clearly belongs to one side."""

_STEEP: Final = 0.012
"""Slope from which on something counts as an edge; shades are flatter."""


def _meet(pixels: Tensor, reach: float) -> Tensor:
    """Let both sides of every edge grow until they meet; (1, 3, H, W) in 0 to 1."""
    for _ in range(_ROUNDS):
        # Little by little, each time measured anew, since every push moves the edge.
        # One direction for all colours: channels that moved apart would leave coloured fringes.
        bend, slope = _measure_edges(smooth(pixels.mean(1, keepdim=True), reach))
        push = torch.tanh(bend / _BEND) * (slope / _STEEP).clamp(max=1)
        lighter, darker = _dilate(pixels) - pixels, pixels + _dilate(-pixels)
        pixels = pixels + _PACE * (push.clamp(max=0).abs() * lighter - push.clamp(min=0) * darker)
    return pixels


def smooth(planes: Tensor, spread: float) -> Tensor:
    """Gaussian smoothing of planes (N, 1, H, W) by a deviation in pixels, above 0."""
    radius = round(3 * spread)
    weights = torch.exp(-(torch.arange(-radius, radius + 1.0) ** 2) / (2 * spread**2))
    weights = weights / weights.sum()
    # The border is repeated: zeros would be an edge around the picture.
    padded = functional.pad(planes, (radius,) * 4, mode="replicate")
    across = functional.conv2d(padded, weights.view(1, 1, 1, -1))
    return functional.conv2d(across, weights.view(1, 1, -1, 1))


def _measure_edges(grey: Tensor) -> tuple[Tensor, Tensor]:
    """Second derivative along the gradient, and the gradient's length, of (1, 1, H, W)."""
    near = functional.pad(grey, (1,) * 4, mode="replicate")
    left, right = near[..., 1:-1, :-2], near[..., 1:-1, 2:]
    above, below = near[..., :-2, 1:-1], near[..., 2:, 1:-1]
    across, down = (right - left) / 2, (below - above) / 2
    corners = near[..., 2:, 2:] - near[..., 2:, :-2] - near[..., :-2, 2:] + near[..., :-2, :-2]
    square = across**2 + down**2
    bend = (left + right - 2 * grey) * across**2 + (above + below - 2 * grey) * down**2
    return (bend + corners / 2 * across * down) / (square + 1e-8), square.sqrt()


def _dilate(pixels: Tensor) -> Tensor:
    """The largest value of each pixel and its four neighbours."""
    near = functional.pad(pixels, (1,) * 4, mode="replicate")
    beside = torch.maximum(near[..., 1:-1, :-2], near[..., 1:-1, 2:])
    return torch.maximum(
        torch.maximum(beside, pixels), torch.maximum(near[..., :-2, 1:-1], near[..., 2:, 1:-1])
    )
