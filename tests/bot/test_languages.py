"""Everything said has its words in every language, with the same fields."""

import importlib
import string
from collections.abc import Iterator
from typing import Any

import discord
import pytest
from discord import app_commands

from bot import languages, messages
from bot.client import command_files
from bot.languages import (
    LANGUAGES,
    CommandTranslator,
    catalogue,
    language_of,
    retell,
    say,
    speaking,
)
from generation.cards import Capability, card
from prompt import sentences as told
from prompt.errors import PromptError
from prompt.grammar import parse
from prompt.parameters import PARAMETERS
from prompt.ways import Way

DESCRIPTION_LIMIT = 100


class Shelf:
    """Takes commands as a tree would."""

    def __init__(self) -> None:
        self.tree = self
        self.commands: list[Any] = []

    def add_command(self, command: Any) -> None:
        self.commands.append(command)


def sentences() -> Iterator[str]:
    for name, value in vars(messages).items():
        if name.isupper():
            texts = value.values() if isinstance(value, dict) else [value]
            yield from (text for text in texts if isinstance(text, str))


def told_of_prompts() -> Iterator[str]:
    yield from (text for name, text in vars(told).items() if name.isupper())
    for row in PARAMETERS:
        yield from filter(None, (row.instead, row.takes.template))
        yield getattr(row.kind.shape, "template", row.kind.shape)
    yield from Capability
    yield from (way for way in Way if " " in way)
    yield card("easel").title


async def descriptions() -> list[str]:
    shelf = Shelf()
    for name in command_files():
        await importlib.import_module(name).setup(shelf)
    return [text for command in shelf.commands for text in _texts(command)]


def _texts(command: Any) -> Iterator[str]:
    if getattr(command, "description", ""):
        yield str(command.description)
    yield from (str(option.description) for option in getattr(command, "parameters", ()))
    for inner in getattr(command, "commands", ()):
        yield from _texts(inner)


def wordy(text: str) -> bool:
    """Whether there is something to translate beside fields and signs."""
    plain = "".join(part for part, *_ in string.Formatter().parse(text))
    return any(letter.isalpha() for letter in plain)


def fields(text: str) -> set[str]:
    return {name for _, name, *_ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_sentence_and_description_is_translated(language: str) -> None:
    known = catalogue(language)
    texts = [*sentences(), *told_of_prompts(), *await descriptions()]
    wanted = {text for text in texts if wordy(text)}
    assert wanted - known.keys() == set()
    assert known.keys() - wanted == set(), "translations of nothing that is said"


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_fields_of_the_original(language: str) -> None:
    for text, translated in catalogue(language).items():
        assert fields(text) == fields(translated), text
        assert text.count("`") == translated.count("`"), text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_descriptions_fit(language: str) -> None:
    known = catalogue(language)
    for text in await descriptions():
        assert len(known.get(text, text)) <= DESCRIPTION_LIMIT, text


def test_a_locale_finds_its_language() -> None:
    assert [language_of(code) for code in ("pt-BR", "es-419", "de", "en-US")] == [
        *("pt", "es", "de", "en")
    ]
    assert catalogue("en") == {} == catalogue("xx")


def test_what_is_said_follows_the_language_spoken() -> None:
    with speaking("de"):
        assert say(messages.CANCELLED_ALL, count=3) == "3 deiner Aufträge abgebrochen."
        with speaking("sv-SE"):
            assert say(messages.DELETED) == "Deleted."
        assert say(messages.DELETED) == "Gelöscht."
    assert say(messages.DELETED) == "Deleted."
    assert languages.say("{not} a field") == "{not} a field"


def test_what_is_said_of_a_prompt_follows_the_language_spoken() -> None:
    (note,) = parse("owl —ar 3x2").notes
    with pytest.raises(PromptError) as caught:
        parse("owl --chaos 900")
    (refusal,) = caught.value.sentences
    with speaking("de"):
        assert retell(note) == "`—ar 3x2` gelesen als `--ar 3:2`."
        assert retell(refusal) == ("`--chaos` braucht eine ganze Zahl von 0 bis 100, nicht `900`.")
        assert retell("as it is") == "as it is"
    assert retell(note) == "Read `—ar 3x2` as `--ar 3:2`."


async def test_discord_gets_descriptions_but_names_stay() -> None:
    translator = CommandTranslator()
    text = app_commands.locale_str("Which")

    async def translated(where: app_commands.TranslationContextLocation) -> str | None:
        make: Any = app_commands.TranslationContext
        return await translator.translate(text, discord.Locale.german, make(where, data=None))

    where = app_commands.TranslationContextLocation
    assert await translated(where.parameter_description) == "Welche"
    assert await translated(where.parameter_name) is None
