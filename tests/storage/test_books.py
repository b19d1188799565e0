"""Who used what is written down as jobs end, and quotas hold by it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from storage.decisions.choices import Limits, ServerChoices
from storage.privacy.forgetting import forget
from storage.queue import books, queries
from storage.queue.books import NOWHERE, Used
from storage.queue.client import Jobs
from storage.queue.jobs import NewJob, Rendered, Speed
from storage.queue.limits import (
    Allowance,
    Asked,
    BlockedError,
    Budget,
    Excess,
    HostLimits,
    LimitReachedError,
    Usage,
    allow,
    decide,
)
from storage.quotas import (
    KINDS,
    QuotaError,
    QuotaKind,
    find_begin,
    find_end,
    format_quotas,
    parse_quotas,
)
from storage.settings import Settings
from tests.storage.conftest import new_job

SERVER, ROLE, OTHER = 21, 5, 6
JOBS_A_DAY, MINUTES_A_WEEK = QuotaKind("jobs", "day"), QuotaKind("minutes", "week")
FAST_A_DAY, PICTURES_A_MONTH = QuotaKind("fast", "day"), QuotaKind("pictures", "month")
QUOTAS = st.dictionaries(st.sampled_from(KINDS), st.integers(1, 10**6))


@pytest.fixture
async def jobs(settings: Settings) -> AsyncIterator[Jobs]:
    jobs = await Jobs.open(settings)
    yield jobs
    await jobs.close()


@given(QUOTAS)
def test_quotas_are_read_as_they_are_written(quotas: dict[QuotaKind, int]) -> None:
    assert parse_quotas(format_quotas(quotas)) == quotas


def test_quotas_are_read_as_people_write_them() -> None:
    assert parse_quotas(" 1 Job per day,60 fast minutes/week , 5 pictures a month") == {
        JOBS_A_DAY: 1,
        QuotaKind("fast", "week"): 60,
        PICTURES_A_MONTH: 5,
    }
    for wrong in ("50", "50 jobs", "0 jobs/day", "jobs/day", "5 cats/day", "5 jobs/year"):
        with pytest.raises(QuotaError, match=wrong):
            parse_quotas(f"1 job/day, {wrong}")


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.sampled_from(["day", "week", "month"]))
def test_a_period_ends_where_the_next_begins(today: date, period: str) -> None:
    kind = QuotaKind.read(f"jobs/{period}")
    begin, end = find_begin(kind.period, today), find_end(kind.period, today)
    assert begin <= today < end.date()
    assert find_begin(kind.period, end.date()) == end.date()
    assert find_begin(kind.period, end.date() - timedelta(days=1)) == begin


@given(QUOTAS, QUOTAS)
def test_of_several_roles_the_most_that_any_allows_counts(
    one: dict[QuotaKind, int], two: dict[QuotaKind, int]
) -> None:
    limits = {ROLE: Limits(quotas=format_quotas(one)), OTHER: Limits(quotas=format_quotas(two))}
    server = ServerChoices(quotas="3 jobs/day", limits=limits)
    both = parse_quotas(server.limits_for((ROLE, OTHER)).quotas)
    assert both == {kind: max(one[kind], two[kind]) for kind in one.keys() & two.keys()}
    assert server.limits_for(()).quotas == "3 jobs/day"


def test_the_hosts_budgets_are_looked_at_first() -> None:
    host = HostLimits(10, quotas={JOBS_A_DAY: 5})
    allowance = allow(host, ServerChoices(quotas="5 jobs/day, 9 fast minutes/day"), (), SERVER)
    first, _, fast = sorted(allowance.budgets, key=lambda it: (not it.host, it.kind.unit == "fast"))
    spent = dict.fromkeys(allowance.budgets, 9.5)
    excess = decide(allowance, Usage(spent=spent), Asked(1, 1, 4, hurried=True))
    assert excess == Excess("quota", 5, 10, 1, first)
    only = {fast: 9.5}
    assert decide(allowance, Usage(spent=only), Asked(1, 1, 4)) is None
    hurried = decide(allowance, Usage(spent=only), Asked(1, 1, 4, hurried=True))
    assert hurried == Excess("fast", 9, 10, 1, fast)
    assert allow(host, ServerChoices(quotas="5 jobs/day")).budgets == (first,)


def job(person: int = 1, server: int | None = SERVER, speed: Speed = "fast") -> NewJob:
    return replace(new_job(person=person), server_id=server, picture_count=4, speed=speed)


def make(connection: Connection, job_id: str, seconds: float) -> None:
    run = queries.begin_run(connection, job_id, "w", 3)
    assert run
    assert queries.finish_run(connection, run, Rendered(pictures=[]), seconds)


async def test_what_ends_is_written_down_by_person_server_day_and_lane(jobs: Jobs) -> None:
    made, relaxed = job(), job(speed="relax")
    tried, gone, ours = job(), job(), job()
    elsewhere, other = job(server=None), job(person=2)
    for one in (made, relaxed, tried, gone, ours, elsewhere, other):
        await jobs.accept(one)
    write = jobs.records.write
    for one, seconds in ((made, 60.0), (relaxed, 30.0), (elsewhere, 6.0), (other, 600.0)):
        await write(make, one.id, seconds)
    run = await write(queries.begin_run, tried.id, "w", 3)
    assert run
    await write(queries.fail_run, run, "out_of_memory", 12.0)
    await jobs.cancel(gone.id)
    run = await write(queries.begin_run, ours.id, "w", 3)
    assert run
    await write(queries.fail_run, run, "internal")
    used = await jobs.records.read(books.list_used, SERVER, 7)
    assert used == [Used(2, 1, 4, 600.0), Used(1, 2, 8, 102.0)]
    kinds = [JOBS_A_DAY, MINUTES_A_WEEK, FAST_A_DAY, PICTURES_A_MONTH]
    here = await jobs.records.read(books.read_used, 1, SERVER, kinds)
    assert list(here.values()) == pytest.approx([2, 1.7, 1.2, 8])
    everywhere = await jobs.records.read(books.read_used, 1, None, kinds)
    assert list(everywhere.values()) == pytest.approx([3, 1.8, 1.3, 12])
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    with mock.patch.object(books, "_today", return_value=tomorrow):
        later = await jobs.records.read(books.read_used, 1, SERVER, [JOBS_A_DAY])
    assert later == {JOBS_A_DAY: 0}


async def refused(jobs: Jobs, allowance: Allowance, *asked: NewJob) -> Excess | None:
    try:
        await jobs.accept_many(asked, allowance)
    except LimitReachedError as error:
        return error.excess
    return None


async def test_quotas_hold_with_what_is_unfinished_and_can_be_raised_and_begun_anew(
    jobs: Jobs,
) -> None:
    budget = Budget(JOBS_A_DAY, 2)
    allowance = Allowance(unfinished=9, server_id=SERVER, budgets=(budget,))
    first, second = job(), job()
    assert await refused(jobs, allowance, first, second) is None
    assert await refused(jobs, allowance, job()) == Excess("quota", 2, 2, 1, budget)
    await jobs.records.write(make, first.id, 5.0)
    assert await refused(jobs, allowance, job())
    write = jobs.records.write
    await write(books.grant, 1, SERVER, {JOBS_A_DAY: 1})
    assert await refused(jobs, allowance, job()) is None
    assert await refused(jobs, allowance, job())
    # What has ended no longer counts, nor does what was given; the rest is still unfinished.
    await write(books.reset, 1, SERVER, KINDS)
    assert await refused(jobs, allowance, job()) == Excess("quota", 2, 2, 1, budget)
    await jobs.cancel(second.id)
    assert await refused(jobs, allowance, job()) is None


async def test_pictures_and_gpu_time_are_limited_and_relaxed_jobs_need_no_fast_time(
    jobs: Jobs,
) -> None:
    pictures = Allowance(unfinished=9, server_id=SERVER, budgets=(Budget(PICTURES_A_MONTH, 7),))
    assert await refused(jobs, pictures, job(), job())
    done = job()
    assert await refused(jobs, pictures, done) is None
    await jobs.records.write(make, done.id, 90.0)
    fast = Budget(FAST_A_DAY, 1)
    hurried = Allowance(unfinished=9, server_id=SERVER, budgets=(fast,))
    assert await refused(jobs, hurried, job()) == Excess("fast", 1, 2, 1, fast)
    # Half a minute is left of two, and a job like the last one takes one and a half.
    left = replace(hurried, budgets=(replace(fast, amount=2),))
    assert await refused(jobs, left, job()) == Excess("fast", 2, 2, 1, replace(fast, amount=2), 2)
    enough = replace(hurried, budgets=(replace(fast, amount=3),))
    both = await refused(jobs, enough, job(), job())
    assert both
    assert both.needs == 3
    first = job()
    assert await refused(jobs, enough, first) is None
    # What waits is counted as what it is expected to take.
    assert await refused(jobs, enough, job())
    await jobs.cancel(first.id)
    assert await refused(jobs, hurried, job(speed="relax")) is None
    minutes = replace(hurried, budgets=(Budget(MINUTES_A_WEEK, 1),))
    excess = await refused(jobs, minutes, job(speed="relax"))
    assert excess
    assert excess.kind == "quota"


async def test_questions_use_up_no_jobs(jobs: Jobs) -> None:
    budget = Budget(JOBS_A_DAY, 1)
    allowance = Allowance(unfinished=9, daily=1, server_id=SERVER, budgets=(budget,))
    question, drawing = (replace(job(), title=title) for title in ("shorten", "imagine"))
    question = replace(question, picture_count=0, question="d" * 64)
    assert await refused(jobs, allowance, question) is None
    await jobs.records.write(make, question.id, 1.0)
    waiting = replace(question, id=job().id)
    assert await refused(jobs, allowance, waiting) is None
    assert await refused(jobs, allowance, drawing) is None
    assert await refused(jobs, allowance, job()) == Excess("daily", 1, 1, 1)
    assert await refused(jobs, replace(allowance, daily=0), job()) == Excess(
        "quota", 1, 1, 1, budget
    )
    # Nor are they refused where nothing more may be drawn.
    assert await refused(jobs, allowance, replace(question, id=job().id)) is None
    full = replace(allowance, unfinished=3)
    assert await refused(jobs, full, replace(question, id=job().id)) == Excess(
        "unfinished", 3, 3, 1
    )
    await jobs.records.write(make, drawing.id, 1.0)
    (used,) = await jobs.records.read(books.list_used, SERVER, 7)
    assert (used.jobs, used.pictures) == (1, 4)


async def test_who_is_blocked_asks_for_nothing_until_it_is_over(jobs: Jobs) -> None:
    soon = datetime.now(UTC) + timedelta(days=2)
    write, allowance = jobs.records.write, Allowance(unfinished=9, server_id=SERVER)
    await write(books.block, 1, SERVER, soon)
    with pytest.raises(BlockedError) as error:
        await jobs.accept(job(), allowance)
    assert (error.value.host, error.value.until) == (False, soon)
    await jobs.accept(job(server=None))
    await jobs.accept(job(person=2), allowance)
    await write(books.block, 1, NOWHERE, None)
    with pytest.raises(BlockedError) as error:
        await jobs.require_room(1, Asked(1, 1, 1), allowance)
    assert (error.value.host, error.value.until) == (True, None)
    await write(books.unblock, 1, NOWHERE)
    await write(books.block, 1, SERVER, datetime.now(UTC) - timedelta(seconds=1))
    await jobs.accept(job(), allowance)


async def test_to_be_forgotten_is_no_way_around_quotas_and_blocks(
    jobs: Jobs, settings: Settings
) -> None:
    done, budget = job(), Budget(JOBS_A_DAY, 2)
    allowance = Allowance(unfinished=9, server_id=SERVER, budgets=(budget,))
    write = jobs.records.write
    for _ in range(2):
        assert await refused(jobs, allowance, done) is None
        await write(make, done.id, 5.0)
        await jobs.delivered(done.id, None)
        await forget(jobs, 1, settings.database)
        done = job()
    assert await refused(jobs, allowance, done) == Excess("quota", 2, 2, 1, budget)
    (used,) = await jobs.records.read(books.list_used, SERVER, 7)
    assert used.person_id < 0
    await write(books.reset, 1, SERVER, KINDS)
    assert await refused(jobs, allowance, done) is None
    await write(books.block, 1, SERVER, None)
    await forget(jobs, 1, settings.database)
    with pytest.raises(BlockedError):
        await jobs.accept(job(), allowance)
    # A newer decision is the one that holds, though the older is kept under another number.
    await write(books.block, 1, SERVER, datetime.now(UTC) - timedelta(seconds=1))
    await jobs.accept(job(), allowance)
    await write(books.block, 1, SERVER, None)
    await write(books.unblock, 1, SERVER)
    await jobs.accept(job(), allowance)
