"""Embeddings of images as points on a sphere, and what lies between several of them.

What an image encoder says of an image is the direction of its vector; the length hardly differs
between images. So the mean of several is taken along the sphere.
"""

from typing import Final

import torch
from torch import Tensor

# A few rounds are enough but for directions that nearly balance each other.
_ROUNDS: Final = 32
_NEAR: Final = 1e-12
_NOTHING: Final = 1e-9


def spherical_mean(embeddings: Tensor, weights: Tensor) -> Tensor:
    """The weighted Fréchet mean of directions, as long as the embeddings are on average.

    It minimises the weighted sum of squared angles (Karcher 1977) by Newton-like steps along the
    logarithms (Buss and Fillmore 2001). Of two it is the point that slerp finds; of more, slerp
    after slerp would depend on their order, and a plain mean would be too short for the adapters.

    Args:
        embeddings: Vectors other than zero, (images, width).
        weights: Their weights above 0, (images,); only the ratio counts.

    Returns:
        The mean, (width,), of the embeddings' type. Where none exists, since they balance each
        other, the embedding of the largest weight, the first of equals.
    """
    if len(embeddings) == 1:
        return embeddings[0]
    # In float64, since the angles between like images are small beside 1; on the CPU, since Apple's
    # GPUs have no float64.
    points, heavy = embeddings.cpu().double(), weights.cpu().double()
    shares = heavy / heavy.sum()
    lengths = points.norm(dim=1)
    units = points / lengths[:, None]
    mean = shares @ units
    if mean.norm() < _NOTHING:
        return embeddings[int(shares.argmax())]
    mean = mean / mean.norm()
    for _ in range(_ROUNDS):
        step = shares @ _logarithms(units, mean)
        angle = step.norm()
        if angle < _NEAR:
            break
        # Along the great circle, so that a step is as long as the mean of the angles says.
        mean = angle.cos() * mean + angle.sin() * step / angle
        mean = mean / mean.norm()
    scaled: Tensor = mean * (shares @ lengths)
    return scaled.to(embeddings.device, embeddings.dtype)


def _logarithms(units: Tensor, base: Tensor) -> Tensor:
    """From ``base`` to each of ``units``: tangent vectors as long as the angles."""
    cosines = (units @ base).clamp(-1, 1)
    across = units - cosines[:, None] * base
    sines = across.norm(dim=1)
    # Not acos, which loses half of its digits near 1, where like images lie.
    angles = torch.atan2(sines, cosines)
    # At the base itself both are 0, and 0 is what this then gives.
    vectors: Tensor = across * (angles / sines.clamp_min(_NOTHING))[:, None]
    return vectors
