"""SQL about questions: answers that were given before, and what people add to what they asked."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from storage.database.tables import JobRow


def find_answer(connection: Connection, digest: str) -> dict[str, Any] | None:
    """What a question with this digest was last answered with; None if it never was."""
    same = (JobRow.question == digest, JobRow.state == "done", JobRow.answer.is_not(None))
    latest = select(JobRow.answer).where(*same).order_by(JobRow.created_at.desc()).limit(1)
    return connection.execute(latest).scalar_one_or_none()


def change_question(connection: Connection, job_id: str, data: Mapping[str, Any]) -> None:
    """Keeps what a person added to a question after it was asked."""
    asked = update(JobRow).where(JobRow.id == job_id, JobRow.question.is_not(None))
    connection.execute(asked.values(recipe=dict(data)))
