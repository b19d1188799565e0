"""Jobs that nobody works on any more: found by comparing three accounts, and made again."""

from datetime import UTC, datetime
from typing import Final

import structlog
from sqlalchemy import Connection, Update, update

from storage import meters
from storage.database.records import Records
from storage.database.tables import JobRow
from storage.queue import shares
from storage.queue.attempt import ATTEMPTS
from storage.queue.engine import JobEngine
from storage.queue.jobs import WORKER_LOST
from storage.queue.queries import Standing

_log: Final = structlog.get_logger(__name__)


async def recover(records: Records, engine: JobEngine, dead_after: float) -> bool:
    """Lets jobs wait again that their worker lost, and sweeps away what delivered ones left.

    Args:
        records: Where jobs stand.
        engine: What has an entry for each.
        dead_after: Seconds without a sign of life after which a worker counts as dead.

    Returns:
        Whether any job was lost.
    """
    lost = await engine.find_lost(records, dead_after)
    meters.LOST_JOBS.add(len(lost))
    for job, active in lost:
        await _recover_one(records, engine, job, active=active)
    # Left by a bot that died between noting a delivery and deleting the entry.
    await engine.delete(await engine.find_leftovers(records))
    return bool(lost)


async def _recover_one(records: Records, engine: JobEngine, job: Standing, *, active: bool) -> None:
    # A worker fails such a job itself as it begins it; here nobody is left who would.
    if job.attempts >= ATTEMPTS:
        if await records.write(give_up, job, WORKER_LOST):
            await engine.cancel(job.id)
    # Our row first: whoever dies in between leaves a job that looks lost to the next look, too.
    elif await records.write(requeue, job):
        _log.warning("job lost its worker", job=job.id, attempts=job.attempts)
        await engine.enter_again(job.id, job.priority, active=active)


def requeue(connection: Connection, standing: Standing) -> bool:
    """Lets a job wait again whose run was lost; False if it changed since it was read."""
    waiting = _unchanged(standing).values(state="queued", worker=None)
    return connection.execute(waiting).rowcount == 1


def give_up(connection: Connection, standing: Standing, failure: str) -> bool:
    """Fails a job whose run was lost; False if it changed since it was read."""
    ended = {"state": "failed", "failure": failure, "finished_at": datetime.now(UTC)}
    return shares.end_unmade(connection, _unchanged(standing).values(ended))


def _unchanged(standing: Standing) -> Update:
    return update(JobRow).where(
        JobRow.id == standing.id,
        JobRow.state == standing.state,
        JobRow.attempts == standing.attempts,
    )
