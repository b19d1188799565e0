"""What is decided about pictures: held, released, refused, their owner warned or blocked.

Every decision is one transaction, with its row in the case. A job whose pictures change their mind
is delivered once more, into the message that it has.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, get_args

from sqlalchemy import Connection, delete, func, insert, select, update

from faults import UserError
from storage.database.tables import HeldRow, ImageRow, JobRow
from storage.decisions import cases
from storage.decisions.cases import CaseEvent, Strikes
from storage.gallery import index
from storage.queue import books, queries
from storage.queue.copies import withdraw_copies
from storage.queue.jobs import Job, StoredImage
from storage.queue.verdicts import REFUSED, SUSPECTED, WITHHELD

Decision = Literal["release", "refuse", "warn", "day", "week", "ever"]
"""What somebody decides: to show the pictures, or not to, and what becomes of their owner."""

DECISIONS: Final[tuple[Decision, ...]] = get_args(Decision)

BLOCKS: Final[dict[str, timedelta | None]] = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "ever": None,
}
"""For how long a decision blocks; None for good."""

STRUCK_OUT: Final = timedelta(days=7)
"""For how long somebody is blocked whose warnings are too many."""

AUTOMATIC: Final = "warnings in force"
"""Reason of that block."""


class DecidedError(UserError):
    """A case that somebody else has decided, or that cannot be."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a decision.

    Attributes:
        person_id: Whose pictures they are.
        warned: Whether they were warned.
        blocked: Whether they were blocked.
        until: Until when; None for good, or where they were not.
    """

    person_id: int
    warned: bool = False
    blocked: bool = False
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case as whoever decides it sees it.

    Attributes:
        job: The job.
        events: What happened, in order.
        pictures: Its pictures, the grid first, shown or held.
        strikes: Warnings of its owner that are in force.
        waiting: How many cases wait, this one among them.
    """

    job: Job
    events: tuple[CaseEvent, ...]
    pictures: tuple[StoredImage, ...]
    strikes: int
    waiting: int


MOST_LISTED: Final = 100
"""Cases that are counted as waiting at most."""


def decide(
    connection: Connection,
    job_id: str,
    decision: Decision,
    *,
    actor_id: int | None,
    reason: str = "",
    strikes: Strikes,
) -> Outcome:
    """Decides a case, once.

    Args:
        connection: In a transaction that writes.
        job_id: The case.
        decision: What is decided.
        actor_id: Who decides; None for whoever runs the bot.
        reason: Why.
        strikes: What warnings lead to.

    Raises:
        DecidedError: It is decided already, or its pictures are gone.
    """
    owner = select(JobRow.person_id, JobRow.server_id).where(JobRow.id == job_id)
    # Of two who decide at once, the second finds it decided.
    found = connection.execute(owner.with_for_update()).one_or_none()
    if found is None or not cases.is_open(cases.read_case(connection, job_id)):
        raise DecidedError
    person, server = found.person_id, found.server_id or books.NOWHERE
    if decision == "release":
        release(connection, job_id)
        cases.note_case(connection, job_id, "released", actor_id, reason)
        return Outcome(person)
    withhold(connection, job_id, REFUSED)
    cases.note_case(connection, job_id, "refused", actor_id, reason)
    if decision == "refuse":
        return Outcome(person)
    if decision in BLOCKS:
        return _block(
            connection, job_id, (person, server), BLOCKS[decision], actor_id=actor_id, reason=reason
        )
    cases.note_case(connection, job_id, "warned", actor_id, reason)
    record = cases.read_record(connection, person, server)
    if strikes.most and cases.count_strikes(record, _now(), strikes.life) >= strikes.most:
        return _block(
            connection, job_id, (person, server), STRUCK_OUT, actor_id=None, reason=AUTOMATIC
        )
    return Outcome(person, warned=True)


def release(connection: Connection, job_id: str) -> None:
    """Has the pictures of a job shown, which were withheld; nothing where they were not."""
    changed = _deliver_again(connection, job_id, "done", None, withheld=True)
    if changed:
        _move(connection, job_id, HeldRow, ImageRow)
        index.add(connection, job_id)


def withhold(connection: Connection, job_id: str, why: str) -> None:
    """Has the pictures of a job shown to nobody any more; what shows them is taken back.

    Args:
        connection: In a transaction that writes.
        job_id: The job; one that has pictures, shown or withheld.
        why: As ``verdicts.WITHHELD``.
    """
    _deliver_again(connection, job_id, "failed", why)
    _move(connection, job_id, ImageRow, HeldRow)
    withdraw_copies(connection, job_id)


def report(
    connection: Connection, job_id: str, actor_id: int, reason: str, *, minors: bool
) -> bool:
    """Takes a report of somebody's; False where they reported these pictures before.

    Args:
        connection: In a transaction that writes.
        job_id: Whose pictures.
        actor_id: Who reports them.
        reason: Why.
        minors: Whether they may show minors in a sexual way: then nobody sees them any more.
    """
    events = cases.read_case(connection, job_id)
    if any(event.what == "reported" and event.actor_id == actor_id for event in events):
        return False
    noted = cases.note_case(connection, job_id, "reported", actor_id, reason)
    if minors and noted:
        cases.note_case(connection, job_id, "suspected")
        withhold(connection, job_id, SUSPECTED)
    return noted


def appeal(connection: Connection, job_id: str, person_id: int, reason: str) -> bool:
    """Takes an appeal, one in each case; False where there is none to be taken."""
    owner = select(JobRow.id).where(JobRow.id == job_id, JobRow.person_id == person_id)
    known = connection.execute(owner.with_for_update()).first()
    if known is None or not cases.may_appeal(cases.read_case(connection, job_id)):
        return False
    return cases.note_case(connection, job_id, "appealed", person_id, reason)


def read_next(
    connection: Connection, server_id: int, strikes: Strikes, *, after: str = ""
) -> OpenCase | None:
    """A case that waits for a server's moderators; None where none does.

    Args:
        connection: In a transaction.
        server_id: Of which server.
        strikes: What warnings are worth.
        after: The case after which the next is wanted; the oldest, where it is the last.
    """
    waiting = cases.list_open(connection, server_id, MOST_LISTED)
    if not waiting:
        return None
    place = waiting.index(after) + 1 if after in waiting else 0
    job_id = waiting[place % len(waiting)]
    found = read_open(connection, job_id, strikes)
    return found and replace(found, waiting=len(waiting))


def read_open(connection: Connection, job_id: str, strikes: Strikes) -> OpenCase | None:
    """A case with its pictures; None where its job is no more."""
    job = queries.read_job(connection, job_id)
    if job is None:
        return None
    record = cases.read_record(connection, job.person_id, job.server_id or books.NOWHERE)
    return OpenCase(
        job,
        tuple(cases.read_case(connection, job_id)),
        job.images or tuple(list_held(connection, job_id)),
        cases.count_strikes(record, _now(), strikes.life),
        1,
    )


def list_held(connection: Connection, job_id: str) -> list[StoredImage]:
    """The pictures of a job that are withheld, the grid first."""
    wanted = select(HeldRow).where(HeldRow.job_id == job_id).order_by(HeldRow.position)
    return [
        StoredImage(**{name: value for name, value in row.items() if name != "job_id"})
        for row in connection.execute(wanted).mappings()
    ]


def is_withheld(connection: Connection, sha256: str) -> bool:
    """Whether a stored file is a picture that is shown to nobody, by no job at all."""
    held = select(HeldRow.job_id).where(HeldRow.sha256 == sha256).limit(1)
    if connection.execute(held).first() is None:
        return False
    shown = select(ImageRow.job_id).where(ImageRow.sha256 == sha256).limit(1)
    return connection.execute(shown).first() is None


def list_withheld(connection: Connection) -> set[str]:
    """All stored files that are pictures shown to nobody, by no job at all; there are few."""
    shown = select(ImageRow.job_id).where(ImageRow.sha256 == HeldRow.sha256).exists()
    return set(connection.execute(select(HeldRow.sha256).where(~shown)).scalars())


def _deliver_again(
    connection: Connection, job_id: str, state: str, why: str | None, *, withheld: bool = False
) -> bool:
    """Has a job's end shown once more, as another; whether there was one to change."""
    ended = update(JobRow).where(JobRow.id == job_id, JobRow.state.in_(("done", "failed")))
    if withheld:
        ended = ended.where(JobRow.failure.in_(WITHHELD))
    # Counted from now: an end that is a day old is given up.
    now: dict[str, object] = {"finished_at": _now(), "delivered_at": None}
    # Where it was shown in another message than its progress, that one is edited.
    now["message_id"] = func.coalesce(JobRow.delivered_message_id, JobRow.message_id)
    return connection.execute(ended.values(state=state, failure=why, **now)).rowcount == 1


def _move(
    connection: Connection,
    job_id: str,
    source: type[HeldRow | ImageRow],
    target: type[HeldRow | ImageRow],
) -> None:
    columns = ("job_id", "position", "kind", "sha256", "width", "height", "digest")
    known = [getattr(source, name) for name in columns]
    copied = select(*known).where(source.job_id == job_id)
    connection.execute(insert(target).from_select(columns, copied))
    connection.execute(delete(source).where(source.job_id == job_id))


def _block(
    connection: Connection,
    job_id: str,
    owner: tuple[int, int],
    length: timedelta | None,
    *,
    actor_id: int | None,
    reason: str,
) -> Outcome:
    """Blocks somebody, who is named with the server that this holds on."""
    person_id, server_id = owner
    until = None if length is None else _now() + length
    books.block(connection, person_id, server_id, until)
    cases.note_case(connection, job_id, "blocked", actor_id, reason)
    return Outcome(person_id, blocked=True, until=until)


def _now() -> datetime:
    return datetime.now(UTC)
