"""Choices to go on with, while a command is being typed."""

from collections.abc import Sequence

from discord import app_commands

from bot.shelf import CHOICES
from prompt.complete import complete
from prompt.ways import Way


def flags(typed: str, way: Way, presets: Sequence[str] = ()) -> list[app_commands.Choice[str]]:
    """The flag at the end of what was typed, written out.

    Args:
        typed: A prompt up to the cursor.
        way: Where it is typed.
        presets: Names that ``--preset`` may have.
    """
    found = complete(typed, CHOICES, presets, way)
    return [app_commands.Choice(name=whole, value=whole) for whole in found]
