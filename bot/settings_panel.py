"""The panel on which a person sets what holds for all of their pictures."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import discord

from bot import messages
from bot.errors import OldButtonError
from bot.languages import say
from bot.parts import Item, Panel, Press, custom_id
from prompt.grammar import format_prompt, parse
from storage import keeping
from storage.choices import PersonChoices

_PANEL: Final = "settings"
_ON: Final = "on"
_OFF: Final = "off"
_RESET: Final = "reset"

STYLIZE: Final = {
    "": messages.STYLIZE_DEFAULT,
    "50": messages.STYLIZE_LOW,
    "100": messages.STYLIZE_MEDIUM,
    "250": messages.STYLIZE_HIGH,
    "750": messages.STYLIZE_VERY_HIGH,
}
"""Midjourney's four strengths of ``--stylize`` (its documentation of 2024), and none."""


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that is on or off: what it is called, how to tell, and how to turn it."""

    title: str
    is_on: Callable[[PersonChoices], bool]
    turned: Callable[[PersonChoices, bool], PersonChoices]


def _flag(title: str, name: str) -> Switch:
    return Switch(
        title,
        lambda choices: name in parse(choices.flags).parameters,
        lambda choices, on: _with_flag(choices, name, on or None),
    )


def _field(title: str, name: str, on: object, off: object) -> Switch:
    return Switch(
        title,
        lambda choices: getattr(choices, name) == on,
        lambda choices, wanted: choices.model_copy(update={name: on if wanted else off}),
    )


SWITCHES: Final = {
    "raw": _flag(messages.SETTING_RAW, "raw"),
    "remix": _field(messages.SETTING_REMIX, "remix", on=True, off=False),
    "subtle": _field(messages.SETTING_SUBTLE, "variability", on="subtle", off="strong"),
    "private": _field(messages.SETTING_PRIVATE, "private", on=True, off=False),
    "relax": _flag(messages.SETTING_RELAX, "relax"),
}
"""The buttons, in their order."""


async def opened(interaction: discord.Interaction[Any]) -> Panel:
    """The panel as it is opened."""
    return _panel(interaction, await _choices(interaction))


async def take(press: Press) -> Panel:
    """Does as a press says.

    Raises:
        OldButtonError: Nothing of that name can be set.
    """
    it = press.interaction
    await it.response.defer()
    after = await it.client.records.write(
        keeping.change_person, it.user.id, lambda before: _pressed(before, press)
    )
    return _panel(it, after)


def _pressed(before: PersonChoices, press: Press) -> PersonChoices:
    """The choices after a press.

    Raises:
        OldButtonError: Nothing of that name can be set.
    """
    if press.what == "stylize":
        chosen = press.values[0].removeprefix("s")
        return _with_flag(before, "stylize", int(chosen) if chosen else None)
    if press.what == _RESET:
        return PersonChoices(options=before.options)
    if press.what not in SWITCHES:
        raise OldButtonError
    return SWITCHES[press.what].turned(before, press.value == _ON)


def _panel(interaction: discord.Interaction[Any], choices: PersonChoices) -> Panel:
    lines = [say(messages.SETTINGS)]
    lines.append(say(messages.SETTINGS_MODEL, model=say(interaction.client.intake.card.title)))
    for what, value in (("flags", choices.flags), ("suffix", choices.suffix)):
        lines += [messages.preferred(what, value)] if value else []
    items = [_stylize(choices), *(_button(choices, name) for name in SWITCHES), _reset()]
    return Panel("\n".join(lines)[: messages.CONTENT_LIMIT], items)


def _stylize(choices: PersonChoices) -> Item:
    now = str(parse(choices.flags).parameters.get("stylize", ""))
    options = [
        discord.SelectOption(label=say(title), value=f"s{value}", default=value == now != "")
        for value, title in STYLIZE.items()
    ]
    return discord.ui.Select(
        custom_id=custom_id(_PANEL, "stylize"),
        placeholder=say(messages.SETTINGS_STYLIZE),
        options=options,
    )


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
        label=say(messages.SETTINGS_RESET),
        style=discord.ButtonStyle.danger,
        custom_id=custom_id(_PANEL, _RESET),
    )


def _with_flag(choices: PersonChoices, name: str, value: object) -> PersonChoices:
    """The choices with a flag set, or taken away for None."""
    prompt = parse(choices.flags)
    values = {key: old for key, old in prompt.parameters.items() if key != name}
    values |= {} if value is None else {name: value}
    return choices.model_copy(update={"flags": format_prompt(replace(prompt, parameters=values))})


async def _choices(interaction: discord.Interaction[Any]) -> PersonChoices:
    found: PersonChoices = await interaction.client.records.read(
        keeping.person, interaction.user.id
    )
    return found
