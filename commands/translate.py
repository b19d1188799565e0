"""``/translate``: a prompt in the form of another program, without drawing anything."""

from discord import app_commands

from bot.client import EaselBot, Interaction
from prompt.reading.limits import PROMPT_LIMIT
from prompt.writing.programs import ABILITIES, Program


@app_commands.command(name="translate", description="Write a prompt for another program or model")
@app_commands.describe(
    prompt="A prompt of any program, or saved settings; which one is found out by itself",
    target="For which program or model",
    weights="For Midjourney, write (words:1.3) as ideas of their own with ::, instead of plainly",
)
@app_commands.choices(
    target=[
        app_commands.Choice(name=able.title, value=program.value)
        for program, able in ABILITIES.items()
    ]
)
async def translate(
    interaction: Interaction,
    prompt: app_commands.Range[str, 1, PROMPT_LIMIT],
    target: str,
    *,
    weights: bool = False,
) -> None:
    """Answers in private with the text and what could not be said."""
    await interaction.client.handlers.translation.translate(
        interaction, prompt, Program(target), split=weights
    )


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(translate)
