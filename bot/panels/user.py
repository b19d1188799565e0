"""The panel on which a person sets what holds for all of their pictures.

A flag is offered while the table of flags says that it makes a difference.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import discord

from bot.access import policy
from bot.access.defaults import Shelf
from bot.components.panel import Item, Panel, Press, custom_id
from bot.errors import OldButtonError
from bot.interactions.host import host_of
from bot.text import messages, sentences
from bot.text.languages import say
from generation.catalogue.card import Card
from prompt.flags.table import BY_NAME, RIVALS
from prompt.reading.grammar import format_prompt, parse
from storage.decisions import choice_queries
from storage.decisions.choices import PersonChoices, ServerChoices

_PANEL: Final = "settings"
_ON: Final = "on"
_OFF: Final = "off"
_RESET: Final = "reset"
MOST: Final = 24
"""Most values of a menu (Discord), besides the one for none of them."""

_MARK: Final = "s"
"""Before every value of a menu, since Discord takes no empty one."""


@dataclass(frozen=True, slots=True)
class Menu:
    """A flag with several values to choose from.

    Attributes:
        title: What is chosen.
        unset: What there is without the flag.
        values: Titles by value, given the cards of what draws here, the usual one's first, and what
            the server decided.
    """

    title: str
    unset: str
    values: Callable[[Sequence[Card], ServerChoices], Mapping[str, str]]


def _models(cards: Sequence[Card], server: ServerChoices) -> Mapping[str, str]:
    allowed = [card for card in cards if policy.allows(server, card, cards)]
    return {card.called: card.title for card in allowed[:MOST]}


MENUS: Final[Mapping[str, Menu]] = {
    "model": Menu(sentences.SETTINGS_MODELS, sentences.MODEL_UNSET, _models),
    "stylize": Menu(
        sentences.SETTINGS_STYLIZE,
        sentences.STYLIZE_DEFAULT,
        lambda _cards, _server: {
            "50": sentences.STYLIZE_LOW,
            "100": sentences.STYLIZE_MEDIUM,
            "250": sentences.STYLIZE_HIGH,
            "750": sentences.STYLIZE_VERY_HIGH,
        },
    ),
}
"""The menus by the flag they set, in their order; strengths of ``--stylize`` are Midjourney's (its
documentation of 2024)."""


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that is on or off.

    Attributes:
        title: What it is called.
        is_on: How to tell.
        turned: The choices with it on or off.
        flag: Name of the flag that it sets; empty for none.
    """

    title: str
    is_on: Callable[[PersonChoices], bool]
    turned: Callable[[PersonChoices, bool], PersonChoices]
    flag: str = ""


def _flag(title: str, name: str) -> Switch:
    return Switch(
        title,
        lambda choices: name in parse(choices.flags).flags,
        lambda choices, on: _with_flag(choices, name, on or None),
        name,
    )


def _field(title: str, name: str, on: object, off: object) -> Switch:
    return Switch(
        title,
        lambda choices: getattr(choices, name) == on,
        lambda choices, wanted: choices.model_copy(update={name: on if wanted else off}),
    )


SWITCHES: Final = {
    "raw": _flag(sentences.SETTING_RAW, "raw"),
    "remix": _field(sentences.SETTING_REMIX, "remix", on=True, off=False),
    "subtle": _field(sentences.SETTING_SUBTLE, "variability", on="subtle", off="strong"),
    "private": _field(sentences.SETTING_PRIVATE, "private", on=True, off=False),
    "relax": _flag(sentences.SETTING_RELAX, "relax"),
}
"""The buttons, in their order."""


async def opened(interaction: discord.Interaction[Any]) -> Panel:
    """The panel as it is opened."""
    host = host_of(interaction)
    shelf = await Shelf.of(host.records, interaction)
    return panel(shelf.person, shelf.server, *host.cards)


async def take(press: Press) -> Panel:
    """Does as a press says.

    Raises:
        OldButtonError: Nothing of that name can be set.
        PromptError: The flag has no such value (any more).
    """
    it = press.interaction
    await it.response.defer()
    await host_of(it).records.write(
        choice_queries.change_person, it.user.id, lambda before: _pressed(before, press)
    )
    return await opened(it)


def panel(person: PersonChoices, server: ServerChoices, *cards: Card) -> Panel:
    """The panel of a person on a server where models draw, the first where nobody chooses."""
    lines = [say(sentences.SETTINGS), say(sentences.SETTINGS_MODEL, model=say(cards[0].title))]
    for what, value in (("flags", person.flags), ("suffix", person.suffix)):
        lines += [messages.preferred(what, value)] if value else []
    on = [say(switch.title) for switch in SWITCHES.values() if switch.is_on(person)]
    lines.append(say(sentences.SETTINGS_ON, names=", ".join(on) or say(sentences.NONE)))
    menus = [_menu(person, name, each.values(cards, server)) for name, each in MENUS.items()]
    buttons = [
        _button(person, name)
        for name, switch in SWITCHES.items()
        if not switch.flag or BY_NAME[switch.flag].matters(True)
    ]
    items = [*(menu for menu in menus if menu is not None), *buttons, _reset()]
    return Panel("\n".join(lines)[: messages.CONTENT_LIMIT], items)


def _pressed(before: PersonChoices, press: Press) -> PersonChoices:
    """The choices after a press.

    Raises:
        OldButtonError: Nothing of that name can be set.
        PromptError: The flag has no such value.
    """
    if press.what in MENUS:
        chosen = press.values[0].removeprefix(_MARK)
        return _with_flag(before, press.what, _value(press.what, chosen) if chosen else None)
    if press.what == _RESET:
        return PersonChoices(options=before.options)
    if press.what not in SWITCHES:
        raise OldButtonError
    return SWITCHES[press.what].turned(before, press.value == _ON)


def _menu(person: PersonChoices, name: str, values: Mapping[str, str]) -> Item | None:
    """The menu of a flag's values that make a difference, or None if none does."""
    now = parse(person.flags).flags.get(name)
    options = [
        discord.SelectOption(label=say(title), value=_MARK + value, default=value == str(now))
        for value, title in values.items()
        if BY_NAME[name].matters(_value(name, value))
    ]
    if not options:
        return None
    return discord.ui.Select(
        custom_id=custom_id(_PANEL, name),
        placeholder=say(MENUS[name].title),
        options=[discord.SelectOption(label=say(MENUS[name].unset), value=_MARK), *options],
    )


def _value(name: str, text: str) -> object:
    """A flag's value, from how people write it.

    Raises:
        PromptError: The flag has no such value.
    """
    return parse(f"--{name} {text}").flags[name]


def _button(choices: PersonChoices, name: str) -> Item:
    """A button that says what it turns to, so that an old one does as it says."""
    switch = SWITCHES[name]
    on = switch.is_on(choices)
    return discord.ui.Button(
        label=say(switch.title),
        style=discord.ButtonStyle.success if on else discord.ButtonStyle.secondary,
        custom_id=custom_id(_PANEL, name, _OFF if on else _ON),
    )


def _reset() -> Item:
    """A button for the choices of somebody new; what their own flags stand for is kept."""
    return discord.ui.Button(
        label=say(sentences.SETTINGS_RESET),
        style=discord.ButtonStyle.danger,
        custom_id=custom_id(_PANEL, _RESET),
    )


def _with_flag(choices: PersonChoices, name: str, value: object) -> PersonChoices:
    """The choices with a flag set, or taken away for None, and without those it decides against."""
    prompt = parse(choices.flags)
    gone = {name, *RIVALS.get(name, ())}
    values = {key: old for key, old in prompt.flags.items() if key not in gone}
    values |= {} if value is None else {name: value}
    return choices.model_copy(update={"flags": format_prompt(replace(prompt, flags=values))})
