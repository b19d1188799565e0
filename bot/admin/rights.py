"""Who sees and does what in the admin's view: the one place where that is decided."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Administrator:
    """Somebody who is signed in, with the rights that they have now.

    Attributes:
        person: Discord's id of them.
        owns: Whether they run the bot: its application is theirs, or their team's.
        manages: Ids of the servers that they manage.
    """

    person: int
    owns: bool = False
    manages: frozenset[int] = frozenset()


def may_administer(who: Administrator, server_id: int | None) -> bool:
    """Whether somebody sees a server and cancels what is asked for there.

    Who runs the bot does everywhere, who manages a server does there.

    Args:
        who: Somebody.
        server_id: Which server; None for direct messages, and for all of the bot with its workers.
    """
    return who.owns or (server_id is not None and server_id in who.manages)
