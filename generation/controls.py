"""Controls: how a person's number becomes a number of the pipeline.

Every control is a pure function with its source. The curves are starting points for the Stable
Diffusion families, whose strength is a place on the noise schedule.
"""

import math
from functools import cache
from typing import Final

LARGEST_IMAGE_WEIGHT: Final = 3.0
"""The top of Midjourney's range for ``--iw`` since version 6."""

TRAINED_STEPS: Final = 1000
"""Steps of the noise schedule that diffusion models are trained on: no sampler can take more."""


def strength_for_image_weight(weight: float) -> float:
    """Denoising strength for an image weight: the heavier the image, the less is denoised.

    The curve ``1 - 0.70 * (weight / 3) ** 0.94`` falls almost evenly from 1 (nothing of the image
    is kept) to 0.30 (a copy with other textures). Weight 1 gives 0.75, the middle of what SDEdit
    (Meng et al. 2022) and the defaults of common tools (0.75 to 0.8) use, and below 0.3 only
    texture changes, since the signal outweighs the noise there.

    Args:
        weight: Image weight above 0, up to 3.

    Returns:
        Strength in [0.3, 1), smaller for every larger weight.

    Raises:
        ValueError: ``weight`` is outside its range.
    """
    if not 0 < weight <= LARGEST_IMAGE_WEIGHT:
        raise ValueError(f"image weight {weight} is not above 0 and at most 3")
    return 1 - 0.70 * math.pow(weight / LARGEST_IMAGE_WEIGHT, 0.94)


def steps_for_strength(steps: int, strength: float, *, floor_family: bool) -> tuple[int, float]:
    """Schedule length and strength with which a pipeline takes exactly ``steps`` steps.

    An image-to-image pipeline takes only the last part of its schedule: ``floor(n * strength)``
    steps in Stable Diffusion 1.5 and XL, ``ceil(n * strength)`` in Stable Diffusion 3 and FLUX
    (read in diffusers 0.42). So that time and quality do not depend on strength, the schedule is
    made longer instead, and the strength set half a step inside, where no rounding can go wrong.
    The picture starts within half a step of the schedule from the noise that was asked for.

    Args:
        steps: Denoising steps to take, at least 1.
        strength: Denoising strength wanted, in (0, 1].
        floor_family: Whether the pipeline rounds the number of its steps down.

    Returns:
        The schedule's length and the strength to pass with it. Where the schedule would be longer
        than models are trained on, it is as long as that and fewer steps are taken.
    """
    steps = min(steps, max(1, int(TRAINED_STEPS * strength)))
    length = max(steps, round(steps / strength))
    if length == steps:
        return steps, 1.0
    half = 0.5 if floor_family else -0.5
    return min(length, TRAINED_STEPS), (steps + half) / min(length, TRAINED_STEPS)


def flow_level(strength: float) -> float:
    """The noise level of a flow model that is as noisy as Stable Diffusion is at a strength.

    Stable Diffusion's latents at step t hold noise to signal in the ratio √((1 - ᾱₜ) / ᾱₜ), with ᾱ
    the running product of 1 - β over its scaled linear schedule (Rombach et al. 2022: √β from
    √0.00085 to √0.012 in 1000 steps); a flow model's hold σ / (1 - σ). Equal ratios keep as much of
    an image. Nothing but noise is nothing but noise in both.

    Args:
        strength: Denoising strength, above 0 and at most 1.

    Returns:
        σ above 0 and at most 1, larger for every larger strength of a step more.
    """
    if strength >= 1:
        return 1.0
    ratio = _noise_ratios()[max(0, round(strength * TRAINED_STEPS) - 1)]
    return ratio / (1 + ratio)


@cache
def _noise_ratios() -> tuple[float, ...]:
    """Noise to signal after each step of Stable Diffusion's schedule."""
    first, last = math.sqrt(0.00085), math.sqrt(0.012)
    kept, ratios = 1.0, []
    for step in range(TRAINED_STEPS):
        beta = (first + (last - first) * step / (TRAINED_STEPS - 1)) ** 2
        kept *= 1 - beta
        ratios.append(math.sqrt((1 - kept) / kept))
    return tuple(ratios)


def unshifted(level: float, factor: float) -> float:
    """The noise level that a flow schedule's shift turns into ``level``.

    The shift is σ → f σ / (1 + (f - 1) σ) (Esser et al. 2024, equation 23); larger pictures take a
    larger f, since more pixels survive the same noise.

    Args:
        level: Noise level wanted, above 0 and at most 1.
        factor: f, above 0.
    """
    return level / (factor - (factor - 1) * level)


def steps_for_quality(steps: int, quality: float) -> int:
    """Denoising steps for a quality: in proportion, as Midjourney's ``--quality`` is to GPU time.

    Args:
        steps: The family's own number of steps.
        quality: Factor of time spent, above 0.
    """
    return max(1, round(steps * quality))
