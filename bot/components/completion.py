"""Choices to go on with, while a command is being typed."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import discord
from discord import app_commands

from bot.access.defaults import CHOICES
from bot.interactions.host import find_host
from generation.catalogue.card import Card
from prompt.flags.sources import PromptSource
from prompt.guidance.completion import complete

Choices = list[app_commands.Choice[str]]
Completion = Callable[[discord.Interaction[Any], str], Coroutine[Any, Any, Choices]]
"""What discord.py asks with what was typed so far."""


def complete_flags_of(source: PromptSource) -> Completion:
    """Writes out the flag at the end of an option that holds a prompt.

    Args:
        source: What the option is for.
    """

    async def complete(interaction: discord.Interaction[Any], typed: str) -> Choices:
        return complete_flags(typed, source, find_host(interaction).cards)

    return complete


def complete_flags(
    typed: str, source: PromptSource, cards: Sequence[Card], presets: Sequence[str] = ()
) -> Choices:
    """The flag at the end of what was typed, written out.

    Args:
        typed: A prompt up to the cursor.
        source: Where it is typed.
        cards: The cards of what draws here: ``--model`` and ``--lora`` may name what they do.
        presets: Names that ``--preset`` may have.
    """
    # Several models may offer LoRAs of the same name; it is listed once.
    loras = list(dict.fromkeys(one.name for card in cards for one in card.loras))
    models = [card.called for card in cards]
    found = complete(typed, CHOICES, presets, source, loras, models=models)
    return [app_commands.Choice(name=whole, value=whole) for whole in found]
