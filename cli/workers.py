"""Which workers are there, and how they are, as the database has it."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from storage.database.connect import WRITING, open_engine
from storage.queue import presence
from storage.settings import Settings

Answer = TypeVar("Answer")


def live_workers(settings: Settings) -> set[str]:
    """The names of the workers that give signs of life.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The database does not answer, or has no tables yet.
    """
    return _ask(settings, presence.list_workers)


def troubled_workers(settings: Settings) -> dict[str, str]:
    """What keeps some of them from taking jobs, by their names.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The database does not answer, or has no tables yet.
    """
    return {**_ask(settings, presence.list_troubles)}


def drain_worker(settings: Settings) -> bool:
    """Has the worker of this name take no more jobs; False if there is none.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The database does not answer, or has no tables yet.
    """
    engine = open_engine(settings.database).execution_options(**WRITING)
    try:
        with engine.begin() as connection:
            return presence.drain(connection, settings.executor)
    finally:
        engine.dispose()


def _ask(settings: Settings, question: Callable[[Connection, float], Answer]) -> Answer:
    engine = open_engine(settings.database)
    try:
        with engine.connect() as connection:
            return question(connection, settings.dead_after)
    finally:
        engine.dispose()
