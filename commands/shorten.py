"""``/shorten``: what each word of a prompt does, and shorter prompts."""

from discord import app_commands

from bot.client import EaselBot, Interaction
from prompt.reading.limits import PROMPT_LIMIT


@app_commands.command(
    name="shorten", description="See what each word of a prompt does, and get shorter ones"
)
@app_commands.describe(prompt="The prompt to shorten")
async def shorten(
    interaction: Interaction, prompt: app_commands.Range[str, 1, PROMPT_LIMIT]
) -> None:
    """Hands the prompt on."""
    await interaction.client.handlers.describe.take_text(interaction, prompt)


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(shorten)
