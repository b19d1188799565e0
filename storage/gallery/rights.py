"""Who sees a picture in the gallery: the one place where that is decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A picture, as far as it matters who sees it.

    Attributes:
        person: Whose it is.
        server: On which server it was asked for; None in direct messages.
        channel: Where it was shown.
        private: Whether it was kept from the server's gallery.
        deleted: Whether it was deleted.
        held: Whether it waits for somebody who judges it, or was judged not to be shown.
        adult: Whether it was shown where Discord lets adults alone in; nobody is asked for their
            age here.
    """

    person: int
    server: int | None
    channel: int
    private: bool = False
    deleted: bool = False
    held: bool = False
    adult: bool = False


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody sees of a server.

    Attributes:
        open: Whether the server opens its gallery to its members.
        channels: Ids of the channels that they see, but for those restricted to adults.
    """

    open: bool
    channels: frozenset[int]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks.

    Attributes:
        person: Discord's id of them; None for somebody who is not signed in.
        servers: What they see of each server that they are on.
        linked: Whether they have a link to this picture, of its owner's and good still.
    """

    person: int | None = None
    servers: Mapping[int, Sight] = field(default_factory=dict)
    linked: bool = False


def may_see(picture: Subject, viewer: Viewer) -> bool:
    """Whether somebody sees a picture.

    Their own always; that of a link, and another's where its server opens its gallery, they see its
    channel, and it is not private, unless it is for adults. What was deleted or is held, nobody
    does.
    """
    if picture.deleted or picture.held:
        return False
    if picture.person == viewer.person:
        return True
    if picture.adult:
        return False
    if viewer.linked:
        return True
    sight = viewer.servers.get(picture.server) if picture.server is not None else None
    return (
        sight is not None
        and sight.open
        and picture.channel in sight.channels
        and not picture.private
    )
