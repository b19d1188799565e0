"""Where pictures appear: under the request, in the server's channel for them, or in private."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self

import discord
import structlog

from bot.access.audience import is_age_restricted
from bot.interactions.requester import Requester
from bot.text import sentences
from bot.text.languages import say
from storage.decisions.choices import PersonChoices, ServerChoices

log: Final = structlog.get_logger(__name__)

GuildChannels = discord.abc.GuildChannel | discord.Thread
"""What a mention can name to everybody on a server."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the pictures of one request are to appear; nothing is posted there yet.

    Attributes:
        channel_id: The channel.
        promised: The answer that was promised, if the first job is to be shown in it.
        token: Token to post and edit with until ``expires``; None for messages of the bot's own.
        expires: When the token dies.
        adult: Whether adults alone are let in there, and where they are asked for, too.
    """

    channel_id: int
    promised: int | None = None
    token: str | None = None
    expires: datetime | None = None
    adult: bool = False

    @classmethod
    async def choose(
        cls,
        interaction: discord.Interaction[Any],
        server: ServerChoices,
        person: PersonChoices,
        promised: int | None = None,
    ) -> Self:
        """The place that the person, and then the server, decided on.

        Args:
            interaction: Who asks, and where.
            server: What the server decided.
            person: What the person decided.
            promised: The answer that was promised, if nothing is shown in it yet.
        """
        elsewhere = await _find_elsewhere(interaction, server, person)
        adult = _is_adult(interaction, elsewhere)
        if elsewhere is not None:
            return cls(elsewhere, adult=adult)
        here = interaction.channel_id or 0
        return cls(here, promised, interaction.token, interaction.expires_at, adult)

    @classmethod
    async def choose_beside(
        cls, requester: Requester, server: ServerChoices, person: PersonChoices
    ) -> Self:
        """The same for a job that was asked for without an interaction."""
        elsewhere = await _find_elsewhere(requester, server, person)
        adult = _is_adult(requester, elsewhere)
        return cls(elsewhere or requester.channel_id or 0, adult=adult)

    def follow_first(self) -> Self:
        """Where the jobs after the first appear: each in a message of its own."""
        return replace(self, promised=None)


async def release_promise(
    interaction: discord.Interaction[Any], destination: Destination, promised: int | None
) -> None:
    """Takes the promised answer back where nothing will be shown in it, and tells where it is."""
    if promised is None or destination.promised is not None:
        return
    # A mention of somebody's direct messages would read "#unknown" to them.
    public = isinstance(interaction.client.get_channel(destination.channel_id), GuildChannels)
    there = say(sentences.ELSEWHERE, where=f"<#{destination.channel_id}>")
    said = there if public else say(sentences.ELSEWHERE_PRIVATE)
    try:
        # It is public and would wait for pictures that appear elsewhere.
        await interaction.delete_original_response()
        await interaction.followup.send(said, ephemeral=True)
    except discord.HTTPException as error:
        # The jobs are accepted and will be shown: to call that a failure would be untrue.
        log.info("promise_not_released", status=error.status, code=error.code)


async def _find_elsewhere(
    requester: Requester, server: ServerChoices, person: PersonChoices
) -> int | None:
    """The channel where pictures appear, if it is not the one where they were asked for."""
    if requester.guild_id is None:
        return None
    # A person's wish to see pictures in private goes before the server's channel for them.
    if person.private:
        return (await requester.user.create_dm()).id
    if server.results in {0, requester.channel_id}:
        return None
    # What is asked for among adults stays among adults.
    here = is_age_restricted(requester.channel)
    return None if here and not _is_adult(requester, server.results) else server.results


def _is_adult(requester: Requester, elsewhere: int | None) -> bool:
    """Whether adults alone are let in where somebody asks, and where the pictures appear."""
    if elsewhere is None or not is_age_restricted(requester.channel):
        return is_age_restricted(requester.channel)
    guild = getattr(requester.channel, "guild", None)
    return guild is not None and is_age_restricted(guild.get_channel_or_thread(elsewhere))
