"""The tables: made from nothing, alike the models, and no one else's touched."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
import stamina
from alembic import command
from alembic.config import Config
from pytest_alembic.tests import (  # noqa: F401 - tests, collected here
    test_model_definitions_match_ddl,
    test_single_head_revision,
    test_up_down_consistency,
    test_upgrade,
)
from sqlalchemy import Engine, inspect, text

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


def test_nobody_else_on_the_machine_may_read_the_file(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    migrate(settings)
    engine = open_engine(settings.database)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO drafts VALUES ('x', 1, '{}', '2026-01-01')"))
        files = list(tmp_path.glob("easel.db*"))
        assert len(files) == 3
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    engine.dispose()


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


@pytest.mark.postgres
def test_an_index_is_built_while_others_write(
    postgres_settings: Settings, alembic_config: Config
) -> None:
    engine = open_engine(postgres_settings.database)
    alembic_config.attributes["connection"] = engine
    command.downgrade(alembic_config, "0005")
    write = text("INSERT INTO drafts VALUES (:id, 1, '{}', now())")
    touch = text("UPDATE jobs SET round = 0")
    # To drop the half of an index waits for those who may use it, as to build one does.
    waits = text(
        "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%INDEX CONCURRENTLY%'"
        " AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()"
    )
    with engine.connect() as first, engine.connect() as second:
        # As an upgrade leaves it that was interrupted.
        second.execute(text("CREATE INDEX ix_jobs_waiting ON jobs (round)"))
        second.commit()
        first.execute(touch)
        upgrade = Thread(target=command.upgrade, args=(alembic_config, "head"))
        upgrade.start()
        for attempt in stamina.retry_context(on=AssertionError, attempts=None, timeout=30):
            with attempt, engine.connect() as third:
                assert third.execute(waits).first()
        second.execute(text("SET LOCAL lock_timeout = '5s'"))
        second.execute(touch)
        second.execute(write, {"id": "x"})
        second.commit()
        first.commit()
        upgrade.join()
    columns = {
        index["name"]: index["column_names"] for index in inspect(engine).get_indexes("jobs")
    }
    assert columns["ix_jobs_waiting"] == ["state", "priority", "created_at"]
    engine.dispose()
    require_current(postgres_settings.database)
