"""Deleting messages of people who were forgotten, at the pace that Discord allows."""

import asyncio
from contextlib import suppress
from typing import Final

import discord
import structlog
from sqlalchemy import Connection, delete, select

from bot.interactions.tracing import BUSY
from storage.database.records import Records
from storage.database.tables import WithdrawalRow

log: Final = structlog.get_logger(__name__)

PAUSE: Final = 300.0
"""Seconds between looks, and after a fault."""

_PAGE: Final = 50


class MessageRemover:
    """Deletes what is written down to be deleted, also what an earlier process left."""

    def __init__(self, client: discord.Client, records: Records) -> None:
        self._client, self._records = client, records
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Goes to work in the background."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Puts everything down where it is."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def wake(self) -> None:
        """Looks at once."""
        self._wake.set()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                while await self._remove_some():
                    pass
            except Exception as error:  # noqa: BLE001 - it is tried again
                log.warning("messages_not_removed", error=type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), PAUSE)

    async def _remove_some(self) -> bool:
        """Deletes some messages; False if none are left."""
        found = await self._records.read(list_withdrawals, _PAGE)
        for message_id, channel_id in found:
            await self._remove(channel_id, message_id)
            await self._records.write(drop_withdrawal, message_id)
        return bool(found)

    async def _remove(self, channel_id: int, message_id: int) -> None:
        try:
            await self._client.http.delete_message(channel_id, message_id)
        except discord.HTTPException as error:
            # Gone already, in an archived thread, or where the bot may no longer be: asking again
            # would change nothing.
            if error.status >= 500 or error.status == BUSY:
                raise


def list_withdrawals(connection: Connection, most: int) -> list[tuple[int, int]]:
    """Some messages that are to be deleted, each with its channel; the latest first."""
    wanted = select(WithdrawalRow.message_id, WithdrawalRow.channel_id)
    latest = wanted.order_by(WithdrawalRow.message_id.desc()).limit(most)
    return [(message, channel) for message, channel in connection.execute(latest)]


def drop_withdrawal(connection: Connection, message_id: int) -> None:
    """Notes that a message was deleted."""
    connection.execute(delete(WithdrawalRow).where(WithdrawalRow.message_id == message_id))
