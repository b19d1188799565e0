"""Who may do what to a job."""

from dataclasses import dataclass
from typing import Any, Self

import discord

from storage.jobs import Job


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who wants something, and where.

    Attributes:
        person_id: Who.
        server_id: On which server; None in direct messages.
        moderates: Whether they may delete others' messages there.
    """

    person_id: int
    server_id: int | None
    moderates: bool

    @classmethod
    def of(cls, interaction: discord.Interaction[Any]) -> Self:
        """Whoever caused an interaction."""
        allowed = interaction.permissions.manage_messages
        return cls(interaction.user.id, interaction.guild_id, allowed)


def may_remove(asker: Asker, job: Job) -> bool:
    """Whether somebody may cancel or delete a job: its owner, or a moderator of its server."""
    if asker.person_id == job.person_id:
        return True
    same_server = asker.server_id is not None and asker.server_id == job.server_id
    return same_server and asker.moderates
