"""``/describe``: a picture becomes four prompts."""

import discord
from discord import app_commands

from bot.client import EaselBot, Interaction
from bot.errors import NotAllowedError
from bot.text import sentences
from prompt.sentences import Sentence


@app_commands.command(name="describe", description="Get four prompts from a picture")
@app_commands.describe(image="The picture to describe", link="A link to it instead")
async def describe(
    interaction: Interaction, image: discord.Attachment | None = None, link: str = ""
) -> None:
    """Hands the picture on."""
    url = image.url if image else link.strip().strip("<>")
    if not url:
        raise NotAllowedError(Sentence(sentences.PICTURE_MISSING))
    await interaction.client.handlers.describe.take_image(interaction, url)


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(describe)
