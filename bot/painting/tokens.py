"""Tokens in links to the painting page: signed, for one person, one picture and some hours.

A token is all that the page's visitor shows of who they are, and all that the bot knows of the
visit, so that links outlive any restart. It stands behind the ``#`` of a link: browsers keep that
part to themselves, so no server on the way writes it down.
"""

from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.errors import ExpiredTokenError
from bot.web.signing import Signer

LIFE: Final = timedelta(hours=12)
"""How long a token is good for."""

_PURPOSE: Final = "easel painting page 2"
"""Kept apart from whatever else may be signed with the same secret; counted up with the format."""


@dataclass(frozen=True, slots=True)
class PageToken:
    """What a link lets its bearer do: paint over one picture, as one person.

    Attributes:
        job: Id of the picture's job, 32 hexadecimal digits.
        index: Number of the picture, counted from 1.
        person: Who.
        server: On which server they asked for the link; None in direct messages.
        channel: In which channel.
        locale: Their language, as Discord writes it, at most 16 letters.
        expires: Until when, in whole seconds.
    """

    job: str
    index: int
    person: int
    server: int | None
    channel: int
    locale: str
    expires: datetime


class TokenSigner:
    """Makes tokens and reads them."""

    def __init__(self, secret: str) -> None:
        """Args: secret: Known to this bot alone; tokens made under another one are not ours."""
        self._signer = Signer(secret, _PURPOSE)

    def write(self, given: PageToken) -> str:
        """A token as text that may stand in a link."""
        *facts, expires = astuple(given)
        return self._signer.write([*facts, int(expires.timestamp())])

    def read(self, text: str, now: datetime) -> PageToken:
        """The token that ``write`` wrote.

        Raises:
            TokenError: It wrote no such thing.
            ExpiredTokenError: It is no longer good.
        """
        job, index, person, server, channel, locale, until = self._signer.read(text)
        expires = datetime.fromtimestamp(until, UTC)
        if now >= expires:
            raise ExpiredTokenError
        return PageToken(job, index, person, server, channel, locale, expires)
