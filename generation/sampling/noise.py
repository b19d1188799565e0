"""Starting noise: from a picture's seeds to the tensor that it is drawn out of."""

from collections.abc import Sequence

import torch
from torch import Tensor

from generation.recipe import Noise


def make_generator(seed: int) -> torch.Generator:
    """A generator on the CPU, so that a seed means the same numbers on every device."""
    return torch.Generator("cpu").manual_seed(seed)


def draw_starting_noise(noise: Noise, shape: Sequence[int]) -> tuple[Tensor, torch.Generator]:
    """The noise of one picture, and the generator for whatever noise its sampler adds later.

    The later noise comes from the picture's own seed whatever it is moved towards, so a slight
    variation stays near its parent with samplers that add noise, too.

    Args:
        noise: The picture's seed and its variations.
        shape: Channels, height and width of the latents.

    Returns:
        Noise (1, *shape) in float32 on the CPU, of mean 0 and standard deviation 1.
    """
    source = make_generator(noise.seed)
    # Picture by picture: drawn as one tensor, a picture's noise would depend on its place in it.
    drawn = torch.randn((1, *shape), generator=source)
    for variation in noise.variations:
        # A generator for each, so that no variation depends on how many came before it.
        fresh = torch.randn((1, *shape), generator=make_generator(variation.seed))
        drawn = slerp(drawn, fresh, variation.strength)
    return drawn, source


def slerp(here: Tensor, there: Tensor, share: float) -> Tensor:
    """The point ``share`` of the way along the great circle from ``here`` to ``there``.

    Mixing Gaussian noise along a straight line would shrink it, and diffusion models take smaller
    noise for a flatter picture; along the circle it keeps its size (Shoemake 1985).

    Args:
        here: Any shape; returned as it is for share 0.
        there: The same shape; returned as it is for share 1.
        share: From 0 to 1.
    """
    if share in (0.0, 1.0):
        return there if share else here
    cosine = torch.dot(here.flatten() / here.norm(), there.flatten() / there.norm())
    # Rounding may carry the cosine of like tensors past 1, where acos is not defined.
    angle = torch.acos(cosine.clamp(-1, 1))
    # The same or opposite noise: the formula below would divide by nearly nothing.
    if torch.sin(angle) < 1e-4:
        return torch.lerp(here, there, share)
    mixed = torch.sin((1 - share) * angle) * here + torch.sin(share * angle) * there
    return mixed / torch.sin(angle)
