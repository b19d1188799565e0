"""Asking Discord who somebody is (OAuth2 with PKCE): nothing is kept but the answer.

https://discord.com/developers/docs/topics/oauth2 names the addresses, RFC 7636 the challenge.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp

DISCORD: Final = "https://discord.com"
SCOPES: Final = "identify guilds"

PATIENCE: Final = 15.0
"""Seconds that Discord may take for all answers."""

_LARGEST: Final = 2**20
"""Bytes of an answer; 200 servers take a tenth of it."""


class SignInError(Exception):
    """Somebody who came back from Discord without what signing in takes."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody's account.

    Attributes:
        id: Discord's id of them.
        name: What they are called.
        servers: Ids of the servers that they are on.
    """

    id: int
    name: str
    servers: frozenset[int]


class AccountReader:
    """Sends people to Discord, and reads what they come back with."""

    def __init__(self, base: str, secret: str, back: str) -> None:
        """Asks nothing yet.

        Args:
            base: Discord's address, or a stand-in's; empty for Discord's own.
            secret: The application's client secret.
            back: Address to which Discord sends people back.
        """
        self._base, self._secret, self._back = base or DISCORD, secret, back

    def write_address(self, client_id: int, state: str, verifier: str) -> str:
        """Where somebody is asked whether the bot may know who they are.

        Args:
            client_id: The application's id.
            state: Comes back with them.
            verifier: Random text of 43 to 128 letters, which only this bot knows.
        """
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "scope": SCOPES,
            "redirect_uri": self._back,
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            # Whoever said yes before is not asked again.
            "prompt": "none",
        }
        return f"{self._base}/oauth2/authorize?{urlencode(asked)}"

    async def read(self, client_id: int, code: str, verifier: str) -> Account:
        """Whose a code is.

        Args:
            client_id: The application's id.
            code: What somebody came back with.
            verifier: What the challenge was made from.

        Raises:
            SignInError: Discord does not say.
        """
        given = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "code_verifier": verifier,
        }
        login = {"Authorization": aiohttp.encode_basic_auth(str(client_id), self._secret)}
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        try:
            async with aiohttp.ClientSession(f"{self._base}/api/v10/", timeout=timeout) as session:
                async with session.post("oauth2/token", data=given, headers=login) as answer:
                    token = str((await _read_json(answer))["access_token"])
                # It is thrown away with this call: nobody can be asked about any more.
                shown = {"Authorization": f"Bearer {token}"}
                async with session.get("users/@me", headers=shown) as answer:
                    user = await _read_json(answer)
                async with session.get("users/@me/guilds", headers=shown) as answer:
                    guilds = await _read_json(answer)
            servers = frozenset(int(guild["id"]) for guild in guilds)
            name = str(user.get("global_name") or user["username"])
            return Account(int(user["id"]), name, servers)
        except (aiohttp.ClientError, TimeoutError, KeyError, TypeError, ValueError):
            raise SignInError from None


async def _read_json(answer: aiohttp.ClientResponse) -> Any:  # noqa: ANN401 - JSON
    answer.raise_for_status()
    data = bytearray()
    async for chunk in answer.content.iter_chunked(2**16):
        data += chunk
        if len(data) > _LARGEST:
            raise ValueError("the answer is too long")
    return json.loads(data)
