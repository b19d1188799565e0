"""The tables: made from nothing, alike the models, and no one else's touched."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.config import Config
from pytest_alembic.tests import (  # noqa: F401 - tests, collected here
    test_model_definitions_match_ddl,
    test_single_head_revision,
    test_up_down_consistency,
    test_upgrade,
)
from sqlalchemy import Engine, inspect

from storage.database.connect import (
    REVISION,
    WRITING,
    DatabaseNotReadyError,
    open_engine,
    require_current,
)
from storage.database.tables import Table
from storage.prepare import migrate, migration_config
from storage.queue.engine import create_queue_tables
from storage.settings import Settings
from tests.processes import spawn
from tests.storage.conftest import ended, settings_for


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings with a database that holds nothing."""
    if request.param == "sqlite":
        return settings_for(tmp_path / "new" / "folder")
    return settings_for(tmp_path, request.getfixturevalue("empty_postgres"))


@pytest.fixture
def alembic_config() -> Config:
    return migration_config()


@pytest.fixture
def alembic_engine(empty: Settings) -> Iterator[Engine]:
    """A database with the job engine's tables, as it is when ours are made."""
    if empty.database.startswith("sqlite"):
        empty.data.mkdir(parents=True)
    create_queue_tables(empty.database)
    engine = open_engine(empty.database).execution_options(**WRITING)
    yield engine
    engine.dispose()


def tables(settings: Settings) -> set[str]:
    engine = open_engine(settings.database)
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found


def test_the_revision_that_the_program_wants_is_the_newest(
    alembic_runner: object, empty: Settings
) -> None:
    assert getattr(alembic_runner, "heads", None) == [REVISION]


def test_a_new_database_gets_all_tables_and_keeps_them(empty: Settings) -> None:
    migrate(empty)
    require_current(empty.database)
    before = tables(empty)
    assert before > set(Table.metadata.tables)
    migrate(empty)
    assert tables(empty) == before


def test_the_job_engines_tables_outlive_a_downgrade_of_ours(
    alembic_engine: Engine, alembic_runner: object
) -> None:
    theirs = set(inspect(alembic_engine).get_table_names())
    alembic_runner.migrate_up_to("heads")  # type: ignore[attr-defined] # an untyped fixture
    alembic_runner.migrate_down_to("base")  # type: ignore[attr-defined] # an untyped fixture
    assert set(inspect(alembic_engine).get_table_names()) - {"alembic_version"} == theirs


async def test_processes_that_migrate_at_once_do_not_collide(empty: Settings) -> None:
    starts = [spawn(migrate, empty) for _ in range(3)]
    assert [await ended(process) for process in starts] == [0, 0, 0]
    require_current(empty.database)


def test_another_revision_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    require_current(settings.database)
    monkeypatch.setattr("storage.database.connect.REVISION", "9999")
    with pytest.raises(DatabaseNotReadyError, match=f"is at revision {REVISION}, not 9999"):
        require_current(settings.database)
