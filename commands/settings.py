"""``/settings``: the panel with everything a person can set."""

from discord import app_commands

from bot.client import EaselBot, Interaction
from bot.panels import routing, user


@app_commands.command(name="settings", description="Change the settings for all of your pictures")
async def settings(interaction: Interaction) -> None:
    """Opens the panel, in private."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await routing.show_panel(interaction, await user.open_panel(interaction))


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(settings)
