"""``/compare``: one prompt with one or two things changed, as one sheet."""

import discord
from discord import app_commands

from bot.client import EaselBot, Interaction
from bot.components import completion
from prompt.flags.sources import PromptSource
from prompt.reading.limits import PROMPT_LIMIT
from prompt.resolution.dials import EXAMPLES

_FLAG, _WORDS = EXAMPLES


@app_commands.command(name="compare", description="See what one or two dials do, on one sheet")
@app_commands.describe(
    prompt="What to draw, and flags such as --ar 3:2 or --seed 7",
    dial=f"What changes from picture to picture, such as {_FLAG} or {_WORDS}",
    second="One more thing that changes, from top to bottom",
    image="An image to start from; --iw says how much of it to keep",
)
@app_commands.autocomplete(prompt=completion.complete_flags_of(PromptSource.IMAGINE))
async def compare(
    interaction: Interaction,
    prompt: app_commands.Range[str, 1, PROMPT_LIMIT],
    dial: app_commands.Range[str, 1, PROMPT_LIMIT] = "",
    second: app_commands.Range[str, 1, PROMPT_LIMIT] = "",
    image: discord.Attachment | None = None,
) -> None:
    """Hands the request on, which is asked about before anything is drawn."""
    await interaction.client.handlers.compare.take_prompt(
        interaction, prompt, (dial, second), [image.url] if image else []
    )


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(compare)
