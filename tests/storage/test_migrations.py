"""The tables: made from nothing, alike the models, and no one else's touched."""

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import stamina
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from pytest_alembic.tests import (  # noqa: F401 - tests, collected here
    test_model_definitions_match_ddl,
    test_single_head_revision,
    test_up_down_consistency,
    test_upgrade,
)
from sqlalchemy import Engine, event, inspect, text

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


FIRST = "0015"
"""From here on every release works beside the next one while machines are updated in turn."""


@pytest.mark.postgres
def test_no_upgrade_keeps_writers_waiting_or_takes_away_what_the_last_release_uses(
    empty_postgres: str, alembic_config: Config, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path, empty_postgres)
    create_queue_tables(settings.database)
    engine = open_engine(settings.database)
    alembic_config.attributes["connection"] = engine
    # From here on indexes are built beside writers.
    command.upgrade(alembic_config, "0005")
    scripts = ScriptDirectory.from_config(alembic_config)
    for script in reversed(list(scripts.iterate_revisions("head", "0005"))):
        said = list[str]()
        there = set(inspect(engine).get_table_names())

        @event.listens_for(engine, "before_cursor_execute")
        def hear(*what: Any, said: list[str] = said) -> None:
            said.append(" ".join(str(what[2]).split()))

        command.upgrade(alembic_config, script.revision)
        event.remove(engine, "before_cursor_execute", hear)
        breaks = script.revision < FIRST or bool(getattr(script.module, "breaks", False))
        faults = [line for line in said if find_fault(line, there, breaks=breaks)]
        assert faults == [], script.revision
        if script.revision >= FIRST:
            with engine.connect() as connection:
                least = connection.execute(text("SELECT least FROM compatibility")).scalar_one()
            assert least == script.revision or not breaks
    engine.dispose()


def find_fault(statement: str, there: set[str], *, breaks: bool = False) -> bool:
    """Whether a statement builds an index before which writers wait, or ends older programs.

    Args:
        statement: What is sent to PostgreSQL.
        there: The tables that were there before, which may be large.
        breaks: Whether the migration says that nothing of before works beside it.
    """
    on = re.search(r" ON (?:public\.)?\"?(\w+)", statement)
    if re.match(r"CREATE (UNIQUE )?INDEX", statement, re.IGNORECASE):
        return bool(on and on[1] in there) and "CONCURRENTLY" not in statement
    if re.match(r"DROP INDEX", statement, re.IGNORECASE):
        return "CONCURRENTLY" not in statement
    if not re.match(r"ALTER TABLE|DROP TABLE", statement, re.IGNORECASE) or breaks:
        return False
    if re.search(r"\bADD COLUMN\b", statement, re.IGNORECASE):
        # Programs of before write rows without it.
        return "NOT NULL" in statement and "DEFAULT" not in statement
    return bool(re.search(r"\b(DROP|RENAME|TYPE|SET NOT NULL)\b", statement, re.IGNORECASE))


@pytest.mark.parametrize(
    ("statement", "faulty"),
    [
        ("CREATE INDEX ix ON jobs (state)", True),
        ("CREATE UNIQUE INDEX ix ON jobs (state)", True),
        ("CREATE INDEX CONCURRENTLY ix ON jobs (state)", False),
        ("CREATE INDEX ix ON novelties (state)", False),
        ("DROP INDEX ix", True),
        ("DROP INDEX CONCURRENTLY ix", False),
        ("ALTER TABLE jobs ADD COLUMN later TEXT", False),
        ("ALTER TABLE jobs ADD COLUMN later TEXT NOT NULL", True),
        ("ALTER TABLE jobs ADD COLUMN later TEXT DEFAULT 'x' NOT NULL", False),
        ("ALTER TABLE jobs DROP COLUMN title", True),
        ("ALTER TABLE jobs RENAME title TO name", True),
        ("ALTER TABLE jobs ALTER COLUMN title TYPE VARCHAR(8)", True),
        ("ALTER TABLE jobs ALTER COLUMN parent_id SET NOT NULL", True),
        ("DROP TABLE copies", True),
        ("UPDATE jobs SET title = ''", False),
    ],
)
def test_what_would_is_known(statement: str, faulty: bool) -> None:
    assert find_fault(statement, {"jobs", "copies"}) == faulty


def test_what_ends_older_programs_says_so() -> None:
    assert not find_fault("ALTER TABLE jobs DROP COLUMN title", {"jobs"}, breaks=True)
    assert find_fault("CREATE INDEX ix ON jobs (state)", {"jobs"}, breaks=True)
