"""Who may do what to a job."""

from dataclasses import dataclass
from typing import Self

from bot.asking import Asking
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
    def of(cls, asking: Asking) -> Self:
        """Whoever caused an interaction or a reaction."""
        return cls(asking.user.id, asking.guild_id, asking.permissions.manage_messages)


def may_remove(asker: Asker, job: Job) -> bool:
    """Whether somebody may cancel or delete a job: its owner, or a moderator of its server."""
    if asker.person_id == job.person_id:
        return True
    same_server = asker.server_id is not None and asker.server_id == job.server_id
    return same_server and asker.moderates
