"""PostgreSQL from an event loop, which does something else while a statement is under way."""

from storage.database.connect import Action, Result, open_async_engine


class AwaitedDatabase:
    """A PostgreSQL database for one event loop."""

    def __init__(self, url: str) -> None:
        # Apart: those who wait for a lock must not take every connection from those who only read.
        self._reading = open_async_engine(url, reads=True)
        self._writing = open_async_engine(url, reads=False)

    async def close(self) -> None:
        """Disconnects."""
        await self._reading.dispose()
        await self._writing.dispose()

    async def read(self, action: Action[Result]) -> Result:
        """What an action reads."""
        async with self._reading.connect() as connection:
            return await connection.run_sync(action)

    async def write(self, action: Action[Result]) -> Result:
        """What an action returns, with what it changes committed."""
        async with self._writing.begin() as connection:
            return await connection.run_sync(action)

    # What takes long keeps nobody waiting here.
    read_apart, write_apart = read, write
