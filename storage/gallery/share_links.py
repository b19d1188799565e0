"""SQL about links by which anybody sees one picture, until they are revoked or expire."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.sql.elements import ColumnElement

from storage.database.records import hold_job
from storage.database.tables import ShareLinkRow

LIVES: Final = (timedelta(days=1), timedelta(days=7), timedelta(days=30))
"""How long a link may be good."""

_BYTES: Final = 24
"""Random bytes that a link names: no link is found by trying."""


@dataclass(frozen=True, slots=True)
class ShareLink:
    """A link.

    Attributes:
        digest: By which its owner revokes it; who has only this cannot use the link.
        job_id: The picture's job.
        position: Its place in the job, from 0.
        person: Whose link it is.
        recipe: Whether it tells the recipe.
        expires_at: Until when it is good.
    """

    digest: str
    job_id: str
    position: int
    person: int
    recipe: bool
    expires_at: datetime


def share(
    connection: Connection,
    person_id: int,
    job_id: str,
    position: int,
    *,
    recipe: bool = True,
    life: timedelta = LIVES[0],
) -> str | None:
    """Makes a link; what it names, of which only a hash is kept, or None if there is no such job.

    Args:
        connection: In a transaction that writes.
        person_id: Whose link.
        job_id: The picture's job.
        position: Its place in the job, from 0.
        recipe: Whether it tells the recipe.
        life: How long it is good.
    """
    if not hold_job(connection, job_id):
        return None
    now = datetime.now(UTC)
    connection.execute(delete(ShareLinkRow).where(ShareLinkRow.expires_at <= now))
    name = secrets.token_urlsafe(_BYTES)
    connection.execute(
        insert(ShareLinkRow).values(
            digest=_hash(name),
            job_id=job_id,
            position=position,
            person_id=person_id,
            recipe=recipe,
            created_at=now,
            expires_at=now + life,
        )
    )
    return name


def find_link(connection: Connection, name: str) -> ShareLink | None:
    """The link of a name; None where it was revoked, has expired, or never was."""
    return next(iter(_read(connection, ShareLinkRow.digest == _hash(name))), None)


def list_links(connection: Connection, person_id: int, job_id: str) -> list[ShareLink]:
    """Somebody's links to pictures of a job that are good, the first to expire first."""
    return _read(
        connection, (ShareLinkRow.job_id == job_id) & (ShareLinkRow.person_id == person_id)
    )


def revoke(connection: Connection, person_id: int, digest: str) -> bool:
    """Ends somebody's link; False if there was none."""
    own = (ShareLinkRow.digest == digest, ShareLinkRow.person_id == person_id)
    return bool(connection.execute(delete(ShareLinkRow).where(*own)).rowcount)


def _read(connection: Connection, wanted: ColumnElement[bool]) -> list[ShareLink]:
    columns = (
        *(ShareLinkRow.digest, ShareLinkRow.job_id, ShareLinkRow.position),
        *(ShareLinkRow.person_id, ShareLinkRow.recipe, ShareLinkRow.expires_at),
    )
    good = select(*columns).where(wanted, ShareLinkRow.expires_at > datetime.now(UTC))
    rows = connection.execute(good.order_by(ShareLinkRow.expires_at))
    return [ShareLink(*row) for row in rows]


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
