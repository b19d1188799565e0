"""SQL about the tokens of interactions, which are kept with jobs until they are dead."""

from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import Connection, select, update

from storage.database.tables import JobRow


def list_dead_tokens(connection: Connection, most: int) -> list[str]:
    """Jobs that still keep a token of an interaction that is over; the longest dead first."""
    dead = (JobRow.interaction_token.is_not(None), JobRow.token_expires_at <= datetime.now(UTC))
    wanted = select(JobRow.id).where(*dead).order_by(JobRow.token_expires_at)
    return list(connection.execute(wanted.limit(most)).scalars())


def blank_tokens(connection: Connection, job_ids: Collection[str]) -> None:
    """Forgets the tokens of some jobs: they take room, and nothing can be done with dead ones."""
    connection.execute(update(JobRow).where(JobRow.id.in_(job_ids)).values(interaction_token=None))
