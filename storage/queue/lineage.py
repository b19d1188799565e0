"""SQL about which pictures were made of which, as functions on an open transaction."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from storage.database.tables import JobRow
from storage.queue import queries
from storage.queue.jobs import Job


def list_children(connection: Connection, job_ids: Collection[str], most: int) -> list[Job]:
    """Finished drawings that were made of the pictures of some jobs, the newest of them, by age.

    Args:
        connection: In a transaction.
        job_ids: Whose pictures.
        most: How many are listed.
    """
    wanted = (
        select(JobRow.id)
        .where(JobRow.parent_id.in_(job_ids), JobRow.question.is_(None), JobRow.state == "done")
        .order_by(JobRow.created_at.desc(), JobRow.id)
        .limit(most)
    )
    return queries.read_jobs(connection, list(connection.execute(wanted).scalars())[::-1])
