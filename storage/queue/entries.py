"""SQL on the job engine's own rows, within our transactions: whose queue a job's entry is in.

Jobs are entered in one queue that nobody listens to. A worker that takes one moves its entry into a
queue of its own, from where the engine hands it to that worker and to no other.
"""

from collections.abc import Collection
from typing import Final

from sqlalchemy import (
    Connection,
    Select,
    TableClause,
    and_,
    case,
    column,
    delete,
    false,
    func,
    or_,
    select,
    table,
    update,
)

from storage.database.clock import read_now
from storage.database.tables import JobRow, WorkerRow
from storage.queue import presence, queries
from storage.queue.jobs import PROTOCOL
from storage.queue.queries import Standing

QUEUE: Final = "gpu"
WORKFLOW: Final = "generate"
"""The names that the engine keeps with what is ours; entries already made carry them."""

_OWN: Final = f"{QUEUE}@"
_ACTIVE: Final = ("ENQUEUED", "PENDING", "DELAYED")


def name_queue(worker: str) -> str:
    """The queue of a worker."""
    return _OWN + worker


def is_stray(queue: str, workers: Collection[str]) -> bool:
    """Whether a queue is that of a worker which is none of these."""
    return queue.startswith(_OWN) and queue.removeprefix(_OWN) not in workers


def assign(connection: Connection, job_id: str, worker: str) -> bool:
    """Moves the entry of a job that waits for anybody to a worker; False if none does."""
    entry = _entries(connection)
    waits = (entry.c.workflow_uuid == job_id, entry.c.status == "ENQUEUED")
    moved = update(entry).where(*waits, entry.c.queue_name == QUEUE)
    # It may be of an earlier protocol, whose jobs are understood.
    ours = {"queue_name": name_queue(worker), "application_version": str(PROTOCOL)}
    return connection.execute(moved.values(ours)).rowcount == 1


def list_held(connection: Connection, worker: str) -> list[str]:
    """The jobs whose entry a worker has, begun or not."""
    entry = _entries(connection)
    begun = and_(entry.c.status == "PENDING", entry.c.executor_id == worker)
    taken = and_(entry.c.status == "ENQUEUED", entry.c.queue_name == name_queue(worker))
    held = _select_ours(entry).where(or_(begun, taken))
    return list(connection.execute(held).scalars())


def delete_queue(connection: Connection, worker: str) -> None:
    """Deletes a worker's queue, which nothing is in any more."""
    queues = table("queues", column("name"), schema=_find_schema(connection))
    connection.execute(delete(queues).where(queues.c.name == name_queue(worker)))


def list_lost(connection: Connection, dead_after: float) -> list[tuple[Standing, bool]]:
    """The unfinished jobs that nobody will make: their entry ended, is gone, or a dead worker's.

    Args:
        connection: In a transaction.
        dead_after: Seconds without a sign of life after which a worker counts as dead.

    Returns:
        For each how it stands, and whether it has an entry that is active.
    """
    entry = _entries(connection)
    active = func.coalesce(entry.c.status.in_(_ACTIVE), false())
    holder = case(
        (entry.c.status == "PENDING", entry.c.executor_id),
        (entry.c.queue_name.startswith(_OWN), func.substr(entry.c.queue_name, len(_OWN) + 1)),
    )
    # In one statement, so that jobs, entries and workers are of one moment.
    lives = presence.lives(read_now(connection), dead_after)
    living = select(WorkerRow.executor_id).where(WorkerRow.executor_id == holder, lives).exists()
    lost = (
        select(*queries.STANDING, active)
        .outerjoin(entry, entry.c.workflow_uuid == JobRow.id)
        .where(queries.UNFINISHED, or_(~active, holder.is_not(None) & ~living))
    )
    return [(Standing(*row[:-1]), bool(row[-1])) for row in connection.execute(lost)]


def list_leftovers(connection: Connection) -> list[str]:
    """The entries of jobs that were delivered or withdrawn."""
    entry = _entries(connection)
    needed = (
        select(JobRow.id).where(JobRow.id == entry.c.workflow_uuid, queries.UNDELIVERED).exists()
    )
    return list(connection.execute(_select_ours(entry).where(~needed)).scalars())


def _entries(connection: Connection) -> TableClause:
    names = (
        *("workflow_uuid", "name", "status", "queue_name", "executor_id", "application_version"),
    )
    return table("workflow_status", *map(column, names), schema=_find_schema(connection))


def _find_schema(connection: Connection) -> str | None:
    return "dbos" if connection.dialect.name == "postgresql" else None


def _select_ours(entry: TableClause) -> Select[str]:
    return select(entry.c.workflow_uuid).where(entry.c.name == WORKFLOW)
