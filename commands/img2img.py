"""``/img2img``: an image and words, in the numbers of Stable Diffusion's users."""

import discord
from discord import app_commands

from bot.client import EaselBot, Interaction
from bot.components import completion
from prompt.flags.sources import PromptSource
from prompt.flags.table import STRENGTH
from prompt.reading.limits import PROMPT_LIMIT

LOW, HIGH = float(STRENGTH.low or 0), float(STRENGTH.high or 1)


@app_commands.command(name="img2img", description="Redraw an image from words")
@app_commands.describe(
    image="The image to start from",
    prompt="What to draw, and flags such as --cfg 5 or --steps 20",
    strength="0.1 to 0.3 stays close, 0.3 to 0.6 balances, 0.6 to 0.9 is loose; 0.5 if not set",
)
@app_commands.autocomplete(prompt=completion.complete_flags_of(PromptSource.IMG2IMG))
async def img2img(
    interaction: Interaction,
    image: discord.Attachment,
    prompt: app_commands.Range[str, 1, PROMPT_LIMIT],
    # No default of its own, so that a strength in the prompt or a preset counts.
    strength: app_commands.Range[float, LOW, HIGH] | None = None,
) -> None:
    """Hands the request on; a strength in the prompt counts before the option's."""
    options = {} if strength is None else {STRENGTH.name: strength}
    await interaction.client.handlers.imagine.take_prompt(
        interaction, prompt, [image.url], source=PromptSource.IMG2IMG, options=options
    )


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(img2img)
