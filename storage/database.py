"""Making the database ready."""

from pathlib import Path

from alembic import command
from sqlalchemy import make_url

from storage.connect import WRITING, migration_config, open_engine
from storage.engine import create_queue_tables
from storage.settings import Settings


def migrate(settings: Settings) -> None:
    """Creates or updates every table, the job engine's included.

    Several processes may call this at once: each waits for the one before it.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The database cannot be reached or refuses the change.
    """
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    create_queue_tables(settings.database)
    database = open_engine(settings.database)
    config = migration_config()
    config.attributes["connection"] = database.execution_options(**WRITING)
    try:
        command.upgrade(config, "head")
    finally:
        database.dispose()
