"""Everything said has its words in every language, with the same fields."""

import importlib
import re
import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from babel import Locale
from discord import app_commands

from bot.client import find_command_files
from bot.components.buttons import KINDS, JobButton, build_done_view
from bot.panels import help  # noqa: A004 - what the panel is called
from bot.text import image_wording, languages, messages, sentences
from bot.text.languages import (
    COMMAND,
    LANGUAGES,
    CommandTranslator,
    catalogue,
    find_language,
    plurals,
    retell,
    say,
    speaking,
)
from bot.text.sentences import HEADINGS
from generation.catalogue.card import Capability
from generation.catalogue.families import CARDS, VARIANTS, find_card
from generation.recipe import seed_noise
from prompt import sentences as told
from prompt.errors import PromptError
from prompt.flags.sources import PromptSource
from prompt.flags.table import FLAGS
from prompt.guidance.help import format_line
from prompt.guidance.topics import TOPICS, format_topic
from prompt.reading.grammar import parse
from prompt.sentences import Plural, Sentence
from tests.bot.samples import job, recipe

DESCRIPTION_LIMIT = 100
MESSAGE_LIMIT = 2000
BUTTON_LIMIT = 80
MENU_LIMIT = 32
NAME = re.compile(r"[-_'\w]{1,32}")
"""Names of commands (Discord)."""


class Shelf:
    """Takes commands as a tree would."""

    def __init__(self) -> None:
        self.tree = self
        self.commands: list[Any] = []

    def add_command(self, command: Any) -> None:
        self.commands.append(command)


def constants() -> Iterator[Any]:
    for name, value in (
        *vars(sentences).items(),
        *vars(image_wording).items(),
        *vars(told).items(),
    ):
        if name.isupper():
            yield from value.values() if isinstance(value, dict) else [value]


def every_sentence() -> Iterator[str]:
    yield from (text for text in constants() if isinstance(text, str))


def counted() -> list[Plural]:
    """Sentences that depend on a number."""
    return [text for text in constants() if isinstance(text, Plural)]


def told_of_prompts() -> Iterator[str]:
    for row in FLAGS:
        takes = row.takes.template
        assert isinstance(takes, str)
        yield from filter(None, (row.about, row.otherwise, row.instead, takes))
        yield getattr(row.kind.shape, "template", row.kind.shape)
    yield from Capability
    yield from (way for way in PromptSource if not way.startswith("/"))
    yield find_card("easel").title
    yield from (each.about for each in (*CARDS, *VARIANTS))


def shown() -> Iterator[str]:
    """What stands on buttons, and on pages of help."""
    yield from (kind.label for kind in KINDS.values() if kind.label)
    for topic in TOPICS:
        yield from (topic.title, topic.text)


async def commands() -> list[Any]:
    shelf = Shelf()
    for name in find_command_files():
        await importlib.import_module(name).setup(shelf)
    return shelf.commands


async def descriptions() -> list[str]:
    return [text for command in await commands() for text in _texts(command)]


async def chosen() -> list[str]:
    """Names of menus, and of choices that are made by name."""
    every = await commands()
    names = [each.name for each in every if isinstance(each, app_commands.ContextMenu)]
    return [*names, *(choice.name for command in every for choice in _choices(command))]


def _choices(command: Any) -> Iterator[Any]:
    for option in getattr(command, "parameters", ()):
        yield from option.choices
    for inner in getattr(command, "commands", ()):
        yield from _choices(inner)


async def named() -> dict[str, list[str]]:
    """Names of commands, by the command that they stand below; of the others below nothing."""
    every = [each for each in await commands() if not isinstance(each, app_commands.ContextMenu)]
    below: dict[str, list[str]] = {"": [each.name for each in every]}
    for each in every:
        _name(each, below)
    return below


def _name(command: Any, below: dict[str, list[str]]) -> None:
    for inner in getattr(command, "commands", ()):
        below.setdefault(command.qualified_name, []).append(inner.name)
        _name(inner, below)


def _texts(command: Any) -> Iterator[str]:
    if getattr(command, "description", ""):
        yield str(command.description)
    yield from (str(option.description) for option in getattr(command, "parameters", ()))
    for inner in getattr(command, "commands", ()):
        yield from _texts(inner)


def wordy(text: str) -> bool:
    """Whether there is something to translate beside fields, signs and single letters."""
    plain = "".join(part for part, *_ in string.Formatter().parse(text))
    return sum(letter.isalpha() for letter in plain) > 1


def fields(text: str) -> set[str]:
    return {name for _, name, *_ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_names_of_commands_are_names_and_differ(language: str) -> None:
    known = catalogue(language)
    for names in (await named()).values():
        translated = [known[COMMAND + name] for name in names]
        assert len(set(translated)) == len(names)
        assert all(NAME.fullmatch(name) and name == name.lower() for name in translated)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_sentences_call_commands_as_they_are_named(language: str) -> None:
    known = catalogue(language)
    paths = [
        f"{above} {name}".strip() for above, names in (await named()).items() for name in names
    ]
    for text, translated in known.items():
        for path in (path for path in paths if f"`/{path}`" in text):
            local = " ".join(known[COMMAND + word] for word in path.split())
            assert f"`/{local}`" in translated, text


def test_a_command_is_called_by_its_name_in_the_language() -> None:
    with speaking("de"):
        assert "`/vorlage liste` zeigt" in say(sentences.PRESET_MISSING, name="x")
        assert "`/imagine`" in say(sentences.HELP)
    assert "`/preset list` shows" in say(sentences.PRESET_MISSING, name="x")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_sentence_and_description_is_translated(language: str) -> None:
    known = catalogue(language)
    texts = [
        *every_sentence(),
        *told_of_prompts(),
        *shown(),
        *await descriptions(),
        *await chosen(),
    ]
    names = {COMMAND + name for each in (await named()).values() for name in each}
    wanted = {text for text in texts if wordy(text)} | names
    assert wanted - known.keys() == set()
    assert known.keys() - wanted == set(), "translations of nothing that is said"
    assert plurals(language).keys() == {each.one for each in counted()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_fields_of_the_original(language: str) -> None:
    for text, translated in catalogue(language).items():
        assert fields(text) == fields(translated), text
        assert text.count("`") == translated.count("`"), text
    for plural in counted():
        for form in plurals(language)[plural.one]:
            assert fields(plural.many) - {plural.by} <= fields(form) <= fields(plural.many), form
            assert plural.many.count("`") == form.count("`"), form


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_call_buttons_as_they_are_labelled(language: str) -> None:
    known = catalogue(language)
    labels = [kind.label for kind in KINDS.values() if kind.label and " " in kind.label]
    for text, translated in known.items():
        named = [label for label in labels if label in text and text not in HEADINGS.values()]
        assert all(known[label] in translated for label in named), text


@pytest.mark.parametrize(
    ("locale", "said"),
    [("de", "vor 3 Min"), ("ja", "3 分前"), ("pt-BR", "há 3 min"), ("xx", "3 min")],
)
def test_ages_are_told_in_the_language(locale: str, said: str) -> None:
    with speaking(locale):
        assert said in languages.tell_age(datetime.now(UTC) - timedelta(minutes=3))


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_is_said_in_the_language_to_the_last_word(language: str) -> None:
    with speaking(language):
        for row in FLAGS:
            said = retell(format_line(row, find_card("easel")))
            assert say(row.about) in said
            assert not row.instead or say(row.instead) in said
        for topic in TOPICS:
            said = retell(format_topic(topic))
            assert f"**{say(topic.title)}**\n{say(topic.text)}" in said
            assert len(said) < MESSAGE_LIMIT
        (menu,) = [it for it in help.build_overview().items if isinstance(it, discord.ui.Select)]
        assert [it.label for it in menu.options] == [say(topic.title) for topic in TOPICS]
        assert say(sentences.HELP_MORE) in messages.write_help()


@pytest.mark.parametrize("language", LANGUAGES)
def test_buttons_speak_the_language(language: str) -> None:
    with speaking(language):
        view = build_done_view(job().id, recipe(noise=seed_noise(7, 1)))
        buttons = [child.item for child in view.children if isinstance(child, JobButton)]
        labels = [button.label for button in buttons if button.label]
    assert catalogue(language)["Vary (Subtle)"] in labels
    assert "Vary (Subtle)" not in labels
    assert all(len(label) <= BUTTON_LIMIT for label in labels)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_names_of_menus_fit_and_differ(language: str) -> None:
    names = [each.name for each in await commands() if isinstance(each, app_commands.ContextMenu)]
    translated = [catalogue(language)[name] for name in names]
    assert len(set(translated)) == len(names)
    assert all(len(name) <= MENU_LIMIT for name in translated)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_descriptions_fit(language: str) -> None:
    known = catalogue(language)
    for text in await descriptions():
        assert len(known.get(text, text)) <= DESCRIPTION_LIMIT, text


def test_a_locale_finds_its_language() -> None:
    assert [find_language(code) for code in ("pt-BR", "es-419", "de", "en-US")] == [
        *("pt", "es", "de", "en")
    ]
    assert catalogue("en") == {} == catalogue("xx")


def test_what_is_said_follows_the_language_spoken() -> None:
    with speaking("de"):
        assert say(sentences.CANCELLED_ALL, count=3) == "3 Aufträge abgebrochen."
        with speaking("sv-SE"):
            assert say(sentences.DELETED) == "Deleted."
        assert say(sentences.DELETED) == "Gelöscht."
    assert say(sentences.DELETED) == "Deleted."
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


@pytest.mark.parametrize(
    ("language", "none", "one", "two"),
    [
        ("en", "0 steps", "1 step", "2 steps"),
        ("de", "0 Schritte", "1 Schritt", "2 Schritte"),
        ("es", "0 pasos", "1 paso", "2 pasos"),
        ("fr", "0 étape", "1 étape", "2 étapes"),
        ("ja", "0 ステップ", "1 ステップ", "2 ステップ"),
        ("pt", "0 passo", "1 passo", "2 passos"),
    ],
)
def test_one_step_is_no_plural(language: str, none: str, one: str, two: str) -> None:
    with speaking(language):
        assert [say(sentences.STEPS, count=count) for count in (0, 1, 2)] == [none, one, two]
        said = messages.write_settings(job(), recipe(steps=1)).split(" · ")
        assert said[1] == one


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_every_count_is_said_in_the_form_that_its_language_has_for_it(language: str) -> None:
    """The rules in the catalogues' heads are held to those of Unicode's CLDR."""
    category = Locale(language).plural_form
    for plural in counted():
        forms = plurals(language).get(plural.one, (plural.one, plural.many))
        for count in (*range(130), 1000, 1001, 999_999):
            values = dict.fromkeys(fields(plural.many), "…") | {plural.by: count}
            # Japanese has one form for all; the others one for what CLDR calls "one".
            wanted = forms[0] if category(count) == "one" or len(forms) == 1 else forms[1]
            with speaking(language):
                assert say(plural, **values) == wanted.format(**values)


def test_a_number_before_a_noun_has_its_plural() -> None:
    nouns = "jobs?|images?|pictures?|steps?|hours?|presets?|flags?|prompts?|characters?|pixels?"
    for text in [*every_sentence(), *told_of_prompts()]:
        found = re.search(rf"\{{\w+\}} (?:{nouns})\b", text)
        assert found is None or text == sentences.SERVER_SIZE, text


def test_a_counted_sentence_of_the_language_is_said_again_in_another() -> None:
    note = Sentence(told.MORE, count=1)
    assert note == "There is 1 more like these."
    with speaking("fr"):
        assert retell(note) == "Il y en a 1 autre de ce genre."


async def test_discord_gets_descriptions_but_names_of_options_stay() -> None:
    translator = CommandTranslator()
    text = app_commands.locale_str("The first image")

    async def translated(where: app_commands.TranslationContextLocation) -> str | None:
        make: Any = app_commands.TranslationContext
        return await translator.translate(text, discord.Locale.german, make(where, data=None))

    where = app_commands.TranslationContextLocation
    assert await translated(where.parameter_description) == "Das erste Bild"
    assert await translated(where.parameter_name) is None


async def test_discord_gets_names_of_menus_and_choices() -> None:
    tree: Any = SimpleNamespace(
        allowed_contexts=app_commands.AppCommandContext(),
        allowed_installs=app_commands.AppInstallationType(),
    )
    payloads = {
        command.name: await command.get_translated_payload(tree, CommandTranslator())
        for command in await commands()
    }
    assert payloads["Recipe"]["name_localizations"]["de"] == "Rezept"
    assert payloads["settings"]["name_localizations"]["pt-BR"] == "configurações"
    preset = {option["name"]: option for option in payloads["preset"]["options"]}
    assert preset["list"]["name_localizations"]["es-ES"] == "lista"
    whose = {option["name"]: option for option in preset["save"]["options"]}
    assert whose["whose"]["choices"][0]["name_localizations"]["fr"] == "moi"
    options = {option["name"]: option for option in payloads["blend"]["options"]}
    names = [each["name_localizations"]["ja"] for each in options["dimensions"]["choices"]]
    assert names == ["縦長", "正方形", "横長"]


async def test_commands_are_offered_everywhere_but_a_servers_settings() -> None:
    tree: Any = SimpleNamespace(
        allowed_contexts=app_commands.AppCommandContext(
            guild=True, dm_channel=True, private_channel=True
        ),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
    )
    for command in await commands():
        payload = await command.get_translated_payload(tree, CommandTranslator())
        apart = command.name in {"mod", "server"}
        assert sorted(payload["contexts"]) == ([0] if apart else [0, 1, 2]), command.name
        assert sorted(payload["integration_types"]) == ([0] if apart else [0, 1]), command.name
