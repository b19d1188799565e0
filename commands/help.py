"""``/help``: how to ask for pictures, a page for each topic, and every flag."""

from discord import app_commands

from bot.client import EaselBot, Interaction
from bot.text import messages
from bot.text.languages import retell
from prompt.flags.table import BY_NAME, MODEL
from prompt.guidance.completion import list_names
from prompt.guidance.help import format_line
from prompt.guidance.topics import TOPICS, format_topic


@app_commands.command(name="help", description="How to ask for pictures, and what each flag does")
@app_commands.describe(
    about=("A topic such as images, or a flag such as --ar; leave empty for an overview")
)
async def help_(interaction: Interaction, about: str = "") -> None:
    """Answers in private, out of the table of flags."""
    cards, asked = interaction.client.handlers.cards, about.strip().lstrip("-").lower()
    topic = next((topic for topic in TOPICS if topic.name == asked), None)
    if topic is not None:
        text = retell(format_topic(topic, cards[0]))
    elif asked in BY_NAME:
        text = retell(format_line(BY_NAME[asked], cards[0]))
    else:
        text = messages.write_help(TOPICS) if not asked else messages.write_no_help(about)
    if len(cards) > 1 and MODEL.name in (asked, *(topic.flags if topic else ())):
        text += "\n" + messages.list_models(cards)
    await interaction.response.send_message(text, ephemeral=True)


@help_.autocomplete("about")
async def complete(
    interaction: Interaction,  # noqa: ARG001 - Discord's signature
    typed: str,
) -> list[app_commands.Choice[str]]:
    """Topics and flags that begin so."""
    topics = [topic.name for topic in TOPICS if topic.name.startswith(typed.lower())]
    flags = [f"--{name}" for name in list_names(typed)]
    return [app_commands.Choice(name=name, value=name) for name in [*topics, *flags][:25]]


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(help_)
