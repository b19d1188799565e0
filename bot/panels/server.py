"""The panel on which a server's managers decide who may ask for what, and where."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import discord

from bot.access import policy
from bot.components.panel import Item, Panel, PanelPress, make_custom_id
from bot.errors import NotAllowedError, OldButtonError
from bot.interactions.host import find_host
from bot.text import messages, sentences
from bot.text.languages import LANGUAGES, name_language, say
from generation.catalogue.card import Card
from generation.catalogue.families import CARDS
from prompt.sentences import Sentence
from storage.decisions import choice_queries
from storage.decisions.choices import Change, Limits, ServerChoices

MOST: Final = 25
"""Most values of a menu (Discord)."""

CHANGES_SHOWN: Final = 15

_PANEL: Final = "server"
_SPOKEN: Final = ("en", *LANGUAGES)
_TEXT_CHANNELS: Final = [discord.ChannelType.text, discord.ChannelType.news]


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing that can be set.

    Attributes:
        title: What it is called.
        shown: Its value, for people.
        menu: The menu that sets it, given what is set, its custom id and the cards of what draws
            here; None where a form or nothing does.
        read: From a menu's values to what is stored.
        fits: Whether a value is one that the menu offers on a server; clients can send any other.
    """

    title: str
    shown: Callable[[ServerChoices], str]
    menu: Callable[[ServerChoices, str, Sequence[Card]], Item] | None = None
    read: Callable[[Sequence[str]], object] | None = None
    fits: Callable[[discord.Guild, str, Sequence[Card]], bool] = lambda *_: False


@dataclass(frozen=True, slots=True)
class Number:
    """A limit in the form: its field, what it is called, and the range; where 0 fits it is none."""

    field: str
    title: str
    low: int
    high: int

    def format_value(self, values: "ServerChoices | Limits") -> str:
        """Its value, for people."""
        value = getattr(values, self.field)
        return str(value) if value else say(sentences.ANY)

    def write_label(self) -> str:
        """What stands above its field."""
        title = say(self.title)
        return title if self.low else say(sentences.LIMIT_OR_ANY, limit=title)


NUMBERS: Final = (
    Number("repeat", sentences.LIMIT_REPEAT, 1, 40),
    Number("largest", sentences.LIMIT_LARGEST, 0, 16384),
    Number("unfinished", sentences.LIMIT_UNFINISHED, 1, 1000),
    Number("daily", sentences.LIMIT_DAILY, 0, 100_000),
)
"""Limits of a server; the last two may differ for a role."""

_OF_ROLES: Final = NUMBERS[2:]


def _build_channel_menu(choices: ServerChoices, name: str, _: Sequence[Card]) -> Item:
    return _build_channel_select(choices.channels, name, MOST)


def _build_results_menu(choices: ServerChoices, name: str, _: Sequence[Card]) -> Item:
    return _build_channel_select((choices.results,) if choices.results else (), name, 1)


def _build_channel_select(chosen: Sequence[int], name: str, most: int) -> Item:
    return discord.ui.ChannelSelect(
        custom_id=name,
        channel_types=_TEXT_CHANNELS,
        min_values=0,
        max_values=most,
        default_values=[
            _make_default(id_, discord.SelectDefaultValueType.channel) for id_ in chosen
        ],
    )


def _build_role_select(chosen: Sequence[int], name: str, most: int = MOST) -> Item:
    return discord.ui.RoleSelect(
        custom_id=name,
        min_values=0,
        max_values=most,
        default_values=[_make_default(id_, discord.SelectDefaultValueType.role) for id_ in chosen],
    )


def _make_default(id_: int, kind: discord.SelectDefaultValueType) -> discord.SelectDefaultValue:
    return discord.SelectDefaultValue(id=id_, type=kind)


def _list_models(served: Sequence[Card]) -> Mapping[str, str]:
    """Titles of every family, and of each model besides that draws here under another name."""
    families = {card.id: card.title for card in CARDS}
    titles = (
        families | {policy.name_for_list(card, served): card.title for card in served} | families
    )
    return dict(list(titles.items())[:MOST])


def _build_model_menu(choices: ServerChoices, name: str, served: Sequence[Card]) -> Item:
    options = [
        discord.SelectOption(label=say(title), value=called, default=called in choices.families)
        for called, title in _list_models(served).items()
    ]
    return discord.ui.Select(custom_id=name, min_values=0, max_values=len(options), options=options)


def _build_language_menu(choices: ServerChoices, name: str, _: Sequence[Card]) -> Item:
    options = [
        discord.SelectOption(
            label=name_language(code), value=code, default=code == choices.language
        )
        for code in _SPOKEN
    ]
    return discord.ui.Select(custom_id=name, min_values=0, max_values=1, options=options)


def _is_channel(guild: discord.Guild, value: str, _: Sequence[Card]) -> bool:
    channel = guild.get_channel(int(value)) if value.isdecimal() else None
    return channel is not None and channel.type in _TEXT_CHANNELS


def _is_role(guild: discord.Guild, value: str, _: Sequence[Card]) -> bool:
    return value.isdecimal() and guild.get_role(int(value)) is not None


def _parse_ids(values: Sequence[str]) -> tuple[int, ...]:
    return tuple(map(int, values))


def _format_mentions(ids: Sequence[int], sign: str, nothing: str) -> str:
    return " ".join(f"<{sign}{id_}>" for id_ in ids) or say(nothing)


def _format_numbers(values: ServerChoices | Limits, numbers: Sequence[Number]) -> str:
    lines = [f"- {say(n.title)}: {n.format_value(values)}" for n in numbers]
    return "\n" + "\n".join(lines)


def _format_role_limits(choices: ServerChoices) -> str:
    lines = [
        "\n- "
        + say(
            sentences.ROLE_LIMITS,
            role=f"<@&{role}>",
            **{number.field: number.format_value(limits) for number in _OF_ROLES},
        )
        for role, limits in choices.limits.items()
    ]
    return "".join(lines[:MOST]) or say(sentences.NONE)


TOPICS: Final[Mapping[str, Topic]] = {
    "channels": Topic(
        sentences.PANEL_CHANNELS,
        lambda c: _format_mentions(c.channels, "#", sentences.PANEL_ALL),
        _build_channel_menu,
        _parse_ids,
        _is_channel,
    ),
    "roles": Topic(
        sentences.PANEL_ROLES,
        lambda c: _format_mentions(c.roles, "@&", sentences.PANEL_ALL),
        lambda c, name, _: _build_role_select(c.roles, name),
        _parse_ids,
        _is_role,
    ),
    "editors": Topic(
        sentences.PANEL_EDITORS,
        lambda c: _format_mentions(c.editors, "@&", sentences.PANEL_MANAGERS),
        lambda c, name, _: _build_role_select(c.editors, name),
        _parse_ids,
        _is_role,
    ),
    "families": Topic(
        sentences.PANEL_FAMILIES,
        lambda c: ", ".join(c.families) or say(sentences.PANEL_ALL),
        _build_model_menu,
        tuple,
        lambda _, value, served: value in _list_models(served),
    ),
    "results": Topic(
        sentences.PANEL_RESULTS,
        lambda c: f"<#{c.results}>" if c.results else say(sentences.PANEL_HERE),
        _build_results_menu,
        lambda values: int(values[0]) if values else 0,
        _is_channel,
    ),
    "language": Topic(
        sentences.PANEL_LANGUAGE,
        lambda c: name_language(c.language) if c.language in _SPOKEN else say(sentences.PANEL_OWN),
        _build_language_menu,
        lambda values: values[0] if values else "",
        lambda _, value, __: value in _SPOKEN,
    ),
    "limits": Topic(sentences.PANEL_LIMITS, lambda c: _format_numbers(c, NUMBERS)),
    "role": Topic(
        sentences.PANEL_ROLE,
        _format_role_limits,
        lambda _c, name, _: _build_role_select((), name, most=1),
        fits=_is_role,
    ),
}
"""Everything that can be set, in the order of the panel."""

_CHANGES: Final = "changes"
_TITLES: Final = {
    **{name: topic.title for name, topic in TOPICS.items()},
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
    """
    it, what = press.interaction, press.what
    # Asked at every press: the panel may be older than the person's role.
    _require_manager(it)
    _require_fitting(press)
    whose = _find_form(press)
    # A form has to be the first answer, so it cannot be shown after a promise of one.
    if whose is not None:
        await it.response.send_modal(_build_form(await _load_choices(it), whose))
        return None
    await it.response.defer()
    if what == "open":
        topic = press.values[0]
        return await _load_panel(it, topic, await _load_history(it) if topic == _CHANGES else "")
    if what == "limits":
        return await _change(
            it,
            lambda before: _apply_limits(before, press, find_host(it).most_unfinished),
            "role" if press.value else what,
        )
    if what == "role":
        return await _load_panel(it, what)
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
    if press.what == "open":
        fitting = len(chosen) == 1 and chosen[0] in _TITLES
    else:
        fitting = named is not None and all(
            it.guild is not None and named.fits(it.guild, value, find_host(it).cards)
            for value in chosen
        )
    if not fitting:
        raise OldButtonError


async def _load_panel(it: discord.Interaction[Any], topic: str = "", history: str = "") -> Panel:
    return build_panel(await _load_choices(it), find_host(it).cards, topic, history)


def build_panel(
    choices: ServerChoices, served: Sequence[Card], topic: str = "", history: str = ""
) -> Panel:
    """The panel of a server with the menu for one topic."""
    lines = [f"**{say(t.title)}** {t.shown(choices)}" for t in TOPICS.values()]
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
    text = history or "\n".join(lines)
    return Panel(text[: messages.CONTENT_LIMIT], items)


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
    return build_panel(after, find_host(it).cards, what)


def word_change(change: Change) -> Change:
    """A change with its values in the language spoken now; those of presets are words already."""
    topic = TOPICS.get(change.what)
    if topic is None:
        return change
    try:
        before, after = (
            topic.shown(ServerChoices.read(json.loads(kept or "")))
            for kept in (change.before, change.after)
        )
    except ValueError:  # noted in words, as it was done at first
        return change
    return Change(change.person_id, change.what, *_diff_lines(before, after))


def _diff_lines(before: str, after: str) -> tuple[str, str]:
    """The lines of two texts that are not in the other."""
    old, new = before.splitlines(), after.splitlines()
    gone = _join_lines(line for line in old if line not in new)
    return gone, _join_lines(line for line in new if line not in old)


def _join_lines(lines: Iterable[str]) -> str:
    return ", ".join(line.removeprefix("- ") for line in lines if line)


async def _load_history(it: discord.Interaction[Any]) -> str:
    """The latest changes, newest first, one a line."""
    records = find_host(it).records
    found = await records.read(choice_queries.list_changes, _read_server_id(it), CHANGES_SHOWN)
    told = [(at, word_change(change)) for at, change in found]
    return messages.write_server_log(told, {**_TITLES, "preset": sentences.PANEL_DEFAULT})


def _find_form(press: PanelPress) -> str | None:
    """Whose limits a press asks to change: a role's id, or empty for the server's."""
    if press.what == "open" and press.values == ("limits",):
        return ""
    return press.values[0] if press.what == "role" and press.values else None


def _build_form(choices: ServerChoices, role: str) -> discord.ui.Modal:
    values = choices.limits_for({int(role)}) if role else choices
    title = sentences.PANEL_ROLE if role else sentences.PANEL_LIMITS
    form = discord.ui.Modal(title=say(title), custom_id=make_custom_id(_PANEL, "limits", role))
    for number in _OF_ROLES if role else NUMBERS:
        field: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id=number.field, default=str(getattr(values, number.field)), max_length=6
        )
        form.add_item(discord.ui.Label(text=number.write_label(), component=field))
    return form


def _apply_limits(before: ServerChoices, press: PanelPress, most: int) -> ServerChoices:
    """The choices with the limits of a submitted form; a role's that are the server's go.

    Args:
        before: The choices as they are.
        press: The form.
        most: Most unfinished jobs that whoever runs the bot allows anybody.
    """
    numbers = [_bound(number, most) for number in (_OF_ROLES if press.value else NUMBERS)]
    values = {number.field: _parse_number(number, press.typed) for number in numbers}
    if not press.value:
        return before.model_copy(update=values)
    role, own = int(press.value), Limits(**values)
    limits = {other: kept for other, kept in before.limits.items() if other != role}
    # Limits that are the server's own are not kept for a role, or a later change of them would pass
    # it by.
    if own != before.limits_for(()):
        limits[role] = own
    return before.model_copy(update={"limits": limits})


def _bound(number: Number, most: int) -> Number:
    return replace(number, high=most) if number.field == "unfinished" else number


def _parse_number(number: Number, typed: Mapping[str, str]) -> int:
    text = typed.get(number.field, "").strip()
    if not (text.isdecimal() and number.low <= int(text) <= number.high):
        shown = text.replace("`", "ˋ")
        raise NotAllowedError(
            Sentence(sentences.LIMIT_WRONG, typed=shown, low=number.low, high=number.high)
        )
    return int(text)
