"""Making the database ready."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import stamina
from alembic import command
from alembic.config import Config
from sqlalchemy import make_url

from storage.database.connect import (
    REVISION,
    WRITING,
    find_revision,
    open_engine,
    when_it_answers,
)
from storage.queue.engine import create_queue_tables
from storage.settings import Settings

_MIGRATIONS: Final = Path(__file__).parents[1] / "migrations"


def migration_config() -> Config:
    """Alembic's configuration, without a file."""
    config = Config()
    # Alembic reads options with configparser, which takes % for the start of a name.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def migrate(settings: Settings) -> None:
    """Creates or updates every table, the job engine's included.

    Several processes may call this at once: each waits for the one before it. Tables of a newer
    release, beside which this one can work, are let be.

    Raises:
        NewerDatabaseError: They are of one beside which it cannot.
        DatabaseAwayError: The database cannot be reached.
        sqlalchemy.exc.SQLAlchemyError: It refuses the change.
        sqlite3.Error: The file cannot be opened.
    """
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and url.database:
        _prepare_file(Path(url.database))
    # The first to connect; it makes the database on PostgreSQL where there is none.
    when_it_answers(lambda: create_queue_tables(settings.database))
    if (find_revision(settings.database) or "") > REVISION:
        return
    database = open_engine(settings.database)
    config = migration_config()
    # A writing engine: on SQLite whoever migrates second waits for the lock before looking.
    config.attributes["connection"] = database.execution_options(**WRITING)
    try:
        command.upgrade(config, "head")
    finally:
        database.dispose()


# SQLite does not wait for a lock here, whatever the timeout.
@stamina.retry(on=sqlite3.OperationalError, attempts=None, timeout=30, wait_max=0.5)
def _prepare_file(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    # Tokens and everybody's words are in it: nobody else on this machine may read it. What is made
    # beside it gets its mode.
    file.touch(mode=0o600)
    with closing(sqlite3.connect(file, timeout=30)) as connection:
        # Written into the file, so it holds for every later connection.
        connection.execute("PRAGMA journal_mode=WAL")
