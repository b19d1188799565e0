"""Making the database ready."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import make_url

from storage.connect import WRITING, open_engine
from storage.engine import create_queue_tables
from storage.settings import Settings

_MIGRATIONS: Final = Path(__file__).parents[1] / "migrations"


def migration_config() -> Config:
    """Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


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
