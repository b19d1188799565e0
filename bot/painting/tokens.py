"""Passes: signed links to the painting page, good for one person, one picture and some hours.

A pass is all that the page's visitor shows of who they are, and all that the bot knows of the
visit, so that passes outlive any restart. It stands behind the ``#`` of a link: browsers keep that
part to themselves, so no server on the way writes it down.
"""

import hashlib
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from itsdangerous import BadData, URLSafeSerializer

from bot.errors import ExpiredPassError, PassError

LIFE: Final = timedelta(hours=12)
"""How long a pass is good for."""

_PURPOSE: Final = "easel painting page 2"
"""Kept apart from whatever else may be signed with the same secret; counted up with the format."""

_SIGNING: Final = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


@dataclass(frozen=True, slots=True)
class Pass:
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


class Passes:
    """Makes passes and reads them."""

    def __init__(self, secret: str) -> None:
        """Args: secret: Known to this bot alone; passes made under another one are not ours."""
        self._signed = URLSafeSerializer(secret, salt=_PURPOSE, signer_kwargs=_SIGNING)

    def write(self, given: Pass) -> str:
        """A pass as text that may stand in a link."""
        *facts, expires = astuple(given)
        return _as_text(self._signed.dumps([*facts, int(expires.timestamp())]))

    def read(self, text: str, now: datetime) -> Pass:
        """The pass that ``write`` wrote.

        Raises:
            PassError: It wrote no such thing.
            ExpiredPassError: The pass is not good any more.
        """
        job, index, person, server, channel, locale, until = self._checked(text)
        expires = datetime.fromtimestamp(until, UTC)
        if now >= expires:
            raise ExpiredPassError
        return Pass(job, index, person, server, channel, locale, expires)

    def _checked(self, text: str) -> list[Any]:
        """What a pass tells, if its signature is ours and it is spelled as we spell it."""
        try:
            told: list[Any] = self._signed.loads(text)
        except BadData:
            raise PassError from None
        # The last letter of a signature has bits to spare, so another one could stand for it.
        if _as_text(self._signed.dumps(told)) != text:
            raise PassError
        return told


def _as_text(signed: str | bytes) -> str:
    return signed if isinstance(signed, str) else signed.decode()
