"""What members of a role see and have on a server, as its managers look at it."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import discord

from bot.access import policy
from bot.errors import OldButtonError
from bot.interactions.host import find_host
from bot.text import sentences, server_rules
from bot.text.languages import retell, say, speaking
from bot.text.messages import ASK_SHOWN, escape
from generation.catalogue.card import Card
from prompt.sentences import Sentence
from storage.database.records import Records
from storage.decisions import choice_queries
from storage.decisions.choices import Limits, Owner, ServerChoices
from storage.queue import limits
from storage.quotas import format_quotas

_ASKS: Final = discord.Permissions(view_channel=True, use_application_commands=True)
"""What somebody needs in a channel to ask for pictures there."""


async def write(it: discord.Interaction[Any], role_id: int | None) -> str:
    """What members see and have who have one role and no other.

    Args:
        it: Of one who manages the server.
        role_id: The role; None for members without any.

    Raises:
        OldButtonError: The role is gone.
    """
    guild = it.guild
    if guild is None:
        raise OldButtonError
    role = guild.get_role(role_id) if role_id else guild.default_role
    if role is None:
        raise OldButtonError
    choices = await find_host(it).records.read(choice_queries.read_server, guild.id)
    preset = await _read_preset(find_host(it).records, guild.id, choices.preset)
    lines = _tell(it, choices, role, preset)
    return server_rules.fit_lines([_head(role), *lines])


async def _read_preset(records: Records, server_id: int, name: str) -> str:
    presets = await records.read(choice_queries.read_presets, Owner("server", server_id))
    return presets.get(name, "")


def _head(role: discord.Role) -> str:
    if role.is_default():
        return f"**{say(sentences.MEMBERS_ANY)}**"
    return f"**{say(sentences.MEMBERS_ROLE, role=role.mention)}**"


def _tell(
    it: discord.Interaction[Any], choices: ServerChoices, role: discord.Role, preset: str
) -> Iterator[str]:
    host = find_host(it)
    if choices.roles and role.id not in choices.roles and not _manages(role):
        yield say(sentences.MEMBERS_REFUSED)
        yield _quote(policy.refuse_others(choices), choices)
        return
    yield from _tell_places(choices, role)
    yield _tell_models(choices, host.cards)
    allowed = limits.allow(host.limits, choices, {role.id}, role.guild.id)
    own = Limits(
        unfinished=allowed.unfinished,
        daily=allowed.daily,
        share=allowed.share,
        quotas=format_quotas({each.kind: each.amount for each in allowed.budgets if not each.host}),
    )
    yield server_rules.tell_may(say(sentences.WHO_THEY), own)
    if allowed.host_daily or host.limits.quotas:
        yield server_rules.tell_host(host.limits)
    yield server_rules.tell_repeat(choices)
    yield server_rules.tell_largest(choices)
    days = [days for days in (host.policy.keep_days, choices.keep) if days]
    yield server_rules.tell_keep(min(days, default=0))
    if preset:
        yield say(sentences.MEMBERS_PRESET, text=f"`{escape(preset, ASK_SHOWN)}`")
    yield server_rules.tell_language(choices)
    if role.id in choices.editors or _manages(role):
        yield say(sentences.MEMBERS_EDITORS)
    yield from server_rules.list_words(choices)


def _manages(role: discord.Role) -> bool:
    allowed = role.permissions
    return allowed.manage_guild or allowed.administrator


def _tell_places(choices: ServerChoices, role: discord.Role) -> Iterator[str]:
    """Where they may ask, what they are told elsewhere, and where pictures appear."""
    seen = [each.id for each in role.guild.text_channels if each.permissions_for(role) >= _ASKS]
    places = [id_ for id_ in seen if id_ in choices.channels or not choices.channels]
    if places:
        yield say(sentences.MEMBERS_CHANNELS, channels=server_rules.name_channels(places))
    else:
        yield say(sentences.MEMBERS_NOWHERE)
    if set(seen) - set(places):
        yield say(sentences.MEMBERS_ELSEWHERE)
        yield _quote(policy.refuse_elsewhere(choices), choices)
    yield server_rules.tell_results(choices)
    results = role.guild.get_channel(choices.results)
    if results is not None and not results.permissions_for(role).view_channel:
        yield say(sentences.MEMBERS_BLIND, channel=results.mention)


def _tell_models(choices: ServerChoices, served: Sequence[Card]) -> str:
    names = [say(card.title) for card in served if policy.allows(choices, card, served)]
    if names:
        return say(sentences.MEMBERS_MODELS, models=server_rules.name_models(names))
    return say(sentences.MEMBERS_NO_MODEL)


def _quote(refusal: Sentence, choices: ServerChoices) -> str:
    """What they are told, in the language in which they are."""
    if not choices.language:
        return f"> {retell(refusal)}"
    with speaking(choices.language):
        return f"> {retell(refusal)}"
