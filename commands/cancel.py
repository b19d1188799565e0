"""``/cancel``: everything of one's own that waits or runs."""

from discord import app_commands

from bot.client import EaselBot, Interaction


@app_commands.command(name="cancel", description="Cancel all of your waiting and running jobs")
async def cancel(interaction: Interaction) -> None:
    """Hands the request on."""
    await interaction.client.handlers.jobs.cancel_all(interaction)


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(cancel)
