"""Controls: how a person's number becomes a number of the pipeline.

Every control is a pure function with its source. The curves are starting points for the Stable
Diffusion families, whose strength is a place on the noise schedule.
"""

import math
from functools import cache
from typing import Final, NamedTuple

LARGEST_IMAGE_WEIGHT: Final = 3.0
"""The top of Midjourney's range for ``--iw`` since version 6."""

TRAINED_STEPS: Final = 1000
"""Steps of the noise schedule that diffusion models are trained on: no sampler can take more."""


class ImageStrengths(NamedTuple):
    """How a family's denoising strength falls with the image weight.

    Attributes:
        most: At weight 0, where nothing of the image is left to be seen.
        least: At weight 3, where only textures change.
        bend: Exponent of the fall: below 1 the first weights count for more, above 1 the last.
    """

    most: float = 1.0
    least: float = 0.30
    bend: float = 0.94


USUAL: Final = ImageStrengths()
"""Weight 1 is 0.75, the middle of what SDEdit (Meng et al. 2022) and the defaults of common tools
(0.75 to 0.8) use; below 0.3 only texture changes, since the signal outweighs the noise there."""


def strength_for_image_weight(weight: float, strengths: ImageStrengths = USUAL) -> float:
    """Denoising strength for an image weight: the heavier the image, the less is denoised.

    ``most - (most - least) * (weight / 3) ** bend``. The smaller pictures are, the less noise it
    takes to hide what they show, so a family of small ones has numbers of its own.

    Args:
        weight: Image weight above 0, up to 3.
        strengths: The family's.

    Returns:
        Strength in [least, most), smaller for every larger weight.

    Raises:
        ValueError: ``weight`` is outside its range.
    """
    if not 0 < weight <= LARGEST_IMAGE_WEIGHT:
        raise ValueError(f"image weight {weight} is not above 0 and at most 3")
    most, least, bend = strengths
    return most - (most - least) * math.pow(weight / LARGEST_IMAGE_WEIGHT, bend)


def match_flow_level(strength: float) -> float:
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
    # Stable Diffusion's last step still holds a little of the image, a flow model's none.
    if strength >= 1:
        return 1.0
    ratio = _list_noise_ratios()[max(0, round(strength * TRAINED_STEPS) - 1)]
    return ratio / (1 + ratio)


@cache
def _list_noise_ratios() -> tuple[float, ...]:
    """Noise to signal after each step of Stable Diffusion's schedule."""
    first, last = math.sqrt(0.00085), math.sqrt(0.012)
    kept, ratios = 1.0, []
    for step in range(TRAINED_STEPS):
        beta = (first + (last - first) * step / (TRAINED_STEPS - 1)) ** 2
        kept *= 1 - beta
        ratios.append(math.sqrt((1 - kept) / kept))
    return tuple(ratios)


def unshift_level(level: float, factor: float) -> float:
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


# How much of what is added to a person's words: shares, where 0 is the words alone.

LARGEST_STYLIZE: Final = 1000
"""The top of Midjourney's range for ``--stylize`` since version 4; its default is 100."""

LARGEST_WEIRD: Final = 3000
"""The top of Midjourney's range for ``--weird``."""


def taste_for_stylize(stylize: float) -> float:
    """How much of the bot's own taste counts: nothing of it at 100, where words are alone.

    Above, it grows by the logarithm up to 1 at 1000, since in Midjourney 50, 100, 250 and 750 are
    named as even steps ("low" to "very high"). Below, pictures are pushed away from it, in
    proportion and at most half as strongly, so that 0 is the plainest.

    Args:
        stylize: From 0 to 1000.

    Returns:
        Share from -0.5 to 1, larger for every larger value.

    Raises:
        ValueError: ``stylize`` is outside its range.
    """
    if not 0 <= stylize <= LARGEST_STYLIZE:
        raise ValueError(f"stylize {stylize} is not from 0 to 1000")
    return stylize / 200 - 0.5 if stylize <= 100 else math.log10(stylize / 100)


def weirdness_for_weird(weird: float) -> float:
    """How much an odd idea counts for ``--weird``: by the logarithm of the number.

    ``log(1 + weird / 10) / log(301)``: Midjourney advises to begin with 250 or 500, and its range
    ends at 3000; so 250 is 0.57, 1000 is 0.81 and 3000 is the whole idea. Below a half, models
    hardly heed words that are mixed in.

    Args:
        weird: From 0 to 3000.

    Returns:
        Share from 0 to 1, larger for every larger value.

    Raises:
        ValueError: ``weird`` is outside its range.
    """
    if not 0 <= weird <= LARGEST_WEIRD:
        raise ValueError(f"weird {weird} is not from 0 to 3000")
    return math.log1p(weird / 10) / math.log1p(LARGEST_WEIRD / 10)


def share_for_chaos(chaos: float) -> float:
    """How much of words of its own each of the pictures gets for ``--chaos``.

    How far apart the pictures of a grid are follows a logistic curve in this share: up to two
    fifths models hardly heed words that are mixed in, and above two thirds hardly the others. This
    is its inverse, ``0.54 + 0.055 * ln(c / (1 - c))`` with ``c = chaos / 100``, so that pictures
    drift apart evenly; its numbers were fitted to the bundled model's spread at thirteen shares
    (60 pictures each).

    Args:
        chaos: From 0 to 100.

    Returns:
        Share from 0 to 1, larger for every larger whole number.

    Raises:
        ValueError: ``chaos`` is outside its range.
    """
    if not 0 <= chaos <= 100:
        raise ValueError(f"chaos {chaos} is not from 0 to 100")
    if chaos in {0, 100}:
        return chaos / 100
    share = 0.54 + 0.055 * math.log(chaos / (100 - chaos))
    # Only numbers between whole ones come so near the ends that this cuts.
    return min(1.0, max(0.0, share))


def detail_for_exp(exp: float) -> float:
    """How much detail is brought out for ``--exp``: in proportion, up to as much again.

    Args:
        exp: From 0 to 100.

    Returns:
        Share of the detail that there is, from 0 to 1, larger for every larger value.

    Raises:
        ValueError: ``exp`` is outside its range.
    """
    if not 0 <= exp <= 100:
        raise ValueError(f"exp {exp} is not from 0 to 100")
    return exp / 100


# How much of a reference: scales of image adapters, where 1 is what they were trained with.

LARGEST_STYLE_WEIGHT: Final = 1000
"""The top of Midjourney's range for ``--sw``; ``--ow`` ends there, too."""

FACE: Final = 0.7
"""Scale of a face adapter: its authors use 0.6 to 0.8, above which it pastes the face's pose in."""


def scale_for_image_weight(weight: float) -> float:
    """Adapter scale for the image weight of several image prompts.

    ``0.55 * weight ** 0.55``: 0.55 at weight 1, where words and images have equal say in the
    adapters' published examples (scale 0.5 to 0.6), and 1 at weight 3, where images rule. Growing
    by less and less, since the eye sees a change from 0.2 to 0.4 more than one from 0.8 to 1.

    Args:
        weight: Image weight above 0, up to 3.

    Returns:
        Scale above 0, up to 1.01, larger for every larger weight.

    Raises:
        ValueError: ``weight`` is outside its range.
    """
    if not 0 < weight <= LARGEST_IMAGE_WEIGHT:
        raise ValueError(f"image weight {weight} is not above 0 and at most 3")
    # The exponent is ln(1 / 0.55) / ln 3, about: from 0.55 at weight 1 to 1 at weight 3.
    return 0.55 * math.pow(weight, 0.55)


def scale_for_style_weight(weight: float) -> float:
    """Adapter scale for ``--sw``: in proportion up to 100, then by its logarithm.

    100, Midjourney's default, is scale 1, as style adapters are trained. Ten times as much is 1.6:
    beyond that, attention to the reference drowns the words and pictures fall apart.

    Args:
        weight: From 0 to 1000.

    Returns:
        Scale from 0 to 1.6, larger for every larger weight.

    Raises:
        ValueError: ``weight`` is outside its range.
    """
    if not 0 <= weight <= LARGEST_STYLE_WEIGHT:
        raise ValueError(f"style weight {weight} is not from 0 to 1000")
    return weight / 100 if weight <= 100 else 1 + 0.6 * math.log10(weight / 100)


def scale_for_object_weight(weight: float) -> float:
    """Adapter scale for ``--ow``: as for style, at seven tenths, since words still set the scene.

    Args:
        weight: From 0 to 1000.

    Returns:
        Scale from 0 to 1.12, larger for every larger weight.

    Raises:
        ValueError: ``weight`` is outside its range.
    """
    return FACE * scale_for_style_weight(weight)


def scales_for_character_weight(weight: float, *, faces: bool) -> tuple[float, float]:
    """Adapter scales of face and figure for ``--cw``.

    As Midjourney documents it, 0 keeps the face alone and 100 hair and clothes, too: the face
    counts the same throughout, and the figure in proportion. A family without an adapter for faces
    takes the figure at half even for 0, since the face is part of it.

    Args:
        weight: From 0 to 100.
        faces: Whether the family has an adapter for faces.

    Returns:
        Scales of the face, 0 where there is no adapter for it, and of the figure; each up to 0.7.

    Raises:
        ValueError: ``weight`` is outside its range.
    """
    if not 0 <= weight <= 100:
        raise ValueError(f"character weight {weight} is not from 0 to 100")
    share = weight / 100
    return (FACE, FACE * share) if faces else (0.0, FACE * (1 + share) / 2)


# Images that a model reads itself: factors on their share of attention, 1 the model's own.

HEAVIEST_IMAGE: Final = 4.0
"""Largest factor: an image's share of attention cannot grow much further, and drowns the words."""


def factor_for_reference_weight(weight: float) -> float:
    """Factor on an image's share of attention for ``--sw`` and ``--ow``.

    In proportion up to 100, Midjourney's default, which is the model's own; then by its logarithm,
    up to 4 for 1000.

    Args:
        weight: From 0 to 1000.

    Returns:
        From 0 to 4, larger for every larger weight.

    Raises:
        ValueError: ``weight`` is outside its range.
    """
    if not 0 <= weight <= LARGEST_STYLE_WEIGHT:
        raise ValueError(f"reference weight {weight} is not from 0 to 1000")
    if weight <= 100:
        return weight / 100
    return 1 + (HEAVIEST_IMAGE - 1) * math.log10(weight / 100)


def factors_for_character_weight(weight: float) -> tuple[float, float]:
    """Factors on an image's share of attention, as a face and as a figure, for ``--cw``.

    The image is read once, so it is one or the other: at 0 the words ask for the face alone, which
    then counts as the model has it; above, for the whole person, with half of that and more.

    Args:
        weight: From 0 to 100.

    Returns:
        Factors of the face and of the figure, one of which is 0; each up to 1.

    Raises:
        ValueError: ``weight`` is outside its range.
    """
    if not 0 <= weight <= 100:
        raise ValueError(f"character weight {weight} is not from 0 to 100")
    return (0.0, (1 + weight / 100) / 2) if weight else (1.0, 0.0)


def factor_for_image_weight(weight: float) -> float:
    """Factor on the share of attention of several image prompts for ``--iw``: the weight itself.

    Args:
        weight: Image weight above 0, up to 3; 1 is the model's own.

    Raises:
        ValueError: ``weight`` is outside its range.
    """
    if not 0 < weight <= LARGEST_IMAGE_WEIGHT:
        raise ValueError(f"image weight {weight} is not above 0 and at most 3")
    return weight


def share_for_style_weight(weight: float) -> float:
    """How much of a style in words counts for ``--sw``: in proportion up to 100, then all of it.

    Args:
        weight: From 0 to 1000.

    Returns:
        Share from 0 to 1.

    Raises:
        ValueError: ``weight`` is outside its range.
    """
    return min(1.0, scale_for_style_weight(weight))
