"""``/show``: a job again, with its buttons."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands

if TYPE_CHECKING:
    from bot.client import EaselBot


@app_commands.command(name="show", description="Show pictures again, with their buttons")
@app_commands.describe(id="The job's id, or its first eight letters, as in the picture's file name")
async def show(
    interaction: "discord.Interaction[EaselBot]",
    id: app_commands.Range[str, 8, 32],  # noqa: A002 - what Midjourney calls the option
) -> None:
    """Hands the request to the results."""
    await interaction.client.results.show(interaction, id.removeprefix("easel-"))


async def setup(bot: "EaselBot") -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(show)
