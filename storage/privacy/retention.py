"""How long requests stay: as many days as the host says, or fewer where a server wants that."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine, delete, select

from storage.database.connect import READING
from storage.database.tables import (
    BlockRow,
    FavouriteRow,
    GrantRow,
    JobRow,
    ServerRow,
    SpentRow,
    UsageRow,
)
from storage.decisions.choices import ServerChoices
from storage.privacy.forgetting import erase_jobs
from storage.queue.books import LONGEST
from storage.queue.jobs import DAY

_BATCH: Final = 200
"""Jobs that are deleted in one transaction."""


@dataclass(frozen=True, slots=True)
class HostPolicy:
    """What whoever runs the bot says of what is kept.

    Attributes:
        keep_days: Days after which requests are deleted; 0 for never.
        url: Address of their privacy policy; empty for none.
    """

    keep_days: int = 0
    url: str = ""


def expire(database: Engine, keep_days: int) -> int:
    """Deletes requests that are older than they may be, pictures included.

    What somebody marked as a favourite stays, and so does what was not shown yet.

    Args:
        database: An engine whose transactions write.
        keep_days: How long the host keeps requests; 0 for ever.

    Returns:
        How many were deleted.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The database does not answer.
    """
    count, now = 0, datetime.now(UTC)
    with database.begin() as connection:
        drop_nameless(connection, now)
    with database.execution_options(**READING).connect() as connection:
        limits = list(_list_limits(connection, keep_days))
    for server_id, days in limits:
        before, after = now - timedelta(days=days), datetime.min.replace(tzinfo=UTC)
        # A transaction for each few: nobody waits for all of a long history.
        while True:
            with database.begin() as connection:
                old = list_old(connection, before, after, server_id)
                expired = old.keys() - select_marked(connection, old)
                erase_jobs(connection, expired)
            count += len(expired)
            if len(old) < _BATCH:
                break
            # What is marked stays, and is not looked at again.
            after = max(old.values())
    return count


def _list_limits(connection: Connection, keep_days: int) -> Iterator[tuple[int | None, int]]:
    """Servers that keep requests for less long than the host, with their days; None for all."""
    if keep_days:
        yield None, keep_days
    for server_id, settings in connection.execute(select(ServerRow.id, ServerRow.settings)):
        days = ServerChoices.read(settings).keep
        if days and not 0 < keep_days <= days:
            yield server_id, days


def drop_nameless(connection: Connection, now: datetime) -> None:
    """Deletes what is kept of forgotten people and holds nothing up any more."""
    used = delete(UsageRow).where(UsageRow.person_id < 0, UsageRow.day < now.date() - LONGEST)
    blocked = delete(BlockRow).where(BlockRow.person_id < 0, BlockRow.until <= now)
    given = delete(GrantRow).where(GrantRow.person_id < 0, GrantRow.begins < now.date() - LONGEST)
    for outlived in (used, blocked, given, delete(SpentRow).where(SpentRow.at <= now - DAY)):
        connection.execute(outlived)


def list_old(
    connection: Connection, before: datetime, after: datetime, server_id: int | None
) -> dict[str, datetime]:
    """Some requests that were shown, with when they were made, on one server or everywhere.

    Args:
        connection: In a transaction.
        before: They are older than this.
        after: They are newer than this; the oldest of them come first.
        server_id: Where; None for everywhere.
    """
    age = (JobRow.created_at < before, JobRow.created_at > after)
    wanted = select(JobRow.id, JobRow.created_at).where(*age, JobRow.delivered_at.is_not(None))
    if server_id is not None:
        wanted = wanted.where(JobRow.server_id == server_id)
    rows = connection.execute(wanted.order_by(JobRow.created_at).limit(_BATCH))
    return {row.id: row.created_at for row in rows}


def select_marked(connection: Connection, job_ids: Collection[str]) -> set[str]:
    """Those of some jobs of which somebody marked a picture as a favourite."""
    wanted = select(FavouriteRow.job_id).where(FavouriteRow.job_id.in_(job_ids))
    return set(connection.execute(wanted).scalars())
