"""Languages: the catalogues in ``locales/``, and which one is spoken just now.

Every sentence is written in English where it belongs, and looked up by itself when it is said. What
a catalogue lacks is said in English.
"""

import gettext
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import discord
from babel import Locale
from babel.dates import format_timedelta
from babel.lists import format_list
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from discord import app_commands

from prompt.sentences import Plural, Sentence

LANGUAGES: Final = ("de", "es", "fr", "ja", "pt")
"""Every language but English, as the catalogues are named."""

_CONTEXT_END: Final = "\x04"
COMMAND: Final = f"command{_CONTEXT_END}"
"""Before the name of a command, in the catalogues' keys: names are no sentences."""

_MENTION: Final = re.compile(r"(?<![\w/])/([a-z0-9]+(?: [a-z]+){0,2})")
_FOLDER: Final = Path(__file__).with_name("locales")
_spoken: ContextVar[str] = ContextVar("spoken", default="en")


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Translations by English text; empty for a language without a catalogue."""
    # Commands are named in sentences by their English names and translated here, once, so that a
    # catalogue can rename a command without touching its sentences.
    said = {_key(each): str(each.string) for each in _entries(language) if not each.pluralizable}
    names = {key: name for key, name in said.items() if key.startswith(COMMAND)}
    return {key: _naming(text, names) for key, text in said.items()}


@cache
def plurals(language: str) -> Mapping[str, tuple[str, ...]]:
    """A language's forms of the sentences that depend on a number, by the English for one."""
    names = {key: name for key, name in catalogue(language).items() if key.startswith(COMMAND)}
    return {
        each.id[0]: tuple(_naming(form, names) for form in each.string or ())
        for each in _entries(language)
        if each.pluralizable
    }


@cache
def _rule(language: str) -> Callable[[int], int]:
    """Which form a number takes, by the rule in the head of the language's catalogue."""
    return gettext.c2py(_read(language).plural_expr)


@cache
def _read(language: str) -> Catalog:
    if language not in LANGUAGES:
        return Catalog()
    with (_FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def _entries(language: str) -> Iterator[Message]:
    """What a catalogue translates, without its head and what translators left open."""
    return (each for each in _read(language) if each.id and each.string and not each.fuzzy)


def _key(entry: Message) -> str:
    """As gettext does it: a context, and a sign between."""
    return f"{entry.context}{_CONTEXT_END}{entry.id}" if entry.context else str(entry.id)


def _naming(text: str, names: Mapping[str, str]) -> str:
    """A sentence that calls commands as people find them in its language."""

    def named(found: re.Match[str]) -> str:
        first, *others = found[1].split(" ")
        if COMMAND + first not in names:
            return found[0]
        return "/" + " ".join(names.get(COMMAND + word, word) for word in (first, *others))

    return _MENTION.sub(named, text)


def find_language(locale: str) -> str:
    """The catalogue for a locale: ``pt`` for ``pt-BR``, and ``en`` for what there is none for.

    What a stranger's browser names becomes one of few, for each of which something is kept.
    """
    language = locale.partition("-")[0].lower()
    return language if language in LANGUAGES else "en"


def name_language(language: str) -> str:
    """A language as its speakers call it, such as ``Deutsch``."""
    name = Locale(language).get_display_name() or language
    return name[:1].upper() + name[1:]


def name_language_here(language: str) -> str:
    """A language as it is called in the language spoken now, such as ``German``."""
    return Locale(language).get_display_name(_spoken.get()) or language


def join_list(parts: Sequence[str]) -> str:
    """Parts as a list in a sentence, such as "a, b, and c", in the language spoken now."""
    return format_list(parts, locale=_spoken.get())


def write_number(number: float) -> str:
    """A number as it is written in the language spoken now, such as 25,1 in German."""
    return format_decimal(number, locale=_spoken.get())


def load_ages() -> None:
    """Reads how every language tells an age, once, which takes a tenth of a second in all."""
    for language in ("en", *LANGUAGES):
        format_timedelta(timedelta(days=1), locale=language)


def tell_age(moment: datetime) -> str:
    """How long ago something was, such as "3 min ago", in the language spoken now."""
    # Of two drawn within the same minute, neither is told to the second.
    return format_timedelta(
        moment - datetime.now(UTC),
        granularity="minute",
        threshold=1,
        add_direction=True,
        format="short",
        locale=_spoken.get(),
    )


def speak(locale: str | None) -> None:
    """Say everything in the language of a locale from here on, in this task."""
    _spoken.set(find_language(locale or "en"))


def spoken() -> str:
    """The language spoken now, as its catalogue is named; ``en`` for English."""
    return _spoken.get()


@contextmanager
def speaking(locale: str | None) -> Iterator[None]:
    """Say everything in the language of a locale within the block."""
    token = _spoken.set(find_language(locale or "en"))
    try:
        yield
    finally:
        _spoken.reset(token)


def say(text: str | Plural, /, **values: Any) -> str:  # noqa: ANN401 - whatever can be formatted
    """A sentence in the language spoken now, with values for its fields.

    Args:
        text: The sentence in English; a `Plural` is said in the form that its number takes.
        **values: The fields.
    """
    if isinstance(text, Plural):
        translated = _choose_plural(text, values[text.by])
    else:
        translated = catalogue(_spoken.get()).get(text, text)
    return translated.format(**values) if values else translated


def _choose_plural(text: Plural, count: int) -> str:
    language = _spoken.get()
    forms = plurals(language).get(text.one)
    return forms[_rule(language)(count)] if forms else text.english(count)


def retell(sentence: str) -> str:
    """What the language said of a prompt, in the language spoken now; other text as it is."""
    if not isinstance(sentence, Sentence):
        return sentence
    values = {
        name: retell(value) if isinstance(value, Sentence) else value
        for name, value in sentence.values.items()
    }
    return say(sentence.template, **values)


_NAMES: Final = frozenset(
    {
        app_commands.TranslationContextLocation.command_name,
        app_commands.TranslationContextLocation.group_name,
    }
)
"""Names of commands, but for those of menus, which are ordinary text."""


class CommandTranslator(app_commands.Translator):
    """Gives Discord what it shows of commands, menus and choices in every language."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """The text in that language, or None to leave it in English as names of options are."""
        # Prompts and tutorials name options in English; translated they could not be followed.
        if context.location is app_commands.TranslationContextLocation.parameter_name:
            return None
        menu = isinstance(context.data, app_commands.ContextMenu)
        named = context.location in _NAMES and not menu
        key = COMMAND + string.message if named else string.message
        return catalogue(find_language(locale.value)).get(key)
