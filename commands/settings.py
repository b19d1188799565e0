"""``/settings``: the panel with everything a person can set."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.panels import routing, user

if TYPE_CHECKING:
    from bot.client import EaselBot


@app_commands.command(name="settings", description="Set what holds for all of your pictures")
async def settings(interaction: "discord.Interaction[EaselBot]") -> None:
    """Opens the panel, in private."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await routing.show(interaction, await user.opened(interaction))


async def setup(bot: "EaselBot") -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(settings)
