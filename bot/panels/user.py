"""The panel on which a person sets what holds for all of their pictures.

A flag is offered while the table of flags says that it makes a difference.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import discord

from bot.access import policy
from bot.access.defaults import UserDefaults
from bot.components.items import Item
from bot.components.panel import Panel, PanelPress, make_custom_id
from bot.errors import OldButtonError
from bot.interactions.host import find_host
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


def _list_models(cards: Sequence[Card], server: ServerChoices) -> Mapping[str, str]:
    allowed = [card for card in cards if policy.allows(server, card, cards)]
    return {card.called: card.title for card in allowed[:MOST]}


MENUS: Final[Mapping[str, Menu]] = {
    "model": Menu(sentences.SETTINGS_MODELS, sentences.MODEL_UNSET, _list_models),
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


def _make_flag_switch(title: str, name: str) -> Switch:
    return Switch(
        title,
        lambda choices: name in parse(choices.flags).flags,
        lambda choices, on: _set_flag(choices, name, on or None),
        name,
    )


def _make_field_switch(title: str, name: str, on: object, off: object) -> Switch:
    return Switch(
        title,
        lambda choices: getattr(choices, name) == on,
        lambda choices, wanted: choices.model_copy(update={name: on if wanted else off}),
    )


SWITCHES: Final = {
    "raw": _make_flag_switch(sentences.SETTING_RAW, "raw"),
    "remix": _make_field_switch(sentences.SETTING_REMIX, "remix", on=True, off=False),
    "subtle": _make_field_switch(
        sentences.SETTING_SUBTLE, "variability", on="subtle", off="strong"
    ),
    "private": _make_field_switch(sentences.SETTING_PRIVATE, "private", on=True, off=False),
    "relax": _make_flag_switch(sentences.SETTING_RELAX, "relax"),
}
"""The buttons, in their order."""


async def open_panel(interaction: discord.Interaction[Any]) -> Panel:
    """The panel as it is opened."""
    host = find_host(interaction)
    defaults = await UserDefaults.load(host.records, interaction)
    return build_panel(defaults.person, defaults.server, *host.cards)


async def take_press(press: PanelPress) -> Panel:
    """Does as a press says.

    Raises:
        OldButtonError: Nothing of that name can be set, or not to that.
        PromptError: The flag has no such value (any more).
    """
    it = press.interaction
    await it.response.defer()
    if press.what in MENUS:
        await _require_offered(press)
    await find_host(it).records.write(
        choice_queries.change_person, it.user.id, lambda before: _apply_press(before, press)
    )
    return await open_panel(it)


async def _require_offered(press: PanelPress) -> None:
    """Goes on if what was chosen stands in the menu; clients can send anything."""
    host = find_host(press.interaction)
    server = (await UserDefaults.load(host.records, press.interaction)).server
    offered = {"", *MENUS[press.what].values(host.cards, server)}
    if len(press.values) != 1 or press.values[0].removeprefix(_MARK) not in offered:
        raise OldButtonError


def build_panel(person: PersonChoices, server: ServerChoices, *cards: Card) -> Panel:
    """The panel of a person on a server where models draw, the first where nobody chooses."""
    lines = [say(sentences.SETTINGS), say(sentences.SETTINGS_MODEL, model=say(cards[0].title))]
    for what, value in (("flags", person.flags), ("suffix", person.suffix)):
        lines += [messages.announce_preference(what, value)] if value else []
    on = [say(switch.title) for switch in SWITCHES.values() if switch.is_on(person)]
    lines.append(say(sentences.SETTINGS_ON, names=", ".join(on) or say(sentences.NONE)))
    menus = [_build_menu(person, name, each.values(cards, server)) for name, each in MENUS.items()]
    buttons = [
        _build_button(person, name)
        for name, switch in SWITCHES.items()
        if not switch.flag or BY_NAME[switch.flag].matters(True)
    ]
    items = [*(menu for menu in menus if menu is not None), *buttons, _build_reset()]
    return Panel("\n".join(lines)[: messages.CONTENT_LIMIT], items)


def _apply_press(before: PersonChoices, press: PanelPress) -> PersonChoices:
    """The choices after a press.

    Raises:
        OldButtonError: Nothing of that name can be set.
        PromptError: The flag has no such value.
    """
    if press.what in MENUS:
        chosen = press.values[0].removeprefix(_MARK)
        return _set_flag(before, press.what, _parse_value(press.what, chosen) if chosen else None)
    if press.what == _RESET:
        # Flags of one's own are text that somebody wrote; resetting switches should not lose it.
        return PersonChoices(options=before.options)
    if press.what not in SWITCHES:
        raise OldButtonError
    return SWITCHES[press.what].turned(before, press.value == _ON)


def _build_menu(person: PersonChoices, name: str, values: Mapping[str, str]) -> Item | None:
    """The menu of a flag's values that make a difference, or None if none does."""
    now = parse(person.flags).flags.get(name)
    options = [
        discord.SelectOption(label=say(title), value=_MARK + value, default=value == str(now))
        for value, title in values.items()
        if BY_NAME[name].matters(_parse_value(name, value))
    ]
    # A menu without values is refused by Discord.
    if not options:
        return None
    return discord.ui.Select(
        custom_id=make_custom_id(_PANEL, name),
        placeholder=say(MENUS[name].title),
        options=[discord.SelectOption(label=say(MENUS[name].unset), value=_MARK), *options],
    )


def _parse_value(name: str, text: str) -> object:
    """A flag's value, from how people write it.

    Raises:
        PromptError: The flag has no such value.
    """
    return parse(f"--{name} {text}").flags[name]


def _build_button(choices: PersonChoices, name: str) -> Item:
    """A button that says what it turns to, so that an old one does as it says."""
    switch = SWITCHES[name]
    on = switch.is_on(choices)
    return discord.ui.Button(
        label=say(switch.title),
        style=discord.ButtonStyle.success if on else discord.ButtonStyle.secondary,
        custom_id=make_custom_id(_PANEL, name, _OFF if on else _ON),
    )


def _build_reset() -> Item:
    """A button for the choices of somebody new; what their own flags stand for is kept."""
    return discord.ui.Button(
        label=say(sentences.SETTINGS_RESET),
        style=discord.ButtonStyle.danger,
        custom_id=make_custom_id(_PANEL, _RESET),
    )


def _set_flag(choices: PersonChoices, name: str, value: object) -> PersonChoices:
    """The choices with a flag set, or taken away for None, and without those it decides against."""
    prompt = parse(choices.flags)
    # A flag kept beside one that decides the same thing would make every prompt say so in a note.
    gone = {name, *RIVALS.get(name, ())}
    values = {key: old for key, old in prompt.flags.items() if key not in gone}
    values |= {} if value is None else {name: value}
    return choices.model_copy(update={"flags": format_prompt(replace(prompt, flags=values))})
