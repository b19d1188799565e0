"""Languages: the catalogues in ``locales/``, and which one is spoken just now.

Every sentence is written in English where it belongs, and looked up by itself when it is said. What
a catalogue lacks is said in English.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, Final

import discord
from babel.messages.pofile import read_po
from discord import app_commands

from prompt.sentences import Sentence

LANGUAGES: Final = ("de", "es", "fr", "ja", "pt")
"""Every language but English, as the catalogues are named."""

_FOLDER: Final = Path(__file__).parents[1] / "locales"
_spoken: ContextVar[str] = ContextVar("spoken", default="en")


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Translations by English text; empty for a language without a catalogue."""
    if language not in LANGUAGES:
        return {}
    with (_FOLDER / f"{language}.po").open("rb") as file:
        entries = read_po(file, locale=language)
    return {str(e.id): str(e.string) for e in entries if e.id and e.string and not e.fuzzy}


def language_of(locale: str) -> str:
    """The catalogue for one of Discord's locales: ``pt`` for ``pt-BR``."""
    return locale.partition("-")[0].lower()


def speak(locale: str | None) -> None:
    """Say everything in the language of a locale from here on, in this task."""
    _spoken.set(language_of(locale or "en"))


@contextmanager
def speaking(locale: str | None) -> Iterator[None]:
    """Say everything in the language of a locale within the block."""
    token = _spoken.set(language_of(locale or "en"))
    try:
        yield
    finally:
        _spoken.reset(token)


def say(text: str, /, **values: Any) -> str:  # noqa: ANN401 - whatever can be formatted
    """A sentence in the language spoken now, with values for its fields."""
    translated = catalogue(_spoken.get()).get(text, text)
    return translated.format(**values) if values else translated


def retell(sentence: str) -> str:
    """What the language said of a prompt, in the language spoken now; other text as it is."""
    if not isinstance(sentence, Sentence):
        return sentence
    values = {
        name: retell(value) if isinstance(value, Sentence) else value
        for name, value in sentence.values.items()
    }
    return say(sentence.template, **values)


_TYPED: Final = frozenset(
    {
        app_commands.TranslationContextLocation.command_name,
        app_commands.TranslationContextLocation.group_name,
        app_commands.TranslationContextLocation.parameter_name,
    }
)
"""Names that people type, of which everybody should speak alike; those of menus are chosen."""


class CommandTranslator(app_commands.Translator):
    """Gives Discord what it shows of commands, menus and choices in every language."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """The text in that language, or None to leave it in English; what is typed stays."""
        if context.location in _TYPED and not isinstance(context.data, app_commands.ContextMenu):
            return None
        return catalogue(language_of(locale.value)).get(string.message)
