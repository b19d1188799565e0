"""The books: who used how much of the GPU, on which server, on which day and in which lane.

A job counts on the day on which it ends, in the transaction that ends it. Jobs and pictures count
once they are made, questions as neither; GPU time counts whatever came of it, unless the fault was
ours.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy import Connection, bindparam, case, delete, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from storage.database.pseudonyms import find_pseudonym, make_pseudonym
from storage.database.records import keep_row, upsert
from storage.database.tables import BlockRow, GrantRow, JobRow, UsageRow
from storage.queue.costs import GRID, count_drawings
from storage.queue.jobs import SHOWN
from storage.queue.queries import UNFINISHED
from storage.quotas import QuotaKind, Unit, find_begin

Key = TypeVar("Key")

NOWHERE: Final = 0
"""What stands for a server in direct messages, and for all of them where a host decides."""

HURRIED: Final = ("quick", "fast")
"""Lanes whose GPU minutes are fast ones."""

LONGEST: Final = timedelta(days=31)
"""How long the longest quota counts."""


# At every request, and so built once.
BLOCKS: Final = select(BlockRow.person_id, BlockRow.server_id, BlockRow.until).where(
    # Numbers of people who were forgotten are below 0, and few of these are blocked.
    or_(BlockRow.person_id == bindparam("person"), BlockRow.person_id < 0),
    BlockRow.server_id.in_(bindparam("places", expanding=True)),
    or_(BlockRow.until.is_(None), BlockRow.until > bindparam("now")),
)
"""Blocks that may be somebody's, by what :func:`name_places` says."""


# As `count_drawings` counts; older jobs do not say how many pictures they make.
_DRAWINGS: Final = case(
    (JobRow.picture_count > GRID, (JobRow.picture_count + GRID - 1) // GRID), else_=1
)
_ASKED: Final = select(func.coalesce(func.sum(_DRAWINGS), 0)).where(
    JobRow.person_id == bindparam("person"),
    JobRow.created_at >= bindparam("since"),
    # Questions make no pictures, and so do not count as any.
    JobRow.question.is_(None),
    JobRow.lane != SHOWN,
)
_ASKED_HERE: Final = _ASKED.where(JobRow.server_id == bindparam("server"))


@dataclass(frozen=True, slots=True)
class Used:
    """What a person used.

    Attributes:
        person_id: Who.
        jobs: Jobs that were made.
        pictures: Their pictures.
        seconds: GPU seconds, of other jobs too.
    """

    person_id: int
    jobs: int
    pictures: int
    seconds: float


@dataclass(frozen=True, slots=True)
class DayUsed:
    """What was used on a day, in UTC; otherwise as :class:`Used`."""

    day: date
    jobs: int
    pictures: int
    seconds: float


def read_used(
    connection: Connection, person_id: int, server_id: int | None, kinds: Collection[QuotaKind]
) -> dict[QuotaKind, float]:
    """What a person has used of some quotas, with what their unfinished jobs will take.

    Args:
        connection: In a transaction.
        person_id: Who.
        server_id: Where; None for everywhere.
        kinds: What the quotas count.
    """
    if not kinds:
        return {}
    found = read_booked(connection, person_id, server_id, kinds)
    rows = connection.execute(
        select(JobRow.lane, JobRow.picture_count, JobRow.cost).where(
            JobRow.person_id == person_id,
            UNFINISHED,
            *(() if server_id is None else (JobRow.server_id == server_id,)),
        )
    )
    for lane, pictures, seconds in rows:
        for kind in kinds:
            found[kind] += _count(
                kind.unit, lane, count_drawings(pictures, lane), pictures, seconds
            )
    grants = _read_grants(connection, person_id, NOWHERE if server_id is None else server_id)
    return {kind: found[kind] - grants.get(kind, 0.0) for kind in kinds}


def read_booked(
    connection: Connection, person_id: int, server_id: int | None, kinds: Collection[QuotaKind]
) -> dict[QuotaKind, float]:
    """What a person has used of some quotas, as :func:`read_used`, by what has ended alone."""
    today = _today()
    found: dict[QuotaKind, float] = dict.fromkeys(kinds, 0.0)
    rows = connection.execute(
        select(
            UsageRow.day, UsageRow.lane, UsageRow.jobs, UsageRow.pictures, UsageRow.gpu_ms
        ).where(
            UsageRow.person_id.in_(_list_ids(connection, person_id)),
            UsageRow.day >= today - LONGEST,
            *(() if server_id is None else (UsageRow.server_id == server_id,)),
        )
    )
    for day, lane, jobs, pictures, gpu_ms in rows:
        for kind in kinds:
            if day >= find_begin(kind.period, today):
                found[kind] += _count(kind.unit, lane, jobs, pictures, gpu_ms / 1000)
    return found


def count_asked(
    connection: Connection, person_id: int, since: datetime, server_id: int | None = None
) -> int:
    """As how many jobs counts what a person asked for since a moment, on a server or everywhere."""
    own = {"person": person_id, "since": since}
    if server_id is None:
        return int(connection.execute(_ASKED, own).scalar_one())
    return int(connection.execute(_ASKED_HERE, {**own, "server": server_id}).scalar_one())


def list_used(connection: Connection, server_id: int | None, days: int) -> list[Used]:
    """What people used in the last days, today among them; most GPU time first.

    Args:
        connection: In a transaction.
        server_id: On which server; None for everywhere.
        days: How many days.
    """
    rows = _sum_used(connection, UsageRow.person_id, server_id, days)
    return sorted((Used(*row) for row in rows), key=lambda used: (-used.seconds, used.person_id))


def list_days(connection: Connection, server_id: int | None, days: int) -> list[DayUsed]:
    """What was used on each of the last days, today among them, the latest first; none is left out.

    Args:
        connection: In a transaction.
        server_id: On which server; None for everywhere.
        days: How many days.
    """
    found = {row[0]: row for row in _sum_used(connection, UsageRow.day, server_id, days)}
    wanted = (_today() - timedelta(days=back) for back in range(days))
    return [DayUsed(*found.get(day, (day, 0, 0, 0.0))) for day in wanted]


def grant(
    connection: Connection, person_id: int, server_id: int, extra: Mapping[QuotaKind, int]
) -> None:
    """Gives a person more than their quotas, in the periods that are now.

    Args:
        connection: In a transaction that writes.
        person_id: Who.
        server_id: Where; :data:`NOWHERE` for a quota of the host.
        extra: How much, in what each quota counts.
    """
    for kind, amount in extra.items():
        row = _grant_row(person_id, server_id, kind, amount)
        upsert(connection, GrantRow, row, {"amount": GrantRow.amount + amount})


def reset(
    connection: Connection, person_id: int, server_id: int, kinds: Collection[QuotaKind]
) -> None:
    """Has a person's quotas begin anew, as if nothing had been used or given."""
    place, kept = None if server_id == NOWHERE else server_id, [str(kind) for kind in kinds]
    ids = _list_ids(connection, person_id)
    given = (GrantRow.person_id.in_(ids), GrantRow.server_id == server_id, GrantRow.kind.in_(kept))
    connection.execute(delete(GrantRow).where(*given))
    for kind, amount in read_booked(connection, person_id, place, kinds).items():
        # Another manager may do the same at this moment.
        upsert(
            connection, GrantRow, _grant_row(person_id, server_id, kind, amount), {"amount": amount}
        )


def block(connection: Connection, person_id: int, server_id: int, until: datetime | None) -> None:
    """Lets a person ask for nothing on a server, or anywhere (:data:`NOWHERE`); None for good."""
    # An older decision may stand under the number of before they were forgotten.
    unblock(connection, person_id, server_id)
    row = {"person_id": person_id, "server_id": server_id, "until": until}
    keep_row(connection, BlockRow, row)


def unblock(connection: Connection, person_id: int, server_id: int) -> None:
    """Lets a person ask again."""
    ids = _list_ids(connection, person_id)
    own = (BlockRow.person_id.in_(ids), BlockRow.server_id == server_id)
    connection.execute(delete(BlockRow).where(*own))


def keep_nameless(connection: Connection, person_id: int) -> None:
    """Has quotas and blocks outlive the forgetting of a person, under a number in place of an id.

    Args:
        connection: In a transaction that writes, which deletes what is under the id.
        person_id: Who is forgotten.
    """
    used: tuple[type[UsageRow | GrantRow | BlockRow], ...] = (UsageRow, GrantRow, BlockRow)
    for kind in used:
        table = kind.__table__
        own = select(table).where(table.c.person_id == person_id)
        if kind is UsageRow:
            own = own.where(table.c.day >= _today() - LONGEST)
        for row in connection.execute(own).mappings().all():
            number = make_pseudonym(connection, person_id)
            sums = ("jobs", "pictures", "gpu_ms", "amount")
            more = {name: table.c[name] + row[name] for name in sums if name in row}
            upsert(connection, kind, {**row, "person_id": number}, more or {"until": row["until"]})


def read_blocks(
    connection: Connection, person_id: int, server_id: int | None
) -> dict[int, datetime | None]:
    """Until when a person may ask for nothing, by whose decision: the host's and the server's."""
    rows = connection.execute(BLOCKS, name_places(person_id, server_id)).all()
    if any(row.person_id < 0 for row in rows):
        ids = _list_ids(connection, person_id)
        rows = [row for row in rows if row.person_id in ids]
    return {row.server_id: row.until for row in rows}


def _sum_used(
    connection: Connection, by: InstrumentedAttribute[Key], server_id: int | None, days: int
) -> Iterator[tuple[Key, int, int, float]]:
    """Jobs, pictures and GPU seconds of the last days, by a column."""
    summed = (UsageRow.jobs, UsageRow.pictures, UsageRow.gpu_ms)
    wanted = select(by, *(func.sum(one) for one in summed)).where(
        UsageRow.day > _today() - timedelta(days=days),
        *(() if server_id is None else (UsageRow.server_id == server_id,)),
    )
    for row in connection.execute(wanted.group_by(by)):
        # Sums of PostgreSQL are decimals.
        yield row[0], int(row[1]), int(row[2]), int(row[3]) / 1000


def name_places(person_id: int, server_id: int | None) -> dict[str, object]:
    """What :data:`BLOCKS` is asked with, for somebody on a server; None for direct messages."""
    places = [NOWHERE, server_id or NOWHERE]
    return {"person": person_id, "places": places, "now": datetime.now(UTC)}


def _read_grants(connection: Connection, person_id: int, server_id: int) -> dict[QuotaKind, float]:
    today = _today()
    rows = connection.execute(
        select(GrantRow.kind, GrantRow.begins, GrantRow.amount).where(
            GrantRow.person_id.in_(_list_ids(connection, person_id)),
            GrantRow.server_id == server_id,
        )
    )
    given: dict[QuotaKind, float] = defaultdict(float)
    for text, begins, amount in rows:
        kind = QuotaKind.read(text)
        if begins == find_begin(kind.period, today):
            given[kind] += amount
    return given


def _list_ids(connection: Connection, person_id: int) -> list[int]:
    """A person's id, and the number that stands for it where they were forgotten before."""
    number = find_pseudonym(connection, person_id)
    return [person_id] if number is None else [person_id, number]


def _grant_row(person_id: int, server_id: int, kind: QuotaKind, amount: float) -> dict[str, object]:
    return {
        "person_id": person_id,
        "server_id": server_id,
        "kind": str(kind),
        "begins": find_begin(kind.period, _today()),
        "amount": amount,
    }


def _count(unit: Unit, lane: str, jobs: int, pictures: int, seconds: float) -> float:
    match unit:
        case "jobs":
            return jobs
        case "pictures":
            return pictures
        case "minutes":
            return seconds / 60
        case "fast":
            return seconds / 60 if lane in HURRIED else 0.0


def _today() -> date:
    return datetime.now(UTC).date()
