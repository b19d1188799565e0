"""Cases: what was done about pictures, by whom and why; what is still to be decided; strikes.

A case has the id of the job whose pictures it is about. What happens in it is added as a row and
never changed; how it stands follows from its rows.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from sqlalchemy import Connection, Exists, exists, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from storage.database.pseudonyms import find_pseudonym, make_pseudonym
from storage.database.tables import CaseRow, JobRow

What = Literal[
    "held", "suspected", "reported", "appealed", "released", "refused", "warned", "blocked"
]
"""What happens in a case, in the words of verdicts where a classifier does it."""

OPENING: Final = ("held", "suspected", "reported", "appealed")
"""What has somebody look at a case."""

CLOSING: Final = ("released", "refused")
"""What decides it."""

LOOKED: Final = 1000
"""Events that are looked through for the latest of all servers."""

REASON_LIMIT: Final = 300
"""Characters of a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """One thing that happened in a case.

    Attributes:
        job_id: Whose pictures, and the case's name.
        server_id: Where they were asked for; 0 in direct messages.
        person_id: Who asked for them; below 0 for somebody who was forgotten.
        actor_id: Who did it; None for the bot and whoever runs it.
        at: When.
        what: What was done.
        reason: Why, in the words of whoever did it; may be empty.
    """

    job_id: str
    server_id: int
    person_id: int
    actor_id: int | None
    at: datetime
    what: str
    reason: str


COLUMNS: Final = [getattr(CaseRow, field.name) for field in fields(CaseEvent)]
"""The columns of an event."""


@dataclass(frozen=True, slots=True)
class Strikes:
    """What a host makes of warnings.

    Attributes:
        most: Warnings in force that block somebody; 0 for never.
        life: How long one is in force.
    """

    most: int = 3
    life: timedelta = timedelta(days=90)


def note_case(
    connection: Connection, job_id: str, what: str, actor_id: int | None = None, reason: str = ""
) -> bool:
    """Adds to a case; False where its job is no more.

    Args:
        connection: In a transaction that writes.
        job_id: The case.
        what: As ``What``.
        actor_id: Who does it.
        reason: Why.
    """
    owner = select(JobRow.server_id, JobRow.person_id).where(JobRow.id == job_id)
    found = connection.execute(owner).one_or_none()
    if found is None:
        return False
    event = CaseEvent(
        job_id=job_id,
        server_id=found.server_id or 0,
        person_id=found.person_id,
        actor_id=actor_id,
        at=datetime.now(UTC),
        what=what,
        reason=reason[:REASON_LIMIT],
    )
    connection.execute(insert(CaseRow).values(**asdict(event)))
    return True


def read_case(connection: Connection, job_id: str) -> list[CaseEvent]:
    """Everything that happened in a case, in order."""
    wanted = select(*COLUMNS).where(CaseRow.job_id == job_id).order_by(CaseRow.id)
    return [CaseEvent(**row) for row in connection.execute(wanted).mappings()]


def is_open(events: Iterable[CaseEvent]) -> bool:
    """Whether somebody has to decide a case, by its events in order."""
    told = [event.what for event in events if event.what in (*OPENING, *CLOSING)]
    return bool(told) and told[-1] in OPENING


def may_appeal(events: Iterable[CaseEvent]) -> bool:
    """Whether the pictures of a case are withheld, and nobody appealed yet: that is done once.

    Nobody but whoever runs the bot decides what may show minors, so there is no appeal.
    """
    told = {event.what for event in events}
    return not told & {"appealed", "suspected"} and bool(told & {"held", "refused"})


def list_open(
    connection: Connection, server_id: int | None, most: int, *, suspected: bool = False
) -> list[str]:
    """Cases that somebody has to decide, the oldest first.

    Args:
        connection: In a transaction.
        server_id: Of which server; 0 of direct messages, None of all.
        most: How many are listed.
        suspected: Whether those are listed that may show minors, which others do not look at.
    """
    later = aliased(CaseRow)
    decided = exists().where(later.job_id == CaseRow.job_id, later.id > CaseRow.id)
    wanted = (
        select(CaseRow.job_id)
        .where(
            CaseRow.what.in_(OPENING),
            ~decided.where(later.what.in_(CLOSING)),
            # Rows of who was forgotten stay; what they are about does not.
            exists().where(JobRow.id == CaseRow.job_id),
        )
        .group_by(CaseRow.job_id)
        .order_by(func.min(CaseRow.id))
        .limit(most)
    )
    if server_id is not None:
        wanted = wanted.where(CaseRow.server_id == server_id)
    if not suspected:
        wanted = wanted.where(~_is_suspected())
    return list(connection.execute(wanted).scalars())


def list_latest(
    connection: Connection, server_id: int | None, most: int, *, suspected: bool = False
) -> list[CaseEvent]:
    """What happened last in cases, the latest first.

    Args:
        connection: In a transaction.
        server_id: Of which server; None of all, as far as the latest ``LOOKED`` go.
        most: How many are listed.
        suspected: Whether cases are among them that may show minors.
    """
    wanted = select(*COLUMNS).order_by(CaseRow.id.desc()).limit(most)
    if server_id is None:
        latest = select(func.max(CaseRow.id)).scalar_subquery()
        wanted = wanted.where(CaseRow.id > latest - LOOKED)
    else:
        wanted = wanted.where(CaseRow.server_id == server_id)
    if not suspected:
        wanted = wanted.where(~_is_suspected())
    return [CaseEvent(**row) for row in connection.execute(wanted).mappings()]


def _is_suspected() -> Exists:
    """Whether what a case is about may show minors."""
    other = aliased(CaseRow)
    return exists().where(other.job_id == CaseRow.job_id, other.what == "suspected")


def read_record(connection: Connection, person_id: int, server_id: int) -> list[CaseEvent]:
    """What was decided about somebody's pictures on a server, in order, also before a forgetting.

    ``server_id`` is 0 for those of direct messages.
    """
    number = find_pseudonym(connection, person_id)
    ids = [person_id] if number is None else [person_id, number]
    own = (CaseRow.person_id.in_(ids), CaseRow.server_id == server_id)
    rows = connection.execute(select(*COLUMNS).where(*own).order_by(CaseRow.id))
    return [CaseEvent(**row) for row in rows.mappings()]


def count_strikes(events: Iterable[CaseEvent], now: datetime, life: timedelta) -> int:
    """How many warnings are in force.

    One counts from its case's decision on, as long as it lives; it falls away where the pictures
    are released later, and several in one case are one.

    Args:
        events: What was decided about a person, in order.
        now: When.
        life: How long a warning is in force.
    """
    warned: dict[str, datetime] = {}
    for event in events:
        if event.what == "warned":
            warned[event.job_id] = event.at
        elif event.what == "released":
            warned.pop(event.job_id, None)
    return sum(at <= now < at + life for at in warned.values())


def keep_nameless(connection: Connection, person_id: int) -> None:
    """Puts a number in place of somebody who is forgotten; only the installation's key leads to it.

    Args:
        connection: In a transaction that writes.
        person_id: Who is forgotten.
    """
    named = or_(CaseRow.person_id == person_id, CaseRow.actor_id == person_id)
    if connection.execute(select(CaseRow.id).where(named).limit(1)).first() is None:
        return
    number = make_pseudonym(connection, person_id)
    for column in (CaseRow.person_id, CaseRow.actor_id):
        own = update(CaseRow).where(column == person_id)
        connection.execute(own.values({column: number}))
