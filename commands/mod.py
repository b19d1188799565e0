"""``/mod``: the pictures that wait for a server's moderators."""

from discord import app_commands

from bot.client import EaselBot, Interaction


@app_commands.command(name="mod", description="Decide about pictures that are held or reported")
@app_commands.guild_only()
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
# It only hides the command, and a server may change it; the handler checks who asks.
@app_commands.default_permissions(manage_messages=True)
async def mod(interaction: Interaction) -> None:
    """Shows the first one, in private, to moderators."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await interaction.client.handlers.moderation.show_queue(interaction)


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(mod)
