"""Accepting jobs: limits decided, places given, rows and queue entries written, in one transaction.

What is read here is read under a lock that only acceptance takes, so that two requests of one
person cannot both take the last room. It reads unfinished jobs, of which there are few, and a
person's jobs of one day: never the whole table, which only grows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, exists, func, insert, select

from storage.database.pseudonyms import find_pseudonym
from storage.database.records import Lock, hold
from storage.database.tables import ImageRow, JobRow, SpentRow
from storage.queue import books, fairness, queries, shares
from storage.queue.bell import RING
from storage.queue.costs import Work, count_drawings, read_cost
from storage.queue.fairness import Clock, Flow, Rule
from storage.queue.jobs import DAY, SHOWN, NewJob, StoredImage
from storage.queue.limits import (
    Allowance,
    Asked,
    BlockedError,
    Budget,
    Excess,
    LimitReachedError,
    Usage,
    require,
)
from storage.queue.queries import Standing

# All at once, since each look is a way to PostgreSQL and back under the lock.
_LOOK: Final = select(
    exists().where(JobRow.id.in_(bindparam("jobs", expanding=True))).label("known"),
    books.BLOCKS.exists().label("blocked"),
    queries.COUNT_OWN.scalar_subquery().label("unfinished"),
    exists().where(queries.UNFINISHED).label("busy"),
    *shares.CLOCK,
).select_from(shares.WITH_CLOCK)

Enter = Callable[[Connection, str, int], None]
"""Gives a job of that id and priority its entry in the job engine, in the same transaction."""


def accept(
    connection: Connection,
    jobs: Sequence[NewJob],
    allowance: Allowance,
    rule: Rule,
    enter: Enter,
) -> list[Standing]:
    """Accepts all of some jobs of one person, or none.

    Args:
        connection: In a transaction that writes.
        jobs: The jobs.
        allowance: How much their owner may ask for.
        rule: What the host decided about the order.
        enter: Enters each in the queue.

    Returns:
        How each stands; those that were accepted before may wait no longer.

    Raises:
        BlockedError: The person may ask for nothing.
        LimitReachedError: Those that are new do not all fit.
    """
    if not jobs:
        return []
    # What is accepted rings once it is committed, and nothing else does.
    hold(connection, Lock.ACCEPTING, RING)
    # Limits are a person's: a batch of two people's jobs would have none to be held to.
    (person,), server_id = {job.person_id for job in jobs}, jobs[0].server_id
    ids, whose = [job.id for job in jobs], books.name_places(person, server_id)
    look = connection.execute(_LOOK, {"jobs": ids, **whose}).one()
    # A caller that lost the answer may ask again with the same ids.
    known = queries.read_standings(connection, ids) if look.known else {}
    new = [job for job in jobs if job.id not in known]
    if new:
        # A block may have come since the way in.
        if look.blocked:
            require_unblocked(connection, person, server_id)
        used = read_usage(connection, person, allowance, whole=False, unfinished=look.unfinished)
        works = [Work.of(job.model, job.title, job.pixels, job.steps) for job in new]
        # Each read once, since the jobs of a batch are mostly alike.
        means = {work: read_cost(connection, work) for work in set(works)}
        costs = [means[work] for work in works]
        require(allowance, used, _describe_asked(new, costs))
        clock = shares.build_clock(look[4:]) if look.busy else shares.restart_clock(connection)
        known |= _insert(
            connection, new, costs, clock, share=allowance.share, rule=rule, enter=enter
        )
    return [known[job.id] for job in jobs]


def keep_answered(connection: Connection, job: NewJob, answer: Mapping[str, Any]) -> None:
    """Keeps a question whose answer is known as a job that is done, and has yet to be shown."""
    row = _describe_done(job, "ask") | {"answer": dict(answer)}
    connection.execute(insert(JobRow).values(row))


def keep_shown(connection: Connection, job: NewJob, image: StoredImage, limit: int) -> None:
    """Keeps a job for a picture that another has made already, which is only to be shown alone.

    It counts as nothing, since the other was counted; but each is an upload.

    Args:
        connection: In a transaction that writes.
        job: The job; its recipe makes that picture.
        image: The picture.
        limit: How many of the person's may wait to be shown.

    Raises:
        BlockedError: The person may ask for nothing.
        LimitReachedError: So many wait already.
    """
    hold(connection, Lock.ACCEPTING)
    require_unblocked(connection, job.person_id, job.server_id)
    waiting = count_shown(connection, job.person_id)
    if waiting >= limit:
        raise LimitReachedError(Excess("unfinished", limit, waiting, 1))
    connection.execute(insert(JobRow).values(_describe_done(job, SHOWN)))
    alone = asdict(image) | {"job_id": job.id, "position": 0}
    connection.execute(insert(ImageRow).values(alone))


def count_shown(connection: Connection, person_id: int) -> int:
    """How many pictures of a person's that were made beside others wait to be shown alone."""
    # Of those that wait for anything an index holds a person's, which are few.
    mine = (JobRow.person_id == person_id, JobRow.state == "done", queries.UNDELIVERED)
    counted = select(func.count()).where(*mine, JobRow.lane == SHOWN)
    return connection.execute(counted).scalar_one()


def _describe_done(job: NewJob, lane: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    known = (job.message_id, job.family, job.model)
    standing = Standing(job.id, "done", None, 0, 1, now, *known)
    ended = {"started_at": now, "finished_at": now, "lane": lane}
    return _describe(job) | asdict(standing) | ended


def read_usage(
    connection: Connection,
    person_id: int,
    allowance: Allowance,
    *,
    whole: bool = True,
    unfinished: int | None = None,
) -> Usage:
    """How much of what they may ask for a person uses now.

    Args:
        connection: In a transaction.
        person_id: Whose it is.
        allowance: How much they may ask for.
        whole: Whether jobs of a day are counted that nothing limits.
        unfinished: How many jobs of theirs wait or run, where that is known.
    """
    since = datetime.now(UTC) - DAY
    here = [budget for budget in allowance.budgets if not budget.host]
    hosts = [budget for budget in allowance.budgets if budget.host]
    spent: dict[Budget, float] = {}
    for budgets, place in ((hosts, None), (here, allowance.server_id)):
        kinds = [budget.kind for budget in budgets]
        used = books.read_used(connection, person_id, place, kinds)
        spent |= {budget: used[budget.kind] for budget in budgets}
    # Whoever was forgotten meanwhile does not begin anew; where they asked is not known any more.
    daily, host = whole or allowance.daily > 0, whole or allowance.host_daily > 0
    gone = _count_spent(connection, person_id, since) if daily or host else 0

    def count(place: int | None) -> int:
        return gone + books.count_asked(connection, person_id, since, place)

    if unfinished is None:
        unfinished = queries.count_unfinished(connection, person_id)
    return Usage(
        unfinished=unfinished,
        today=count(allowance.server_id) if daily else 0,
        everywhere=count(None) if host else 0,
        spent=spent,
    )


def _count_spent(connection: Connection, person_id: int, since: datetime) -> int:
    """How many jobs a person had asked for when they were forgotten, if that was since a moment."""
    pseudonym = find_pseudonym(connection, person_id)
    if pseudonym is None:
        return 0
    own = select(SpentRow.jobs).where(SpentRow.pseudonym == pseudonym, SpentRow.at >= since)
    return connection.execute(own).scalar_one_or_none() or 0


def require_unblocked(connection: Connection, person_id: int, server_id: int | None) -> None:
    """Goes on if a person may ask for anything.

    Raises:
        BlockedError: The host or the server's managers blocked them.
    """
    blocks = books.read_blocks(connection, person_id, server_id)
    # The host's goes first.
    for place in sorted(blocks):
        raise BlockedError(blocks[place], host=place == books.NOWHERE)


def _describe_asked(jobs: Sequence[NewJob], costs: Sequence[float]) -> Asked:
    lanes = [fairness.lane_of(job.title, job.speed) for job in jobs]
    pictures = sum(job.picture_count for job in jobs)
    each = zip(jobs, lanes, strict=True)
    drawings = sum(count_drawings(job.picture_count, lane) for job, lane in each)
    hurried = [cost for cost, lane in zip(costs, lanes, strict=True) if lane in books.HURRIED]
    return Asked(len(jobs), drawings, pictures, bool(hurried), sum(costs), sum(hurried))


def _insert(
    connection: Connection,
    jobs: Sequence[NewJob],
    costs: Sequence[float],
    clock: Clock,
    *,
    share: float,
    rule: Rule,
    enter: Enter,
) -> dict[str, Standing]:
    lanes = [fairness.lane_of(job.title, job.speed) for job in jobs]
    person = jobs[0].person_id
    finishes = {lane: shares.read_finish(connection, person, lane) for lane in set(lanes)}
    rows, standings = [], {}
    for job, cost, lane in zip(jobs, costs, lanes, strict=True):
        turn = fairness.take_turn(rule, clock, Flow(lane, share, finishes[lane]), cost)
        finishes[lane] = turn.finish
        now = datetime.now(UTC)
        new = Standing(
            job.id,
            "queued",
            None,
            0,
            turn.priority,
            now,
            job.message_id,
            job.family,
            job.model,
            cost,
        )
        rows.append(_describe(job) | asdict(new) | {"lane": lane, "charge": turn.charge})
        standings[job.id] = new
    for lane, finish in finishes.items():
        # Each has moved, as each is of some job.
        if finish is not None:
            shares.keep_finish(connection, person, lane, finish)
    connection.execute(insert(JobRow), rows)
    for new in standings.values():
        enter(connection, new.id, new.priority)
    return standings


def _describe(job: NewJob) -> dict[str, Any]:
    values = {field.name: getattr(job, field.name) for field in fields(NewJob)}
    values["recipe"] = dict(job.recipe)
    values["origins"] = dict(job.origins) if job.origins else None
    return values
