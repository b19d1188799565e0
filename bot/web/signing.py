"""Short lists of facts as signed text, for links and cookies that outlive any restart."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from itsdangerous import BadData, URLSafeSerializer

from bot.errors import TokenError

_SIGNING: Final = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


class Signer:
    """Signs for one purpose."""

    def __init__(self, secret: str, purpose: str) -> None:
        """Keeps what is signed for one purpose apart from all else.

        Args:
            secret: Known to this bot alone; what was signed under another one is not ours.
            purpose: Counted up with the format of what is signed.
        """
        self._signed = URLSafeSerializer(secret, salt=purpose, signer_kwargs=_SIGNING)

    def write(self, facts: Sequence[Any]) -> str:
        """JSON-ready facts as text that may stand in a link or a cookie."""
        return _as_text(self._signed.dumps([*facts]))

    def read(self, text: str) -> list[Any]:
        """The facts that ``write`` wrote.

        Raises:
            TokenError: It wrote no such thing.
        """
        try:
            told: list[Any] = self._signed.loads(text)
        except BadData:
            raise TokenError from None
        # The last letter of a signature has bits to spare, so another one could stand for it.
        if _as_text(self._signed.dumps(told)) != text:
            raise TokenError
        return told


def _as_text(signed: str | bytes) -> str:
    return signed if isinstance(signed, str) else signed.decode()
