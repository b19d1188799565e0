"""``/imagine``: words, and perhaps an image, become a grid of four pictures."""

import discord
from discord import app_commands

from bot.client import EaselBot, Interaction
from bot.components import completion
from commands.preset import complete_name, list_preset_names
from prompt.flags.sources import PromptSource
from prompt.flags.table import CHARACTER, STYLE
from prompt.reading.limits import PROMPT_LIMIT


@app_commands.command(name="imagine", description="Draw four pictures from words, an image or both")
@app_commands.describe(
    prompt="What to draw, and flags such as --ar 3:2 or --seed 7",
    image="An image to start from; --iw says how much of it to keep",
    preset="Words and flags saved under a name; /preset list shows them",
    style="An image to take the style from; --sw says how much",
    character="An image of a person to draw; --cw says how much besides the face is kept",
)
@app_commands.autocomplete(preset=complete_name)
async def imagine(
    interaction: Interaction,
    *,
    # Discord holds people to the limit while they type.
    prompt: app_commands.Range[str, 1, PROMPT_LIMIT],
    image: discord.Attachment | None = None,
    preset: str = "",
    style: discord.Attachment | None = None,
    character: discord.Attachment | None = None,
) -> None:
    """Hands the request on, attached references as values of their flags."""
    # As values: put into the prompt, a signed address would be read as text again.
    options = {
        flag.name: (attached.url,)
        for flag, attached in ((STYLE, style), (CHARACTER, character))
        if attached
    }
    await interaction.client.handlers.imagine.take_prompt(
        interaction, prompt, [image.url] if image else [], preset=preset, options=options
    )


@imagine.autocomplete("prompt")
async def complete_prompt(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """The flag at the end of the prompt, written out."""
    presets: list[str] = []
    # Asked for at every key, so the database is read only where a preset is being named.
    if "--preset" in typed:
        presets = await list_preset_names(interaction, "")
    return completion.complete_flags(
        typed, PromptSource.IMAGINE, interaction.client.handlers.cards, presets
    )


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(imagine)
