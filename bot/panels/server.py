"""The panel on which a server's managers decide who may ask for what, and where."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import discord

from bot.access import policy
from bot.components.items import Item
from bot.components.panel import Panel, PanelPress, make_custom_id
from bot.errors import FormLateError, NotAllowedError, OldButtonError
from bot.interactions.host import find_host
from bot.interactions.patience import begin
from bot.panels import member_view, members, word_lists
from bot.panels.server_topics import NUMBERS, OF_ROLES, TOPICS, Number
from bot.text import sentences, server_log, server_rules
from bot.text.languages import say
from generation.catalogue.card import Card
from prompt.sentences import Sentence
from storage.decisions import choice_queries
from storage.decisions.choices import Change, Limits, ServerChoices
from storage.queue.limits import HostLimits
from storage.quotas import EXAMPLE, format_quotas, parse_quotas

CHANGES_SHOWN: Final = 12
"""Most changes on one page."""

_PANEL: Final = "server"


_CHANGES: Final = "changes"
_USAGE: Final = "usage"
_MEMBERS: Final = "members"
_DIGITS: Final = 9
"""Most digits of a place in the list of changes."""

_FORMS: Final = ("limits", "quotas", "words")
"""Topics that are set in a form."""

_TITLES: Final = {
    **server_rules.TITLES,
    "person": sentences.PANEL_PERSON,
    _MEMBERS: sentences.PANEL_MEMBERS,
    _USAGE: sentences.PANEL_USAGE,
    _CHANGES: sentences.PANEL_CHANGES,
}


async def open_panel(interaction: discord.Interaction[Any]) -> Panel:
    """The panel as it is opened.

    Raises:
        NotAllowedError: The person does not manage the server.
    """
    _require_manager(interaction)
    return await _load_panel(interaction)


async def take_press(press: PanelPress) -> Panel | None:
    """Does as a press says, and notes who changed what.

    Raises:
        NotAllowedError: The person does not manage the server (any more).
        OldButtonError: Nothing of that name can be set, or not to that.
        FormLateError: The database is slow.
    """
    it, what = press.interaction, press.what
    # Asked at every press: the panel may be older than the person's role.
    _require_manager(it)
    _require_fitting(press)
    if what == "person" and press.values:
        await it.response.send_modal(members.build_form(press.values[0]))
        return None
    asked = _find_form(press)
    # A form has to be the first answer, so it cannot be shown after a promise of one.
    if asked is not None:
        reading = await begin(_load_choices(it))
        if not reading.done():
            raise FormLateError
        await it.response.send_modal(_build_form(reading.result(), *asked))
        return None
    await it.response.defer()
    if what == "open":
        topic = press.values[0]
        if topic == _CHANGES:
            return await _load_changes(it, 0)
        return await _load_panel(it, topic, await _load_text(it, topic))
    if what == _CHANGES:
        return await _load_changes(it, int(press.value or 0))
    if what == _MEMBERS:
        role = int(press.values[0]) if press.values else None
        return await _load_panel(it, what, await member_view.write(it, role))
    if what in _FORMS:
        return await _change(
            it,
            lambda before: (
                word_lists.apply(before, press)
                if what == "words"
                else _apply_limits(before, press, find_host(it).limits)
            ),
            "role" if press.value else what,
        )
    if what in {"role", "person"}:
        return await _load_panel(it, what)
    if what == "grant":
        return await _load_panel(it, "person", await members.change(press, _read_server_id(it)))
    topic_of = TOPICS.get(what)
    if topic_of is None or topic_of.read is None:
        raise OldButtonError
    chosen = {what: topic_of.read(press.values)}
    return await _change(it, lambda before: before.model_copy(update=chosen), what)


def _require_fitting(press: PanelPress) -> None:
    """Goes on if what was chosen is something that the panel offers on this server."""
    it, topic = press.interaction, TOPICS.get(press.what)
    # A form's custom id names a role, and comes from the client as a menu's values do.
    chosen = [press.value] if press.what == "limits" and press.value else press.values
    named = TOPICS["role"] if press.what == "limits" else topic
    if press.what == "grant":
        named, chosen = TOPICS["person"], [press.value]
    if press.what == "open":
        fitting = len(chosen) == 1 and chosen[0] in _TITLES
    elif press.what == _CHANGES:
        fitting = press.value.isdecimal() and len(press.value) <= _DIGITS
    else:
        fitting = named is not None and all(
            it.guild is not None and named.fits(it.guild, value, find_host(it).cards)
            for value in chosen
        )
    if not fitting:
        raise OldButtonError


async def _load_panel(it: discord.Interaction[Any], topic: str = "", text: str = "") -> Panel:
    return _build_panel(it, await _load_choices(it), topic, text)


def _build_panel(
    it: discord.Interaction[Any], choices: ServerChoices, topic: str, text: str = ""
) -> Panel:
    """The panel with the menu for one topic; without another text it tells all that is set."""
    host = find_host(it)
    told = text or server_rules.write_rules(choices, host.limits)
    return build_panel(choices, host.cards, topic, told)


def build_panel(
    choices: ServerChoices, served: Sequence[Card], topic: str = "", text: str = ""
) -> Panel:
    """The panel of a server.

    Args:
        choices: What is set.
        served: The cards of what draws here, the usual one's first.
        topic: For what there is a menu on it.
        text: What stands on it.
    """
    options = [
        discord.SelectOption(label=say(title), value=name, default=name == topic)
        for name, title in _TITLES.items()
    ]
    items: list[Item] = [
        discord.ui.Select(
            custom_id=make_custom_id(_PANEL, "open"),
            placeholder=say(sentences.PANEL_CHOOSE),
            options=options,
        )
    ]
    menu = TOPICS[topic].menu if topic in TOPICS else None
    if menu is not None:
        items.append(menu(choices, make_custom_id(_PANEL, topic), served))
    return Panel(text, items)


def _require_manager(interaction: discord.Interaction[Any]) -> None:
    if not policy.manages(interaction):
        raise NotAllowedError(Sentence(sentences.SERVER_MANAGERS))


def _read_server_id(interaction: discord.Interaction[Any]) -> int:
    """The server's id; only those who manage a server get this far."""
    return interaction.guild_id or 0


async def _load_choices(interaction: discord.Interaction[Any]) -> ServerChoices:
    records = find_host(interaction).records
    return await records.read(choice_queries.read_server, _read_server_id(interaction))


async def _change(
    it: discord.Interaction[Any], change: Callable[[ServerChoices], ServerChoices], what: str
) -> Panel:
    def note(before: ServerChoices, after: ServerChoices) -> Change:
        # Kept whole rather than in words, so that everybody reads the history in their own
        # language.
        return Change(it.user.id, what, json.dumps(before.write()), json.dumps(after.write()))

    records = find_host(it).records
    after = await records.write(choice_queries.change_server, _read_server_id(it), change, note)
    return _build_panel(it, after, what)


async def _load_text(it: discord.Interaction[Any], topic: str) -> str:
    """What stands on the panel in place of everything that is set; empty for that."""
    if topic == _MEMBERS:
        return await member_view.write(it, None)
    return await members.list_usage(it, _read_server_id(it)) if topic == _USAGE else ""


async def _load_changes(it: discord.Interaction[Any], skipped: int) -> Panel:
    """The panel with who changed what, after so many that are newer."""
    found = await find_host(it).records.read(
        # One more than is shown tells whether there are others.
        choice_queries.list_changes,
        _read_server_id(it),
        CHANGES_SHOWN + 1,
        skipped,
    )
    text, count = server_log.write_server_log(found[:CHANGES_SHOWN])
    panel = await _load_panel(it, _CHANGES, text)
    older = skipped + count if len(found) > count else None
    turns = ((sentences.CHANGES_LATEST, 0 if skipped else None), (sentences.CHANGES_OLDER, older))
    buttons = [
        discord.ui.Button[discord.ui.View](
            label=say(label), custom_id=make_custom_id(_PANEL, _CHANGES, str(to))
        )
        for label, to in turns
        if to is not None
    ]
    return Panel(panel.text, [*panel.items, *buttons])


def _find_form(press: PanelPress) -> tuple[str, str] | None:
    """Which form a press asks for, and whose limits it sets: a role's id, or empty for all."""
    if press.what == "open" and press.values[0] in _FORMS:
        return press.values[0], ""
    return ("limits", press.values[0]) if press.what == "role" and press.values else None


def _build_form(choices: ServerChoices, what: str, role: str) -> discord.ui.Modal:
    if what == "words":
        return word_lists.build_form(choices, make_custom_id(_PANEL, what))
    values = choices.limits_for({int(role)}) if role else choices
    title = _TITLES["role" if role else what]
    form = discord.ui.Modal(title=say(title), custom_id=make_custom_id(_PANEL, what, role))
    numbers = NUMBERS if what == "limits" else ()
    for number in OF_ROLES if role else numbers:
        field: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id=number.field, default=str(getattr(values, number.field)), max_length=6
        )
        form.add_item(discord.ui.Label(text=number.write_label(), component=field))
    # A form has room for five fields.
    if what == "limits" and not role:
        return form
    quotas: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id="quotas",
        default=values.quotas,
        placeholder=EXAMPLE,
        required=False,
        # Kept in full words, which are longer than what was typed.
        max_length=400,
    )
    form.add_item(discord.ui.Label(text=say(sentences.LIMIT_QUOTAS), component=quotas))
    return form


def _apply_limits(before: ServerChoices, press: PanelPress, host: HostLimits) -> ServerChoices:
    """The choices with the limits of a submitted form; a role's that are the server's go.

    Args:
        before: The choices as they are.
        press: The form.
        host: What whoever runs the bot allows anybody.
    """
    numbers = [_bound(number, host) for number in (OF_ROLES if press.value else NUMBERS)]
    # A form that was opened before a limit was added lacks its field.
    values: dict[str, Any] = {
        number.field: _parse_number(number, press.typed)
        for number in numbers
        if number.field in press.typed
    }
    if "quotas" in press.typed:
        values["quotas"] = format_quotas(parse_quotas(press.typed["quotas"]))
    if not press.value:
        return before.model_copy(update=values)
    role, own = int(press.value), Limits(**values)
    limits = {other: kept for other, kept in before.limits.items() if other != role}
    # Limits that are the server's own are not kept for a role, or a later change of them would pass
    # it by.
    if own != before.limits_for(()):
        limits[role] = own
    return before.model_copy(update={"limits": limits})


def _bound(number: Number, host: HostLimits) -> Number:
    most = {"unfinished": host.unfinished, "share": host.share}.get(number.field)
    return number if most is None else replace(number, high=most)


def _parse_number(number: Number, typed: Mapping[str, str]) -> int:
    text = typed.get(number.field, "").strip()
    if not (text.isdecimal() and number.low <= int(text) <= number.high):
        shown = text.replace("`", "ˋ")
        raise NotAllowedError(
            Sentence(sentences.LIMIT_WRONG, typed=shown, low=number.low, high=number.high)
        )
    return int(text)
