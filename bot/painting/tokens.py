"""Passes: signed links to the painting page, good for one person, one picture and some hours.

A pass is all that the page's visitor shows of who they are, and all that the bot knows of the
visit, so that passes outlive any restart. It stands behind the ``#`` of a link: browsers keep that
part to themselves, so no server on the way writes it down.
"""

import base64
import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.errors import ExpiredPassError, PassError

LIFE: Final = timedelta(hours=12)
"""How long a pass is good for."""

_PURPOSE: Final = b"easel painting page 1"
_FACTS: Final = struct.Struct(">16sBQQQI")
_SEAL: Final = 32


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
        self._key = hmac.digest(secret.encode(), _PURPOSE, "sha256")

    def write(self, given: Pass) -> str:
        """A pass as text that may stand in a link."""
        facts = _FACTS.pack(
            bytes.fromhex(given.job),
            given.index,
            given.person,
            given.server or 0,
            given.channel,
            int(given.expires.timestamp()),
        )
        told = facts + given.locale.encode()
        return _spelled(self._seal(told) + told)

    def read(self, text: str, now: datetime) -> Pass:
        """The pass that ``write`` wrote.

        Raises:
            PassError: It wrote no such thing.
            ExpiredPassError: The pass is not good any more.
        """
        told = self._checked(text)
        job, index, person, server, channel, until = _FACTS.unpack_from(told)
        expires = datetime.fromtimestamp(until, UTC)
        if now >= expires:
            raise ExpiredPassError
        locale = told[_FACTS.size :].decode()
        return Pass(job.hex(), index, person, server or None, channel, locale, expires)

    def _checked(self, text: str) -> bytes:
        """What a pass tells, if its seal is ours and it is spelled as we spell it."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            data = base64.b64decode(padded, altchars=b"-_", validate=True)
        except ValueError:
            raise PassError from None
        seal, told = data[:_SEAL], data[_SEAL:]
        if _spelled(data) != text or not hmac.compare_digest(seal, self._seal(told)):
            raise PassError
        return told

    def _seal(self, told: bytes) -> bytes:
        return hmac.digest(self._key, told, "sha256")


def _spelled(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
