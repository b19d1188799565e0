"""Forms: the prompt to change before pictures are varied or drawn again.

A form's meaning stands in its custom id, and its answer is taken by that alone, so one that was
open while the bot restarted still works.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, cast

import discord

from bot import messages
from bot.languages import say

TEMPLATE: Final = re.compile(r"easel:remix:(?P<action>[a-z]+):(?P<job>[0-9a-f]{32}):(?P<index>\d)")
"""Custom ids of forms for a changed prompt."""

START: Final = re.compile(r"easel:start:(?P<draft>[0-9a-f]{32})")
"""Custom ids of forms for words to go with an image."""

TEXT_LIMIT: Final = 4000
"""Most characters in a form's field (Discord)."""

_FIELD: Final = "prompt"


def remix(action: str, job: str, index: int, prompt: str) -> discord.ui.Modal:
    """The form for changing a prompt.

    Args:
        action: What to do with it, as in the button's custom id.
        job: Whose prompt.
        index: Number of the picture, 0 for all.
        prompt: The prompt as it was, of at most ``TEXT_LIMIT`` characters.
    """
    form = discord.ui.Modal(
        title=say(messages.REMIX_TITLE), custom_id=f"easel:remix:{action}:{job}:{index}"
    )
    return form.add_item(_words(say(messages.REMIX_PROMPT), prompt))


def start(draft: str) -> discord.ui.Modal:
    """The form for words to go with an image, which waits in a draft."""
    form = discord.ui.Modal(title=say(messages.START_TITLE), custom_id=f"easel:start:{draft}")
    return form.add_item(_words(say(messages.START_PROMPT), ""))


def _words(label: str, default: str) -> discord.ui.Label[Any]:
    field: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=_FIELD,
        style=discord.TextStyle.paragraph,
        default=default,
        max_length=TEXT_LIMIT,
    )
    return discord.ui.Label(text=label, component=field)


def answer(interaction: discord.Interaction[Any]) -> str:
    """The prompt that a submitted form carries."""
    return next(_values(cast("dict[str, Any]", interaction.data)["components"]), "")


def _values(components: list[dict[str, Any]]) -> Iterator[str]:
    for part in components:
        if part.get("custom_id") == _FIELD:
            yield str(part.get("value", ""))
        yield from _values(part.get("components") or [])
        yield from _values([part["component"]] if "component" in part else [])
