"""Every table has a rule, and whoever is forgotten is in no table and no file."""

import csv
import io
import json
import os
import threading
import zipfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy import Table as SqlTable

from bot.text import sentences
from storage.database.connect import WRITING, open_engine
from storage.database.tables import (
    BlockRow,
    DiscardRow,
    FavouriteRow,
    JobRow,
    ServerRow,
    SpentRow,
    Table,
    UsageRow,
)
from storage.files import Files
from storage.privacy.exporting import Kept, Parts, count_rows, list_entries, read_kept, write_table
from storage.privacy.forgetting import forget
from storage.privacy.retention import drop_nameless, expire
from storage.privacy.rules import RULES, could_hold_id
from storage.queue import books, queries
from storage.queue.client import Jobs
from storage.queue.jobs import Made, NewJob, Rendered
from storage.queue.limits import Allowance, LimitReachedError
from storage.settings import Settings
from storage.sweep import SETTLED, discard
from tests.storage.conftest import new_job

PERSON = 1151515151515151515
OTHER = 1162626262626262626
NEVER = threading.Event()

FIXED = {"state": "done", "kind": "picture", "owner_kind": "person"}
"""Values of columns that take few."""


@pytest_asyncio.fixture
async def jobs(settings: Settings) -> AsyncIterator[Jobs]:
    jobs = await Jobs.open(settings)
    yield jobs
    await jobs.close()


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = open_engine(settings.database).execution_options(**WRITING)
    yield engine
    engine.dispose()


def make_value(column: Column[Any], job_id: str) -> object:
    """Something that a column takes."""
    if column.foreign_keys:
        return job_id
    match column.type:
        case JSON():
            return {"version": 1}
        case DateTime():
            return datetime.now(UTC)
        case String(length=length):
            return FIXED.get(column.name, uuid4().hex[: length or 32])
        case BigInteger():
            return uuid4().int >> 80
        case Integer():
            return uuid4().int >> 100
        case Float():
            return 1.0
        case Boolean():
            return False
        case Date():
            return datetime.now(UTC).date()
    # The one type of ours is of points in time.
    return datetime.now(UTC)


def fill(connection: Connection) -> None:
    """In each table a row of the person's, one of another's, and one of that names the person."""
    jobs: list[str] = []
    # Jobs first, on which others hang.
    for table in Table.metadata.sorted_tables:
        rule = RULES[table.name]
        named: dict[str, object] = {
            column: f"{before}{PERSON}" if before else PERSON
            for column, before in rule.named.items()
        }
        rows: tuple[tuple[int, dict[str, object]], ...]
        rows = ((OTHER, {}), (OTHER + 1, named), (PERSON, {}))
        # The person's rows hang on another's job, which stays: they have to go by themselves.
        for (owner, more), place in zip(rows, (0, 2, 1), strict=True):
            row = {
                column.name: make_value(column, jobs[place] if jobs[2:] else "")
                for column in table.c
            }
            owned: dict[str, object] = {rule.owner: owner} if rule.owner else {}
            row = {**row, **owned, **more}
            connection.execute(insert(table).values(**row))
            if table.name == "jobs":
                jobs.append(str(row["id"]))


def dump(connection: Connection) -> str:
    """Every cell of every table, of the job engine's, too."""
    found = inspect(connection)
    cells = []
    for schema in found.get_schema_names():
        if schema not in {"information_schema", "pg_catalog"}:
            for name in found.get_table_names(schema=schema):
                table = SqlTable(name, MetaData(), schema=schema, autoload_with=connection)
                cells += [f"{name}: {row}" for row in connection.execute(select(table))]
    return "\n".join(cells)


def count_of(connection: Connection, table: type[Table]) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def asked(person: int, **more: Any) -> NewJob:
    return new_job(person=person, **more)


def test_every_table_has_a_rule_and_every_column_that_could_hold_an_id_is_named_in_it() -> None:
    assert RULES.keys() == Table.metadata.tables.keys()
    for name, table in Table.metadata.tables.items():
        rule = RULES[name]
        # A named column may be one that holds other things, too, as reasons of failures.
        told = {rule.owner, *rule.named, *rule.numbered, *rule.only, *rule.nobody} - {""}
        able = {column.name for column in table.c if could_hold_id(column)}
        assert able - told == set(), f"{name}: say in its rule whose ids these hold"
        assert told <= {column.name for column in table.c}, name
        assert rule.owner not in rule.nobody
        assert set(rule.secret) <= told


def test_people_are_told_of_every_table_that_keeps_something_of_them() -> None:
    kept = {name for name, rule in RULES.items() if rule.owner or "person_id" in rule.named}
    assert sentences.KEPT.keys() == kept


async def test_a_forgotten_person_is_in_no_table_and_no_file(
    settings: Settings, jobs: Jobs, engine: Engine
) -> None:
    waiting, running, failing = (asked(PERSON, name=name) for name in "wrf")
    for job in (waiting, running, failing, theirs := asked(OTHER)):
        await jobs.accept(job)
    await jobs.records.write(queries.begin_run, running.id, "w", 3)
    await jobs.cancel(theirs.id, by=PERSON)
    with engine.begin() as connection:
        fill(connection)
    with engine.connect() as connection:
        before = dump(connection)
    assert str(PERSON) in before
    await forget(jobs, PERSON, settings.database)
    with engine.connect() as connection:
        kept = dump(connection)
    assert str(PERSON) not in kept
    assert not any(job.id in kept for job in (waiting, running, failing))
    assert str(OTHER) in kept
    # What is nobody's, or names somebody, stays.
    for name in ("changes", "servers", "workers", "costs", "clock"):
        assert kept.count(f"\n{name}: ") == before.count(f"\n{name}: ") > 0
    if settings.database.startswith("sqlite"):
        engine.dispose()
        for file in settings.data.glob("easel.db*"):
            data = file.read_bytes()
            assert str(PERSON).encode() not in data
            assert PERSON.to_bytes(8) not in data


async def test_a_daily_limit_is_not_washed_off(settings: Settings, jobs: Jobs) -> None:
    allowance = Allowance(unfinished=9, host_daily=3)
    for _ in range(2):
        await jobs.accept(asked(PERSON), allowance)
        await jobs.accept(asked(OTHER), allowance)
    before = await jobs.read_usage(OTHER, allowance)
    await forget(jobs, PERSON, settings.database)
    await jobs.accept(asked(PERSON), allowance)
    await forget(jobs, PERSON, settings.database)
    assert (await jobs.read_usage(PERSON, allowance)).everywhere == 3
    with pytest.raises(LimitReachedError):
        await jobs.accept(asked(PERSON), allowance)
    assert await jobs.read_usage(OTHER, allowance) == before
    then = datetime.now(UTC) - timedelta(days=1)
    await jobs.records.write(lambda it: it.execute(update(SpentRow).values(at=then)))
    await jobs.accept(asked(PERSON), allowance)
    await forget(jobs, OTHER, settings.database)
    await forget(jobs, PERSON, settings.database)
    rows = await jobs.records.read(lambda it: it.execute(select(SpentRow.jobs)).scalars().all())
    assert sorted(rows) == [1, 2]


async def test_what_is_kept_of_forgotten_people_runs_out(
    settings: Settings, jobs: Jobs, engine: Engine
) -> None:
    now = datetime.now(UTC)
    for who in (PERSON, OTHER):
        row = {"person_id": who, "day": now.date(), "server_id": 7, "lane": "fast"}
        with engine.begin() as connection:
            connection.execute(insert(UsageRow).values(**row, jobs=1, pictures=1, gpu_ms=1))
        await jobs.records.write(books.block, who, 7, now + timedelta(days=9))
        await jobs.records.write(books.block, who, 8, None)
    await forget(jobs, PERSON, settings.database)
    assert expire(engine, 0) == 0
    with engine.begin() as connection:
        assert count_of(connection, UsageRow) == 2
        drop_nameless(connection, now + timedelta(days=40))
        # Of others nothing runs out here, and a block for good never does.
        assert count_of(connection, UsageRow) == 1
        assert count_of(connection, BlockRow) == 3
    assert await jobs.records.read(books.read_blocks, PERSON, 8) == {8: None}


async def finish(jobs: Jobs, files: Files, job: NewJob, *names: str) -> list[str]:
    """Makes a job's pictures and shows them; their hashes."""
    run = await jobs.records.write(queries.begin_run, job.id, "w", 3)
    assert run
    hashes = [files.put(name.encode()) for name in names]
    made = [Made(sha256=one, width=8, height=8, digest=one) for one in hashes]
    await jobs.records.write(queries.finish_run, run, Rendered(pictures=made), 1.0)
    await jobs.delivered(job.id, 5)
    return hashes


def age(folder: Path, sha256: str) -> None:
    """Has a file have been stored long ago."""
    place = folder / sha256[:2] / sha256[2:4] / sha256
    then = place.stat().st_mtime - SETTLED.total_seconds() - 60
    os.utime(place, (then, then))


async def test_pictures_go_unless_somebody_elses_came_from_them(
    settings: Settings, jobs: Jobs, engine: Engine
) -> None:
    folder = settings.data / "images"
    files = Files(folder)
    start = files.put(b"start")
    own = asked(PERSON, start={"image": start})
    await jobs.accept(own)
    alone, shared, twice = await finish(jobs, files, own, "alone", "shared", "twice")
    theirs = asked(OTHER, start={"image": shared})
    await jobs.accept(theirs)
    await finish(jobs, files, theirs, "twice")
    await forget(jobs, PERSON, settings.database)
    young = files.put(b"young")
    with engine.begin() as connection:
        connection.execute(insert(DiscardRow).values(sha256=young, at=datetime.now(UTC)))
    for one in (start, alone, shared, twice):
        age(folder, one)
    assert discard(engine, files, NEVER) == 2
    held = {name: files.has(one) for name, one in locals().items() if name in {"start", "alone"}}
    assert held == {"start": False, "alone": False}
    assert all(map(files.has, (shared, twice, young)))
    with engine.connect() as connection:
        left = connection.execute(select(DiscardRow.sha256)).scalars().all()
    assert left == [young]
    await forget(jobs, OTHER, settings.database)
    age(folder, young)
    assert discard(engine, files, NEVER) == 3
    assert not any(path.is_file() for path in folder.rglob("*"))
    assert discard(engine, files, NEVER) == 0


def test_no_recipes_are_read_for_what_is_too_young_to_go(
    settings: Settings, engine: Engine
) -> None:
    files = Files(settings.data / "images")
    young = files.put(b"young")
    with engine.begin() as connection:
        connection.execute(insert(DiscardRow).values(sha256=young, at=datetime.now(UTC)))
    with mock.patch("storage.sweep.read_page", side_effect=AssertionError("read")):
        assert discard(engine, files, NEVER) == 0
    assert files.has(young)


async def test_requests_are_kept_as_long_as_host_and_server_say_but_favourites(
    settings: Settings, jobs: Jobs, engine: Engine
) -> None:
    ages = {"new": 1, "mid": 20, "old": 40, "liked": 40, "waiting": 40}
    made = {name: asked(PERSON, name=name) for name in ages}
    for name, job in made.items():
        await jobs.accept(job)
        if name != "waiting":
            await finish(jobs, Files(settings.data / "images"), job, name)
    with engine.begin() as connection:
        for name, days in ages.items():
            then = datetime.now(UTC) - timedelta(days=days)
            values = {"created_at": then, "server_id": 7 if name == "mid" else 8}
            connection.execute(update(JobRow).where(JobRow.id == made[name].id).values(**values))
        liked = {"job_id": made["liked"].id, "position": 0, "created_at": datetime.now(UTC)}
        connection.execute(insert(FavouriteRow).values(person_id=OTHER, **liked))
    assert expire(engine, 0) == 0
    assert expire(engine, 30) == 1
    with engine.begin() as connection:
        connection.execute(insert(ServerRow).values(id=7, settings={"keep": 10}))
        connection.execute(insert(ServerRow).values(id=8, settings={"keep": 300}))
    # What a server wants to keep for longer than the host goes all the same.
    assert expire(engine, 30) == 1
    assert {name for name, job in made.items() if await jobs.get(job.id)} == {
        *("new", "liked", "waiting")
    }
    assert expire(engine, 0) == 0


async def test_a_copy_holds_everything_but_secrets(settings: Settings, jobs: Jobs) -> None:
    files = Files(settings.data / "images")
    start = files.put(b"start")
    job = new_job(person=PERSON, start={"image": start}, prompt="=cmd()")
    make: Any = NewJob
    fields = {name: getattr(job, name) for name in NewJob.__dataclass_fields__}
    job = make(**fields | {"interaction_token": "s3cret", "token_expires_at": datetime.now(UTC)})
    await jobs.accept(job)
    (picture,) = await finish(jobs, files, job, "picture")
    await jobs.accept(asked(OTHER, name="not mine"))
    counts = await jobs.records.read(count_rows, PERSON)
    assert counts == {"jobs": 1, "gallery": 1, "shares": 1, "usage": 1}
    everything = await jobs.records.read(read_kept, PERSON)
    (data,) = Parts(list_entries(everything, files), 10**6, 5)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        found = {name: archive.read(name) for name in archive.namelist()}
    assert files.get(picture) in found.values()
    assert files.get(start) in found.values()
    (kept,) = json.loads(found["data/jobs-1.json"])
    assert kept["recipe"]["prompt"] == "=cmd()"
    assert "'=cmd()" in found["requests.csv"].decode()
    every = b"".join(found.values())
    assert b"s3cret" not in every
    assert b"not mine" not in every


def test_no_two_pictures_of_an_export_have_one_name(tmp_path: Path) -> None:
    files = Files(tmp_path)
    ids = ["0" * 32, "0" * 31 + "1", "1" * 32]
    jobs = [{"id": it, "created_at": datetime.now(UTC), "recipe": {}} for it in ids]
    images = [{"job_id": it, "position": 0, "sha256": files.put(it.encode())} for it in ids]
    kept = Kept({"jobs": jobs, "images": images}, ())
    names = [name for name, _ in list_entries(kept, files) if name.startswith("pictures/")]
    assert len(set(names)) == 3
    assert names[2].endswith("-11111111-1.png")


@pytest.mark.parametrize(
    ("words", "cell"),
    [
        ("=cmd()", "'=cmd()"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@sum", "'@sum"),
        ("\t=1", "\t'=1"),
        ("\r\n=1", "\r\n'=1"),
        ("  =1", "'  =1"),
        ("\ufeff\u200b=1", "'\ufeff\u200b=1"),
        ("\uff1d1", "'\uff1d1"),
        ("a cat;=1", "a cat;'=1"),
        ("a cat\n-1", "a cat\n'-1"),
        ("a red-hot cat, 3=3 @home +1", "a red-hot cat, 3=3 @home +1"),
        ("", ""),
        ("🍎 \u05ea\u05e4\u05d5\u05d7", "🍎 \u05ea\u05e4\u05d5\u05d7"),
    ],
)
def test_no_cell_of_a_table_is_a_formula(words: str, cell: str) -> None:
    job: dict[str, Any] = {"id": "0" * 32, "recipe": {"prompt": words}}
    written = write_table([job]).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(written, newline=""))
    assert row["prompt"] == cell


@given(
    st.lists(st.tuples(st.sampled_from(["png", "json"]), st.integers(0, 3000)), max_size=30),
    st.integers(600, 4000),
    st.integers(1, 4),
)
def test_parts_are_as_small_as_they_must_be_and_lose_nothing(
    given_files: list[tuple[str, int]], limit: int, most: int
) -> None:
    entries = [(f"{k}.{kind}", bytes([k]) * size) for k, (kind, size) in enumerate(given_files)]
    parts = Parts(entries, limit, most)
    found = list(parts)
    assert len(found) <= most
    assert all(len(part) <= limit for part in found)
    read: dict[str, bytes] = {}
    for part in found:
        with zipfile.ZipFile(io.BytesIO(part)) as archive:
            read |= {name: archive.read(name) for name in archive.namelist()}
    assert len(read) + parts.left == len(entries)
    assert read.items() <= dict(entries).items()
