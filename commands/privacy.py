"""``/privacy``: what is kept of a person, a copy of it, and forgetting it."""

from discord import app_commands

from bot.client import EaselBot, Interaction
from bot.panels import privacy as panel
from bot.panels import routing


@app_commands.command(
    name="privacy", description="See what is kept about you, get a copy, or have it deleted"
)
async def privacy(interaction: Interaction) -> None:
    """Opens the panel, in private."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await routing.show_panel(interaction, await panel.open_panel(interaction))


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(privacy)
