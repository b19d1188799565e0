"""``/verify``: where a picture is from."""

import discord
from discord import app_commands

from bot.client import EaselBot, Interaction
from bot.errors import NotAllowedError
from bot.text import sentences
from prompt.sentences import Sentence


@app_commands.command(
    name="verify", description="See where a picture is from: its signature and its watermark"
)
@app_commands.describe(image="The picture to look at", link="A link to it instead")
async def verify(
    interaction: Interaction, image: discord.Attachment | None = None, link: str = ""
) -> None:
    """Hands the picture on."""
    url = image.url if image else link.strip().strip("<>")
    if not url:
        raise NotAllowedError(Sentence(sentences.PICTURE_MISSING))
    await interaction.client.handlers.verify.take_image(interaction, url)


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(verify)
