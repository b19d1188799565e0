"""``/sketch``: a rough drawing becomes a finished picture."""

from typing import Any, Final

import discord
from discord import app_commands

from bot.client import EaselBot, Interaction
from bot.components import completion
from prompt.flags.sources import PromptSource
from prompt.flags.table import CONTROL, CONTROL_SCALE
from prompt.reading.limits import PROMPT_LIMIT

KINDS: Final = CONTROL.examples
LOW, HIGH = float(CONTROL_SCALE.low or 0), float(CONTROL_SCALE.high or 1)


@app_commands.command(name="sketch", description="Turn a rough drawing into finished pictures")
@app_commands.describe(
    drawing="A drawing, or a photograph whose outlines are kept",
    prompt="What the drawing shows, and flags such as --ar 3:2",
    strength="How closely the lines are followed: 0.5 loosely, 1 as drawn",
    keep="What is kept of it; scribble by default",
)
@app_commands.choices(keep=[app_commands.Choice(name=kind, value=kind) for kind in KINDS])
@app_commands.autocomplete(prompt=completion.complete_flags_of(PromptSource.IMAGINE))
async def sketch(
    interaction: Interaction,
    drawing: discord.Attachment,
    prompt: app_commands.Range[str, 1, PROMPT_LIMIT],
    strength: app_commands.Range[float, LOW, HIGH] = 1.0,
    keep: str = KINDS[0],
) -> None:
    """Hands the request on; flags in the prompt count before the options."""
    options: dict[str, Any] = {CONTROL.name: keep}
    # Left as it was it is no choice, and is not told as one.
    if strength != CONTROL_SCALE.default:
        options[CONTROL_SCALE.name] = strength
    await interaction.client.handlers.imagine.take_sketch(interaction, prompt, drawing.url, options)


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(sketch)
