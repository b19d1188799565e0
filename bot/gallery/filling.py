"""What was drawn before there was a gallery, or by a worker of before, put into it in time."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from storage.database.records import Records
from storage.gallery import index

log: Final = structlog.get_logger(__name__)

MOST: Final = 200
"""Jobs that are looked at in one transaction: it holds SQLite's one lock for some milliseconds."""

REST: Final = 0.05
"""Seconds between two, for those who wait for that lock."""

AGAIN: Final = 3600.0
"""Seconds until the last day's are looked at again, and after a fault."""

_DAY: Final = timedelta(days=1)


class GalleryFiller:
    """Puts in what is missing: everything once, then the last day's now and then."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Goes to work in the background."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Puts everything down where it is."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def fill(self, since: datetime | None) -> None:
        """Puts in what is missing of the jobs since a moment, or of all; the latest first."""
        place = None
        while True:
            asked = place, since, MOST
            missing, following = await self._records.read_apart(index.find_missing, *asked)
            # Most often nothing is missing, and others need not wait for it.
            if missing:
                following = await self._records.write_apart(index.add_missing, *asked)
            if following is None:
                return
            place = following
            await asyncio.sleep(REST)

    async def _run(self) -> None:
        since = None
        while True:
            try:
                await self.fill(since)
            except Exception as error:  # noqa: BLE001 - it is tried again
                log.warning("gallery_not_filled", error=type(error).__name__)
                await asyncio.sleep(AGAIN)
                continue
            await asyncio.sleep(AGAIN)
            since = datetime.now(UTC) - _DAY
