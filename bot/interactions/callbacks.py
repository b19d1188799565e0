"""First answers to interactions: sent again where it was not heard whether one arrived.

Discord takes one first answer. Where its confirmation is lost, the second try is told that there
was one already (40060): then it was ours, and what was asked for goes on. Told so at once, it was
somebody else's, such as another bot with our token.

discord.py sends all first answers through one adapter, which it looks up in a context variable; it
would raise where a connection is cut, and give up where 40060 follows.
"""

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
import discord
import structlog
from discord.http import MultipartParameters
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

from bot.interactions.pace import Pace
from bot.interactions.tracing import BUSY, Exchange, hear
from storage import meters

log: Final = structlog.get_logger(__name__)

WAITS: Final = (0.1, 0.3, 0.9)
"""Seconds before each further try; Discord waits three for an answer."""

ANSWERED: Final = 40060
"""Discord's code for a second first answer."""

NAMED_EVERY: Final = 60.0
"""Seconds at least between two lines of the log about a second bot."""

UNKNOWN: Final = 10062
"""Discord's code for an interaction that is too old for a first answer."""

PROMISES: Final = frozenset(
    {
        discord.InteractionResponseType.deferred_channel_message.value,
        discord.InteractionResponseType.deferred_message_update.value,
    }
)
"""First answers that are followed by what was asked for."""


class FirstAnswers(AsyncWebhookAdapter):
    """discord.py's adapter, which takes a first answer for given that Discord has."""

    def __init__(self, client: discord.Client) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # discord.py leaves it untyped
        self._client, self._pace = client, Pace()
        self._named = float("-inf")

    def _name_other(self) -> None:
        """Says in the log, now and then, why interactions are answered before this bot can."""
        now = time.monotonic()
        if now - self._named > NAMED_EVERY:
            self._named = now
            log.error(
                "another bot answers with this token: stop it, or give it a token of its own; two "
                "on one database would not, so it has another database"
            )

    def use(self) -> None:
        """Has everything that this task begins from here on answer so."""
        async_context.set(self)

    async def create_interaction_response(  # type: ignore[override] # a coroutine, as it is there
        self,
        interaction_id: int,
        token: str,
        *,
        session: aiohttp.ClientSession,
        proxy: str | None = None,
        proxy_auth: aiohttp.BasicAuth | None = None,
        params: MultipartParameters,
    ) -> dict[str, Any]:
        """Sends a first answer; what Discord says of it, once it is the turn of what follows.

        Raises:
            discord.HTTPException: It was refused, or somebody else's came first.
            aiohttp.ClientError: Discord cannot be reached.
        """
        told = await self._send(
            interaction_id,
            token,
            session=session,
            proxy=proxy,
            proxy_auth=proxy_auth,
            params=params,
        )
        if params.payload and params.payload["type"] in PROMISES:
            await self._pace.wait()
        return told

    async def _send(
        self,
        interaction_id: int,
        token: str,
        *,
        session: aiohttp.ClientSession,
        proxy: str | None,
        proxy_auth: aiohttp.BasicAuth | None,
        params: MultipartParameters,
    ) -> dict[str, Any]:
        send, lost = super().create_interaction_response, False
        for wait in (*WAITS, None):
            # What was sent once has been read to its end.
            for file in params.files or ():
                file.reset(seek=lost)
            try:
                with hear(Exchange()):
                    answer: Any = await send(
                        interaction_id,
                        token,
                        session=session,
                        proxy=proxy,
                        proxy_auth=proxy_auth,
                        params=params,
                    )
                    age = datetime.now(UTC) - discord.utils.snowflake_time(interaction_id)
                    meters.ANSWER_SECONDS.observe(age.total_seconds())
                    return dict(answer)
            except discord.HTTPException as error:
                if lost and error.code == ANSWERED:
                    break
                if error.code == ANSWERED:
                    self._name_other()
                if (error.status < 500 and error.status != BUSY) or wait is None:
                    raise
            except (aiohttp.ClientError, OSError):
                if wait is None:
                    raise
            lost = True
            await asyncio.sleep(wait)
        return await self._describe(interaction_id, token, session)

    async def _describe(
        self, interaction_id: int, token: str, session: aiohttp.ClientSession
    ) -> dict[str, Any]:
        """What Discord would have said of an answer that it has."""
        told: dict[str, Any] = {"id": str(interaction_id)}
        try:
            message = await self.get_original_interaction_response(
                self._client.application_id or 0, token, session=session
            )
        # A form, or choices: no message belongs to it.
        except discord.NotFound:
            return {"interaction": told}
        return {"interaction": {**told, "response_message_id": message["id"]}}


def is_late(error: BaseException | None) -> bool:
    """Whether an error says that an interaction is over, or that another process answered it."""
    # discord.py wraps whatever a command raises.
    error = getattr(error, "original", error)
    return isinstance(error, discord.HTTPException) and error.code in {ANSWERED, UNKNOWN}


def is_news(record: logging.LogRecord) -> bool:
    """Whether a line that discord.py logs is any; that choices came too late is none."""
    return not (record.exc_info and is_late(record.exc_info[1]))
