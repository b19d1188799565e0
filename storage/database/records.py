"""Running statements from an event loop."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database.connect import WRITING

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Records:
    """Runs statements, each in a transaction of its own, for one event loop."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # Marked to take SQLite's lock at the start: a transaction that has read cannot take it any
        # more once another wrote, however long it waits.
        self._writing = engine.execution_options(**WRITING)

    async def close(self) -> None:
        """Disconnects."""
        await self._engine.dispose()

    async def read(
        self,
        action: Callable[Concatenate[Connection, Arguments], Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """The result of a statement that only reads."""
        # Nothing is committed: on SQLite there is no transaction, and PostgreSQL's is rolled back.
        async with self._engine.connect() as connection:
            return await connection.run_sync(action, *arguments, **named)

    async def write(
        self,
        action: Callable[Concatenate[Connection, Arguments], Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """The result of a statement that changes something, committed."""
        async with self._writing.begin() as connection:
            return await connection.run_sync(action, *arguments, **named)
