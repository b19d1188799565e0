"""What people allowed the application at sign-in (OAuth2): codes, used once, and tokens."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

CODE_LIFE = 60.0
"""Seconds for which a code can be turned into a token."""
TOKEN_LIFE = 7 * 24 * 3600
"""Seconds for which a token works."""
SCOPES = frozenset({"identify", "guilds"})
"""What can be allowed here."""


@dataclass(frozen=True)
class Grant:
    """What somebody allowed.

    Attributes:
        person: their id.
        scopes: what may be read.
        redirect: the address that the code went to.
        challenge: what the code's verifier has to hash to; empty for none.
        until: when it is over, in Unix seconds of the stand-in.
    """

    person: int
    scopes: frozenset[str]
    redirect: str
    challenge: str
    until: float = 0.0


class Grants:
    """Codes and tokens, as long as they are good."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._codes: dict[str, Grant] = {}
        self._tokens: dict[str, Grant] = {}

    def issue_code(self, grant: Grant) -> str:
        """Return a code for what was allowed."""
        code = secrets.token_urlsafe(22)
        self._codes[code] = replace(grant, until=self._now() + CODE_LIFE)
        return code

    def redeem(self, code: str, redirect: str, verifier: str) -> tuple[str, Grant] | None:
        """Return a token for a code, which is used up by that; None if it is not good."""
        grant = self._codes.pop(code, None)
        if grant is None or self._now() >= grant.until or redirect != grant.redirect:
            return None
        if grant.challenge and _hash(verifier) != grant.challenge:
            return None
        token = secrets.token_urlsafe(22)
        self._tokens[token] = replace(grant, until=self._now() + TOKEN_LIFE)
        return token, grant

    def find(self, token: str) -> Grant | None:
        """Return what a token allows; None if it is not good."""
        grant = self._tokens.get(token)
        return grant if grant and self._now() < grant.until else None


def _hash(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
