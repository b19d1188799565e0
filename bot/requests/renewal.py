"""Renewal: links to Discord's files work for a day; Discord signs them anew for whoever asks.

``POST /attachments/refresh-urls`` is not in Discord's published description; its own client uses
it, and it answers bots as well.
"""

import logging
from collections.abc import Collection
from typing import Any, Final

from discord import HTTPException
from discord.http import HTTPClient, Route
from yarl import URL

log = logging.getLogger(__name__)

DISCORD_FILES: Final = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
"""Hosts that serve what people attach in Discord."""

_FOLDERS: Final = frozenset({"attachments", "ephemeral-attachments"})


async def renew_link(http: HTTPClient, url: str, origins: Collection[str]) -> str | None:
    """The link to the same file of Discord, signed anew; None if there is none.

    Args:
        http: Asks Discord.
        url: A person's link, which did not lead to a file.
        origins: Origins that stand in for Discord's file hosts.
    """
    if not _is_attachment(url, origins):
        return None
    try:
        answer: Any = await http.request(
            Route("POST", "/attachments/refresh-urls"), json={"attachment_urls": [url]}
        )
        (renewed,) = answer["refreshed_urls"]
        fresh = renewed["refreshed"]
    # Undocumented, so any other form of answer means as much as a refusal.
    except (HTTPException, LookupError, TypeError, ValueError) as error:
        log.info("Discord did not renew a link: %s", type(error).__name__)
        return None
    return fresh if isinstance(fresh, str) and fresh != url else None


def _is_attachment(url: str, origins: Collection[str]) -> bool:
    """Whether a link leads to what somebody attached in Discord."""
    address = URL(url.strip())
    if address.host not in DISCORD_FILES and str(address.origin()) not in origins:
        return False
    return address.parts[1:2] != () and address.parts[1] in _FOLDERS
