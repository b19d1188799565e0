"""``/help``: how to ask for pictures, a page for each topic, and every flag."""

from dataclasses import replace

from discord import app_commands

from bot.client import EaselBot, Interaction
from bot.panels import help, routing  # noqa: A004 - what the panel is called
from bot.text import messages
from bot.text.languages import retell
from prompt.flags.table import BY_NAME, MODEL
from prompt.guidance.completion import list_names
from prompt.guidance.help import format_line
from prompt.guidance.topics import TOPICS


@app_commands.command(name="help", description="How to ask for pictures, and what each flag does")
@app_commands.describe(
    about=("A topic such as images, or a flag such as --ar; leave empty for an overview")
)
async def help_(interaction: Interaction, about: str = "") -> None:
    """Answers in private, with examples to press and topics to choose."""
    # Nothing here asks the database, so the answer itself comes within Discord's three seconds.
    cards, asked = interaction.client.handlers.cards, about.strip().lstrip("-").lower()
    topic = help.find_topic(asked)
    if topic is not None:
        panel = help.build_topic(topic, cards)
    elif asked in BY_NAME:
        text = retell(format_line(BY_NAME[asked], cards[0]))
        # The table of flags cannot know which models are served here.
        if len(cards) > 1 and asked == MODEL.name:
            text += "\n" + messages.list_models(cards)
        panel = replace(help.build_overview(), text=text)
    else:
        panel = help.build_overview()
        if asked:
            panel = replace(panel, text=messages.write_no_help(about))
    await interaction.response.send_message(
        panel.text, view=routing.build_view(panel), ephemeral=True
    )


@help_.autocomplete("about")
async def complete(
    interaction: Interaction,  # noqa: ARG001 - Discord's signature
    typed: str,
) -> list[app_commands.Choice[str]]:
    """Topics and flags that begin so."""
    topics = [topic.name for topic in TOPICS if topic.name.startswith(typed.lower())]
    flags = [f"--{name}" for name in list_names(typed)]
    # Discord refuses more than 25.
    return [app_commands.Choice(name=name, value=name) for name in [*topics, *flags][:25]]


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(help_)
