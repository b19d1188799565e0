"""Messages that show a job's pictures once more, beside the one that they came in."""

from sqlalchemy import Connection, delete, select

from storage.database.records import hold_job, insert_new, keep_row
from storage.database.tables import CopyRow, WithdrawalRow


def keep_copy(connection: Connection, message_id: int, job_id: str, channel_id: int | None) -> bool:
    """Notes that a message shows a job's pictures once more, and in which channel.

    Returns:
        False where there is no such job any more: nothing would delete the message then.
    """
    if not hold_job(connection, job_id):
        return False
    # Of two that send one message, Discord gives the second the first's.
    row = {"message_id": message_id, "job_id": job_id, "channel_id": channel_id}
    keep_row(connection, CopyRow, row)
    return True


def withdraw_copies(connection: Connection, job_id: str) -> None:
    """Writes down that the copies of a job's pictures are to be deleted, where they are known."""
    known = (CopyRow.job_id == job_id, CopyRow.channel_id.is_not(None))
    rows = connection.execute(select(CopyRow.message_id, CopyRow.channel_id).where(*known))
    insert_new(connection, WithdrawalRow, [dict(row) for row in rows.mappings()])
    connection.execute(delete(CopyRow).where(CopyRow.job_id == job_id))
