"""Where pictures appear: under the request, in the server's channel for them, or in private."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import discord

from bot import messages
from bot.languages import say
from bot.policy import NotAllowedError
from storage.choices import PersonChoices, ServerChoices


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
        if interaction.guild_id is None:
            return cls(interaction, None)
        if person.private:
            return cls(interaction, await interaction.user.create_dm())
        if server.results in {0, interaction.channel_id}:
            return cls(interaction, None)
        client, guild = interaction.client, interaction.guild_id
        return cls(interaction, client.get_partial_messageable(server.results, guild_id=guild))

    async def spot(self, message_id: int | None) -> Spot:
        """A message for one job.

        Args:
            message_id: The answer that was promised, if nothing is shown in it yet.

        Raises:
            NotAllowedError: The bot may not write where the pictures are to appear.
        """
        it = self._interaction
        if self._elsewhere is None:
            here = message_id or (await it.followup.send(say(messages.WAITING), wait=True)).id
            return Spot(it.channel_id or 0, here, it.token, it.expires_at)
        try:
            message = await self._elsewhere.send(say(messages.WAITING))
        except discord.Forbidden:
            raise NotAllowedError(say(messages.NO_PLACE)) from None
        if message_id:
            await it.delete_original_response()
            where = f"<#{message.channel.id}>"
            await it.followup.send(say(messages.ELSEWHERE, where=where), ephemeral=True)
        return Spot(message.channel.id, message.id)
