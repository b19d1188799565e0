"""Forgetting somebody: their rows go, and rows that stay no longer name them.

Jobs go a few at a time, so that nobody waits for a long history; whoever dies in between leaves
less to forget to the next call. What is not in the database is written down there to go later:
files that nothing else names (:mod:`storage.sweep`), and messages.
"""

import asyncio
import re
import sqlite3
from collections.abc import Collection
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Text, case, cast, delete, func, make_url, select, true, update
from sqlalchemy.sql.elements import ColumnElement

from storage.database.full_text import OPTIMIZE
from storage.database.pseudonyms import make_pseudonym
from storage.database.records import insert_new, upsert
from storage.database.tables import (
    CopyRow,
    DiscardRow,
    HeldRow,
    ImageRow,
    JobRow,
    SpentRow,
    WithdrawalRow,
)
from storage.decisions import cases
from storage.privacy.rules import RULES, find_table, is_own
from storage.queue import books, queries
from storage.queue.client import Jobs
from storage.queue.costs import count_drawings
from storage.queue.jobs import DAY

_BATCH: Final = 200
"""Jobs that are deleted in one transaction."""

_HASH: Final = re.compile(r"[0-9a-f]{64}")


async def forget(jobs: Jobs, person_id: int, database: str) -> None:
    """Forgets a person: afterwards their id is in no table.

    Files of their pictures, and messages that show them, follow within a day.

    Args:
        jobs: The queue.
        person_id: Whom.
        database: As in ``Settings.database``.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The database does not answer; the rest is still there.
    """
    records = jobs.records
    # Their end may be on its way to Discord meanwhile, where a job that is gone ends it.
    while True:
        for job_id in await records.read(queries.list_unfinished_of, person_id):
            await jobs.cancel(job_id)
        while unshown := await records.write_apart(forget_jobs, person_id):
            await jobs.drop_entries([job_id for job_id, shown in unshown.items() if not shown])
        # Something new may have been asked for while the old was being deleted.
        if await records.write_apart(forget_rest, person_id):
            break
    if database.startswith("sqlite"):
        await records.write_apart(_empty_words)
        await asyncio.to_thread(_empty_log, Path(make_url(database).database or ""))


async def forget_some(jobs: Jobs, person_id: int, job_ids: Collection[str]) -> int:
    """Forgets some of a person's requests that have ended, as all are forgotten; how many.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The database does not answer; all are still there.
    """
    unshown = await jobs.records.write_apart(_forget_found, person_id, JobRow.id.in_(job_ids))
    await jobs.drop_entries([job_id for job_id, shown in unshown.items() if not shown])
    return len(unshown)


def forget_jobs(connection: Connection, person_id: int) -> dict[str, bool]:
    """Deletes some of a person's jobs that have ended; whether the end of each was shown."""
    return _forget_found(connection, person_id, true())


def _forget_found(
    connection: Connection, person_id: int, wanted: ColumnElement[bool]
) -> dict[str, bool]:
    own = (JobRow.person_id == person_id, ~queries.UNFINISHED, wanted)
    known = (JobRow.id, JobRow.delivered_at, JobRow.created_at, JobRow.picture_count, JobRow.lane)
    # In an order that an index of theirs has: others' rows need not be looked at.
    some = select(*known).where(*own).order_by(JobRow.created_at).limit(_BATCH)
    rows = connection.execute(some).all()
    found = {row.id: row.delivered_at is not None for row in rows}
    now = datetime.now(UTC)
    lately = [row for row in rows if row.created_at > now - DAY]
    spent = sum(count_drawings(row.picture_count, row.lane) for row in lately)
    _note_spent(connection, person_id, spent, now)
    _withdraw_messages(connection, found)
    erase_jobs(connection, found)
    return found


def forget_rest(connection: Connection, person_id: int) -> bool:
    """Deletes and empties everything else; False if there are jobs again."""
    books.keep_nameless(connection, person_id)
    cases.keep_nameless(connection, person_id)
    for name, rule in RULES.items():
        table = find_table(name)
        for column, before in rule.named.items():
            value = f"{before}{person_id}" if before else person_id
            empty = None if table.c[column].nullable else 0
            connection.execute(
                update(table).where(table.c[column] == value).values({column: empty})
            )
        if rule.owner and name != JobRow.__tablename__:
            connection.execute(delete(table).where(is_own(name, person_id)))
    left = select(func.count()).where(JobRow.person_id == person_id)
    return not connection.execute(left).scalar_one()


def erase_jobs(connection: Connection, job_ids: Collection[str]) -> None:
    """Deletes jobs that have ended, with all that belongs to them; their files go later.

    Args:
        connection: In a transaction that writes.
        job_ids: Which ones, some hundreds at most.
    """
    recipes = select(cast(JobRow.recipe, Text)).where(JobRow.id.in_(job_ids))
    hashes = set[str]()
    for table in (ImageRow, HeldRow):
        pictures = select(table.sha256).where(table.job_id.in_(job_ids))
        hashes.update(connection.execute(pictures).scalars())
    # Images that they started from, and masks, stand in their recipes alone.
    hashes.update(*map(find_hashes, connection.execute(recipes).scalars()))
    now = datetime.now(UTC)
    insert_new(connection, DiscardRow, [{"sha256": one, "at": now} for one in sorted(hashes)])
    connection.execute(delete(JobRow).where(JobRow.id.in_(job_ids)))


def find_hashes(text: str) -> list[str]:
    """All that looks like the hash of a stored file in a text."""
    return _HASH.findall(text)


def _empty_words(connection: Connection) -> None:
    """Takes words out of SQLite's index that stand there for rows which are gone."""
    connection.exec_driver_sql(OPTIMIZE)


def _empty_log(file: Path) -> None:
    """Takes what was overwritten out of the write-ahead log beside an SQLite file as well."""
    # Not where somebody reads just now: the log is written over sooner or later anyway.
    with suppress(sqlite3.Error), closing(sqlite3.connect(file, timeout=1)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _note_spent(connection: Connection, person_id: int, jobs: int, now: datetime) -> None:
    """Has a daily limit go on counting jobs that are deleted, without telling whose they were."""
    if jobs:
        row = {"pseudonym": make_pseudonym(connection, person_id), "jobs": jobs, "at": now}
        # What was over by now is not added to.
        before = case((SpentRow.at > now - DAY, SpentRow.jobs), else_=0)
        upsert(connection, SpentRow, row, {"jobs": before + jobs, "at": now})


def _withdraw_messages(connection: Connection, job_ids: Collection[str]) -> None:
    """Writes down which messages of some jobs are to be deleted."""
    wanted = select(JobRow.channel_id, JobRow.message_id, JobRow.delivered_message_id)
    rows = [
        {"message_id": message, "channel_id": channel}
        for channel, *messages in connection.execute(wanted.where(JobRow.id.in_(job_ids)))
        # As a rule it was delivered into the message that showed its progress.
        for message in dict.fromkeys(filter(None, messages))
    ]
    known = CopyRow.job_id.in_(job_ids), CopyRow.channel_id.is_not(None)
    copies = select(CopyRow.message_id, CopyRow.channel_id).where(*known)
    rows += map(dict, connection.execute(copies).mappings())
    insert_new(connection, WithdrawalRow, rows)
