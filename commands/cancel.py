"""``/cancel``: everything of one's own that waits or runs."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands

if TYPE_CHECKING:
    from bot.client import EaselBot


@app_commands.command(name="cancel", description="Cancel all of your jobs that wait or run")
async def cancel(interaction: "discord.Interaction[EaselBot]") -> None:
    """Hands the request to the intake."""
    await interaction.client.intake.cancel_all(interaction)


async def setup(bot: "EaselBot") -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(cancel)
