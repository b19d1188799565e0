"""Where pictures appear: under the request, in the server's channel for them, or in private."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import discord

from bot.errors import NotAllowedError
from bot.interactions.requester import Asking
from bot.text import sentences
from bot.text.languages import say
from storage.decisions.choices import PersonChoices, ServerChoices


@dataclass(frozen=True, slots=True)
class Spot:
    """A message that a job is shown in.

    Attributes:
        channel_id: Its channel.
        message_id: The message.
        token: Token to edit it with until ``expires``; None for a message of the bot's own.
        expires: When the token dies.
    """

    channel_id: int
    message_id: int
    token: str | None = None
    expires: datetime | None = None


class Place:
    """Where the pictures of one request appear; ``elsewhere`` None is where it was made."""

    def __init__(
        self, interaction: discord.Interaction[Any], elsewhere: discord.abc.Messageable | None
    ) -> None:
        self._interaction, self._elsewhere = interaction, elsewhere

    @classmethod
    async def of(
        cls,
        interaction: discord.Interaction[Any],
        server: ServerChoices,
        person: PersonChoices,
    ) -> Self:
        """The place that the person, and then the server, decided on."""
        return cls(interaction, await _elsewhere(interaction.client, interaction, server, person))

    async def spot(self, message_id: int | None) -> Spot:
        """A message for one job.

        Args:
            message_id: The answer that was promised, if nothing is shown in it yet.

        Raises:
            NotAllowedError: The bot may not write where the pictures are to appear.
        """
        it = self._interaction
        if self._elsewhere is None:
            here = message_id or (await it.followup.send(say(sentences.WAITING), wait=True)).id
            return Spot(it.channel_id or 0, here, it.token, it.expires_at)
        spot = await _post(self._elsewhere)
        if message_id:
            await it.delete_original_response()
            where = f"<#{spot.channel_id}>"
            await it.followup.send(say(sentences.ELSEWHERE, where=where), ephemeral=True)
        return spot


async def beside(
    client: discord.Client, asking: Asking, server: ServerChoices, person: PersonChoices
) -> Spot:
    """A new message for a job that was asked for without an interaction.

    Raises:
        NotAllowedError: The bot may not write where the pictures are to appear.
    """
    there = await _elsewhere(client, asking, server, person)
    here = client.get_partial_messageable(asking.channel_id or 0, guild_id=asking.guild_id)
    return await _post(there or here)


async def withdraw(client: discord.Client, spot: Spot) -> None:
    """Takes a message of the bot's own back, in which nothing will be shown after all."""
    channel = client.get_partial_messageable(spot.channel_id)
    with contextlib.suppress(discord.HTTPException):
        await channel.get_partial_message(spot.message_id).delete()


async def _elsewhere(
    client: discord.Client, asking: Asking, server: ServerChoices, person: PersonChoices
) -> discord.abc.Messageable | None:
    """Where pictures appear other than where they were asked for."""
    if asking.guild_id is None:
        return None
    if person.private:
        return await asking.user.create_dm()
    if server.results in {0, asking.channel_id}:
        return None
    return client.get_partial_messageable(server.results, guild_id=asking.guild_id)


async def _post(there: discord.abc.Messageable) -> Spot:
    try:
        message = await there.send(say(sentences.WAITING))
    except discord.Forbidden:
        raise NotAllowedError(say(sentences.NO_PLACE)) from None
    return Spot(message.channel.id, message.id)
