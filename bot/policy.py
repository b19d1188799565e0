"""What a server's managers allow, asked at every way in before anything is queued."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import discord

from bot import messages
from bot.languages import say
from storage import keeping
from storage.choices import ServerChoices
from storage.records import Records

DAY: Final = timedelta(hours=24)


class NotAllowedError(Exception):
    """The server does not allow this; the text is the sentence for the person."""


async def admit(records: Records, interaction: discord.Interaction[Any], count: int = 1) -> None:
    """Lets ``count`` new jobs in, or says why not.

    Raises:
        NotAllowedError: The server's settings are against it.
    """
    if interaction.guild_id is None:
        return
    choices = await records.read(keeping.server, interaction.guild_id)
    refusal = _place(choices, interaction) or _role(choices, interaction)
    if refusal is None and count > choices.repeat:
        refusal = say(messages.SERVER_REPEAT, count=count, limit=choices.repeat)
    if refusal is None:
        refusal = await _quota(records, choices, interaction, count)
    if refusal is not None:
        raise NotAllowedError(refusal)


def _place(choices: ServerChoices, interaction: discord.Interaction[Any]) -> str | None:
    """A thread counts as its channel."""
    here = {interaction.channel_id, getattr(interaction.channel, "parent_id", None)}
    if not choices.channels or here & set(choices.channels):
        return None
    return say(
        messages.SERVER_CHANNEL,
        channels=" ".join(f"<#{channel}>" for channel in choices.channels[:10]),
    )


def _role(choices: ServerChoices, interaction: discord.Interaction[Any]) -> str | None:
    if not choices.roles or manages(interaction) or has_role(interaction, choices.roles):
        return None
    return say(messages.SERVER_ROLE, roles=" ".join(f"<@&{role}>" for role in choices.roles[:10]))


async def _quota(
    records: Records, choices: ServerChoices, interaction: discord.Interaction[Any], count: int
) -> str | None:
    person = interaction.user.id
    if choices.daily:
        since = datetime.now(UTC) - DAY
        asked = await records.read(keeping.asked_since, person, since, interaction.guild_id)
        if asked + count > choices.daily:
            return say(messages.SERVER_DAILY, limit=choices.daily, asked=asked)
    waiting = len(await records.read(keeping.unfinished_of, person))
    if waiting + count > choices.unfinished:
        return say(messages.TOO_MANY, limit=choices.unfinished)
    return None


def has_role(interaction: discord.Interaction[Any], roles: tuple[int, ...]) -> bool:
    """Whether the person has one of these roles."""
    own = {role.id for role in getattr(interaction.user, "roles", ())}
    return bool(own & set(roles))


def manages(interaction: discord.Interaction[Any]) -> bool:
    """Whether the person manages the server that this happens on."""
    return interaction.guild_id is not None and interaction.permissions.manage_guild
