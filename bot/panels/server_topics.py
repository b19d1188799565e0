"""What a server's managers can set: the menu of each thing, and what may be chosen in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import discord

from bot.access import policy
from bot.components.items import Item
from bot.text import sentences
from bot.text.languages import LANGUAGES, name_language, say
from generation.catalogue.card import Card
from generation.catalogue.families import CARDS
from storage.decisions.choices import ServerChoices

MOST: Final = 25
"""Most values of a menu (Discord)."""

_SPOKEN: Final = ("en", *LANGUAGES)
_GALLERY_STATES: Final = {
    "closed": sentences.RULE_GALLERY_OWN,
    "open": sentences.RULE_GALLERY_OPEN,
}
_TEXT_CHANNELS: Final = [discord.ChannelType.text, discord.ChannelType.news]


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing that can be set, or looked at.

    Attributes:
        menu: The menu that sets it, given what is set, its custom id and the cards of what draws
            here; None where a form or nothing does.
        read: From a menu's values to what is stored.
        fits: Whether a value is one that the menu offers on a server; clients can send any other.
    """

    menu: Callable[[ServerChoices, str, Sequence[Card]], Item] | None = None
    read: Callable[[Sequence[str]], object] | None = None
    fits: Callable[[discord.Guild, str, Sequence[Card]], bool] = lambda *_: False


@dataclass(frozen=True, slots=True)
class Number:
    """A limit in the form: its field, what it is called, and the range; 0 stands for no limit."""

    field: str
    title: str
    low: int
    high: int

    def write_label(self) -> str:
        """What stands above its field."""
        title = say(self.title)
        return title if self.low else say(sentences.LIMIT_OR_ANY, limit=title)


NUMBERS: Final = (
    Number("repeat", sentences.LIMIT_REPEAT, 1, 40),
    Number("largest", sentences.LIMIT_LARGEST, 0, 16384),
    Number("keep", sentences.LIMIT_KEEP, 0, 3650),
    Number("unfinished", sentences.LIMIT_UNFINISHED, 1, 1000),
    Number("daily", sentences.LIMIT_DAILY, 0, 100_000),
)
"""Limits of a server; the last two may differ for a role."""

OF_ROLES: Final = (*NUMBERS[3:], Number("share", sentences.LIMIT_SHARE, 1, 100))


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


def _build_gallery_menu(choices: ServerChoices, name: str, _: Sequence[Card]) -> Item:
    chosen = "open" if choices.gallery else "closed"
    options = [
        discord.SelectOption(label=say(title), value=value, default=value == chosen)
        for value, title in _GALLERY_STATES.items()
    ]
    return discord.ui.Select(custom_id=name, options=options)


def _is_channel(guild: discord.Guild, value: str, _: Sequence[Card]) -> bool:
    channel = guild.get_channel(int(value)) if value.isdecimal() else None
    return channel is not None and channel.type in _TEXT_CHANNELS


def _is_role(guild: discord.Guild, value: str, _: Sequence[Card]) -> bool:
    return value.isdecimal() and guild.get_role(int(value)) is not None


def _parse_ids(values: Sequence[str]) -> tuple[int, ...]:
    return tuple(map(int, values))


TOPICS: Final[Mapping[str, Topic]] = {
    "channels": Topic(_build_channel_menu, _parse_ids, _is_channel),
    "roles": Topic(
        lambda c, name, _: _build_role_select(c.roles, name),
        _parse_ids,
        _is_role,
    ),
    "editors": Topic(
        lambda c, name, _: _build_role_select(c.editors, name),
        _parse_ids,
        _is_role,
    ),
    "families": Topic(
        _build_model_menu,
        tuple,
        lambda _, value, served: value in _list_models(served),
    ),
    "results": Topic(
        _build_results_menu,
        lambda values: int(values[0]) if values else 0,
        _is_channel,
    ),
    "language": Topic(
        _build_language_menu,
        lambda values: values[0] if values else "",
        lambda _, value, __: value in _SPOKEN,
    ),
    "gallery": Topic(
        _build_gallery_menu,
        lambda values: "open" in values,
        lambda _, value, __: value in _GALLERY_STATES,
    ),
    "words": Topic(),
    "limits": Topic(),
    "quotas": Topic(),
    "role": Topic(
        lambda _c, name, _: _build_role_select((), name, most=1),
        fits=_is_role,
    ),
    "person": Topic(
        lambda _c, name, _: discord.ui.UserSelect(custom_id=name),
        fits=lambda _, value, __: value.isdecimal(),
    ),
    "members": Topic(
        lambda _c, name, _: _build_role_select((), name, most=1),
        fits=_is_role,
    ),
}
"""Everything that can be set or looked at in a menu, in the order of the panel."""
