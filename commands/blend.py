"""``/blend``: two to five images become one."""

from typing import Final

import discord
from discord import app_commands

from bot import errors
from bot.client import EaselBot, Interaction
from prompt.flags.table import RATIO

DIMENSIONS: Final = {"Portrait": "2:3", "Square": "1:1", "Landscape": "3:2"}
"""Ratios by the names that Midjourney gives them."""


MOST: Final = 1000
"""A weight is below this; only its share beside the others counts."""


@app_commands.command(name="blend", description="Blend two to five images into new ones")
@app_commands.describe(
    image1="The first image",
    image2="The second image",
    image3="One more image",
    image4="One more image",
    image5="One more image",
    dimensions="The shape of the pictures; square by default",
    weights="How much of each image, such as 2 1; equal if left empty",
)
@app_commands.choices(
    dimensions=[app_commands.Choice(name=name, value=ratio) for name, ratio in DIMENSIONS.items()]
)
async def blend(
    interaction: Interaction,
    *,
    # Slash commands have no lists, so each image is an option; those with a default are optional.
    image1: discord.Attachment,
    image2: discord.Attachment,
    image3: discord.Attachment | None = None,
    image4: discord.Attachment | None = None,
    image5: discord.Attachment | None = None,
    dimensions: str = "",
    weights: str = "",
) -> None:
    """Hands the request on."""
    images = [image.url for image in (image1, image2, image3, image4, image5) if image]
    shares = read_weights(weights, len(images))
    # None, not square, where nothing was chosen: then a preset or a setting may say it.
    ratio = RATIO.kind.parse(dimensions) if dimensions else None
    await interaction.client.handlers.blend.take_images(interaction, images, shares, ratio)


def read_weights(typed: str, count: int) -> list[float]:
    """One weight above 0 for each image, from numbers between spaces or commas.

    Args:
        typed: What the person typed; empty for equal weights.
        count: How many images there are.

    Raises:
        WeightsError: It is anything else.
    """
    words = typed.replace(",", " ").split()
    try:
        weights = [float(word) for word in words] or [1.0] * count
    except ValueError:
        raise errors.WeightsError(typed, count) from None
    # float reads nan and inf, too; neither passes this.
    if len(weights) != count or not all(0 < weight < MOST for weight in weights):
        raise errors.WeightsError(typed, count)
    return weights


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(blend)
