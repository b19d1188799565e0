"""Hearing Discord's answers before discord.py sleeps over them.

discord.py waits out a 429 or a 5xx inside the call that met it, for as long as Discord says, and
with the lock of its token held. A result cannot wait behind news for that, so requests of delivery
are told at once. This uses what both libraries document: the client's ``http_trace``.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
import discord

from storage import meters

BUSY: Final = 429


class RateLimitError(discord.HTTPException):
    """Discord asks to come back later.

    Attributes:
        retry_after: In how many seconds.
    """

    retry_after = 0.0

    def __init__(self, response: aiohttp.ClientResponse, message: Any) -> None:  # noqa: ANN401 JSON
        super().__init__(response, message)
        told = message.get("retry_after") if isinstance(message, dict) else None
        header = response.headers.get("Retry-After", "0")
        # A proxy before Discord says it in the header alone, where it may be a date.
        with suppress(ValueError, TypeError):
            self.retry_after = float(header if told is None else told)


@dataclass(slots=True)
class Exchange:
    """The latest request of those that are heard, as it stands.

    Attributes:
        answered: Whether Discord has answered it. discord.py may still hold a lock then, which it
            loses for good if its call is cancelled.
    """

    answered: bool = False


_HEARD: ContextVar[Exchange | None] = ContextVar("heard", default=None)


@contextmanager
def hear(exchange: Exchange) -> Iterator[None]:
    """Has requests fail at once where discord.py would wait and try again.

    They raise :class:`RateLimitError` or :class:`discord.DiscordServerError`.
    """
    token = _HEARD.set(exchange)
    try:
        yield
    finally:
        _HEARD.reset(token)


def build_trace() -> aiohttp.TraceConfig:
    """The client's ``http_trace``, without which :func:`hear` does nothing."""
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(_note_request)
    trace.on_request_end.append(_note_answer)
    return trace


async def _note_request(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    _params: aiohttp.TraceRequestStartParams,
) -> None:
    if exchange := _HEARD.get():
        exchange.answered = False


async def _note_answer(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    params: aiohttp.TraceRequestEndParams,
) -> None:
    exchange, response = _HEARD.get(), params.response
    meters.DISCORD_ANSWERS.add(status=str(response.status))
    if exchange is None:
        return
    if response.status == BUSY:
        raise RateLimitError(response, await _read(response))
    if response.status >= 500:
        raise discord.DiscordServerError(response, await _read(response))
    exchange.answered = True


async def _read(response: aiohttp.ClientResponse) -> Any:  # noqa: ANN401 JSON
    """The body; a proxy before Discord may answer with a page instead of JSON."""
    text = await response.text()
    try:
        return json.loads(text)
    except ValueError:
        return text
