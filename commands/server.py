"""``/server``: the panel with everything a server's managers can set."""

from discord import app_commands

from bot.client import EaselBot, Interaction
from bot.panels import routing
from bot.panels.server import open_panel


@app_commands.command(
    name="server", description="Set who may ask for what on this server, and where"
)
@app_commands.guild_only()
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
# It only hides the command, and a server may change it; the panel checks who opens it.
@app_commands.default_permissions(manage_guild=True)
async def server(interaction: Interaction) -> None:
    """Opens the panel, in private, for those who manage the server."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await routing.show_panel(interaction, await open_panel(interaction))


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(server)
