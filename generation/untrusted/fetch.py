"""Fetching linked pictures without letting a link reach into the host's own network.

A link is a stranger's wish for this machine to open a connection, so every address is checked
where it counts: all addresses of a name when it is resolved, and once more the very address that
a socket is made for. Redirects are followed by hand and each of their targets passes the same
checks. Nothing that identifies the host or a person is sent along.
"""

import asyncio
import re
import time
from collections.abc import Collection
from enum import StrEnum
from typing import Final

import aiohttp
from yarl import URL

from generation.untrusted.addresses import PrivateAddressError, is_public, make_guarded_connector
from generation.untrusted.clean import LIMITS, Limits
from generation.untrusted.image_errors import ImageError, ImageTooLargeError

REDIRECTS: Final = 3
"""How many redirects are followed."""

_EXPIRES: Final = re.compile(r"[0-9a-fA-F]{1,12}")
_REDIRECT_STATUSES: Final = frozenset({301, 302, 303, 307, 308})
# Not compressed: pictures are so already, and a small body could unpack to gigabytes.
_HEADERS: Final = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "Easel"}
# Below are mail, shells and the like, which a request should not be sent to.
_LOWEST_FREE_PORT: Final = 1024
_WEB_PORTS: Final = frozenset({80, 443})


class Refusal(StrEnum):
    """Why a link was not followed."""

    MALFORMED = "malformed"
    SCHEME = "scheme"
    CREDENTIALS = "credentials"
    PORT = "port"
    PRIVATE = "private"
    NOT_LISTED = "not listed"
    REDIRECTS = "redirects"


class LinkError(ImageError):
    """A link from which no picture came.

    Attributes:
        host: The host that it names, as far as one could be read from it.
    """

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host or 'link'}: {reason}")
        self.host = host


class LinkRefusedError(LinkError):
    """The link, or one that it redirects to, is of a kind that is not followed.

    Attributes:
        reason: Of what kind.
    """

    def __init__(self, host: str, reason: Refusal) -> None:
        super().__init__(host, reason)
        self.reason = reason


class LinkNotFoundError(LinkError):
    """The host answered, but not with a file.

    Attributes:
        status: The HTTP status of its answer.
    """

    def __init__(self, host: str, status: int) -> None:
        super().__init__(host, f"status {status}")
        self.status = status


class LinkExpiredError(LinkNotFoundError):
    """The link was good until a time that it names, and that is past: Discord's ``ex``."""


class LinkUnreachableError(LinkError):
    """The host has no address, takes no connection, or does not speak proper HTTP."""


class LinkTimeoutError(LinkError):
    """The file did not arrive in time.

    Attributes:
        seconds: The time that it had.
    """

    def __init__(self, host: str, seconds: float) -> None:
        super().__init__(host, f"nothing whole within {seconds} s")
        self.seconds = seconds


async def fetch(
    url: str,
    *,
    limits: Limits = LIMITS,
    allowed_origins: Collection[str] = (),
    only_hosts: Collection[str] | None = None,
) -> bytearray:
    """The bytes behind a link; ``untrusted.door`` says whether they are a picture.

    Args:
        url: A person's link.
        limits: How many bytes to read, decoded, and how long to wait in all.
        allowed_origins: Origins such as ``http://127.0.0.1:8765`` that are exempt from the check
            of addresses and ports, for a Discord that stands on this machine.
        only_hosts: Hosts that may be asked, besides those origins; None for any public one.

    Raises:
        LinkRefusedError: It is not followed, by its looks or for where it leads.
        LinkNotFoundError: The host has no such file.
        LinkExpiredError: It has none any more, as the link says.
        LinkUnreachableError: The host cannot be reached.
        LinkTimeoutError: It took longer than ``limits.max_seconds``.
        ImageTooLargeError: There are more than ``limits.max_bytes`` bytes.
    """
    target = _parse(url)
    exempt = frozenset(URL(origin).origin() for origin in allowed_origins)
    try:
        async with asyncio.timeout(limits.max_seconds):
            return await _follow(target, limits, exempt, only_hosts)
    except TimeoutError:
        raise LinkTimeoutError(_name_host(target), limits.max_seconds) from None


def has_expired(url: URL, now: float) -> bool:
    """Whether a link to a file of Discord says that it no longer works.

    Args:
        url: The link; its ``ex`` is in seconds since 1970, hexadecimal.
        now: The time, in seconds since 1970.
    """
    expires = url.query.get("ex", "")
    signed = "hm" in url.query and _EXPIRES.fullmatch(expires) is not None
    return signed and int(expires, 16) <= now


async def _follow(
    url: URL, limits: Limits, exempt: frozenset[URL], only_hosts: Collection[str] | None
) -> bytearray:
    for _ in range(REDIRECTS + 1):
        trusted = url.origin() in exempt
        if not trusted:
            _check(url, only_hosts)
        answer = await _ask(url, limits, trusted=trusted)
        if isinstance(answer, bytearray):
            return answer
        url = answer
    raise LinkRefusedError(_name_host(url), Refusal.REDIRECTS)


async def _ask(url: URL, limits: Limits, *, trusted: bool) -> bytearray | URL:
    """One request: the bytes of the answer, or where it redirects to."""
    connector = aiohttp.TCPConnector() if trusted else make_guarded_connector()
    try:
        async with (
            _open_session(connector) as session,
            # By itself aiohttp would follow past all checks.
            session.get(url, allow_redirects=False) as response,
        ):
            if response.status in _REDIRECT_STATUSES:
                return _parse(response.headers.get("Location", ""), base=url)
            if response.status != 200:
                missing = LinkExpiredError if has_expired(url, time.time()) else LinkNotFoundError
                raise missing(_name_host(url), response.status)
            return await _read_body(response, limits.max_bytes)
    # An OSError, too, but the caller tells it as what it is.
    except TimeoutError:
        raise
    except PrivateAddressError as error:
        raise LinkRefusedError(_name_host(url), Refusal.PRIVATE) from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise LinkUnreachableError(_name_host(url), type(error).__name__) from error


async def _read_body(response: aiohttp.ClientResponse, limit: int) -> bytearray:
    if (response.content_length or 0) > limit:
        raise ImageTooLargeError("bytes", limit, response.content_length or 0)
    body = bytearray()
    # Counted while it arrives: the header may be missing, or lie.
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise ImageTooLargeError("bytes", limit, len(body))
    return body


def _open_session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=_HEADERS,
        # The caller's covers redirects as well; aiohttp's own would begin anew with each.
        timeout=aiohttp.ClientTimeout(total=None),
    )


def _parse(text: str, base: URL | None = None) -> URL:
    """The link as a URL of the web with a host, credentials refused."""
    text = text.strip()
    # Parsers disagree about these, and what is checked must be what is asked.
    if not text.isprintable() or " " in text or "\\" in text:
        raise LinkRefusedError("", Refusal.MALFORMED)
    try:
        url = base.join(URL(text)) if base else URL(text)
        host, port = url.host, url.port
    except ValueError:
        raise LinkRefusedError("", Refusal.MALFORMED) from None
    if url.scheme not in {"http", "https"}:
        raise LinkRefusedError(host or "", Refusal.SCHEME)
    # In a name % is an escape, which resolvers read differently; in IPv6 it is a zone.
    if not host or not port or ("%" in host and ":" not in host):
        raise LinkRefusedError(host or "", Refusal.MALFORMED)
    if url.raw_user is not None or url.raw_password is not None:
        raise LinkRefusedError(host, Refusal.CREDENTIALS)
    return url


def _name_host(url: URL) -> str:
    return url.host or ""


def _check(url: URL, only_hosts: Collection[str] | None) -> None:
    host, port = _name_host(url), url.port or 0
    if only_hosts is not None and host not in only_hosts:
        raise LinkRefusedError(host, Refusal.NOT_LISTED)
    if port not in _WEB_PORTS and port < _LOWEST_FREE_PORT:
        raise LinkRefusedError(host, Refusal.PORT)
    # Addresses in links never reach the resolver, which checks names.
    looks_numeric = ":" in host or host.rstrip(".").rpartition(".")[2].isdigit()
    if looks_numeric and not is_public(host):
        raise LinkRefusedError(host, Refusal.PRIVATE)
