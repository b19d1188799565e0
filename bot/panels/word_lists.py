"""The form in which a server's managers list words that are not drawn."""

from collections.abc import Sequence
from typing import Any, Final

import discord

from bot.components.modals import TEXT_LIMIT
from bot.components.panel import PanelPress
from bot.text import sentences
from bot.text.languages import say
from prompt.moderation.words import parse_words
from storage.decisions.choices import ServerChoices

_FIELDS: Final = {"refused": sentences.WORDS_REFUSED, "restricted": sentences.WORDS_RESTRICTED}


def build_form(choices: ServerChoices, custom_id: str) -> discord.ui.Modal:
    """Both lists, with what stands in them."""
    form = discord.ui.Modal(title=say(sentences.PANEL_WORDS), custom_id=custom_id)
    for field, label in _FIELDS.items():
        words: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id=field,
            style=discord.TextStyle.paragraph,
            default=_join(getattr(choices, field)),
            placeholder=say(sentences.WORDS_HOW),
            required=False,
            max_length=TEXT_LIMIT,
        )
        form.add_item(discord.ui.Label(text=say(label), component=words))
    return form


def _join(words: Sequence[str]) -> str:
    """A list as it fits into its field; without spaces it is no longer than what was typed."""
    whole = ", ".join(words)
    return whole if len(whole) <= TEXT_LIMIT else ",".join(words)[:TEXT_LIMIT]


def apply(before: ServerChoices, press: PanelPress) -> ServerChoices:
    """The choices with the lists of a submitted form."""
    lists = {field: parse_words(press.typed.get(field, "")) for field in _FIELDS}
    return before.model_copy(update=lists)
