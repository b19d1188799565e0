"""PostgreSQL from an event loop, which does something else while a statement is under way.

A whole action runs in one greenlet, from the pool and back to it. SQLAlchemy's own connections for
event loops would take one for each step, and a task to end with: half as much as a statement.
"""

from sqlalchemy.util import greenlet_spawn

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

        def read() -> Result:
            with self._reading.sync_engine.connect() as connection:
                return action(connection)

        return await greenlet_spawn(read)

    async def write(self, action: Action[Result]) -> Result:
        """What an action returns, with what it changes committed."""

        def write() -> Result:
            with self._writing.sync_engine.begin() as connection:
                return action(connection)

        return await greenlet_spawn(write)

    # What takes long keeps nobody waiting here.
    read_apart, write_apart = read, write
