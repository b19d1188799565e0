"""Turns in the database: what each event does to a flow, on both kinds, and what jobs cost."""

import importlib
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, text, update
from sqlalchemy.exc import OperationalError

from storage.database.connect import WRITING, open_engine
from storage.database.tables import JobRow, ShareRow
from storage.prepare import migrate, migration_config
from storage.queue import costs, fairness, queries, recovery, shares
from storage.queue.client import Jobs
from storage.queue.costs import UNKNOWN, Work
from storage.queue.engine import move_entry, open_client
from storage.queue.fairness import Clock, Flow, Rule
from storage.queue.jobs import NewJob, Rendered
from storage.queue.limits import Allowance
from storage.queue.queries import Run
from storage.settings import Settings
from tests.storage.conftest import new_job

WORK = Work("easel-1", "imagine", 4 * 512 * 512, 12)
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def jobs(settings: Settings) -> AsyncIterator[Jobs]:
    jobs = await Jobs.open(settings)
    yield jobs
    await jobs.close()


def list_priorities(connection: Connection) -> dict[str, int]:
    rows = connection.execute(select(JobRow.id, JobRow.priority))
    return {row.id: row.priority for row in rows}


def make(connection: Connection, job_id: str, seconds: float) -> None:
    """Begins and ends a job as a worker does."""
    run = queries.begin_run(connection, job_id, "hand", 3)
    assert run
    assert queries.finish_run(connection, run, Rendered(pictures=[]), seconds)


async def begin(jobs: Jobs, job: NewJob) -> Run:
    run = await jobs.records.write(queries.begin_run, job.id, "hand", 3)
    assert run
    return run


async def finish_of(jobs: Jobs, person: int = 1) -> float:
    found = await jobs.records.read(shares.read_finish, person, "fast")
    assert found is not None
    return found


async def test_both_databases_give_the_turns_of_the_rule(jobs: Jobs) -> None:
    chance = random.Random(7)
    clock, flows, expected = Clock(), dict[tuple[int, str], float](), dict[str, int]()
    waiting: list[NewJob] = []
    for step in range(30):
        person, share = chance.randrange(4), 1 + chance.randrange(4) // 3
        title, speed = chance.choice(
            [("imagine", "fast"), ("imagine", "relax"), ("upscale:1", "fast")]
        )
        job = new_job(person=person, title=title, speed=speed)
        lane = fairness.lane_of(title, speed)
        flow = Flow(lane, share, flows.get((person, lane)))
        turn = fairness.take_turn(Rule(), clock, flow, UNKNOWN)
        flows[person, lane] = turn.finish
        expected[job.id] = turn.priority
        await jobs.accept(job, Allowance(unfinished=99, share=share))
        waiting.append(job)
        if step % 3 == 2:
            first = min(waiting, key=lambda one: expected[one.id])
            waiting.remove(first)
            await begin(jobs, first)
            clock = fairness.begin_job(clock, expected[first.id], clock.at + 1)
    assert await jobs.records.read(list_priorities) == expected
    entered = await jobs._engine._client.list_workflows_async(load_input=False)
    assert {flow.workflow_id: flow.priority for flow in entered} == expected


@pytest.mark.postgres
def test_what_is_read_of_a_flow_stays_until_it_is_kept(postgres_settings: Settings) -> None:
    engine = open_engine(postgres_settings.database)
    with engine.begin() as connection:
        shares.keep_finish(connection, 1, "fast", 5.0)
    move = update(ShareRow).values(finish=ShareRow.finish + 1)
    with engine.begin() as accepting, engine.connect() as ending:
        assert shares.read_finish(accepting, 1, "fast") == 5.0
        ending.execute(text("SET lock_timeout = '50ms'"))
        # Whoever ends a job meanwhile waits, or what was accepted would undo it.
        with pytest.raises(OperationalError, match="lock timeout"):
            ending.execute(move)
    engine.dispose()


async def test_a_flow_is_moved_by_what_its_jobs_took(jobs: Jobs) -> None:
    job = new_job()
    await jobs.accept(job)
    assert await finish_of(jobs) == UNKNOWN
    await jobs.records.write(make, job.id, 42.5)
    assert await finish_of(jobs) == pytest.approx(42.5)


@pytest.mark.parametrize("end", ["cancel", "withdraw", "fail", "lost", "worn out"])
async def test_nobody_is_charged_for_what_waited_or_failed_by_our_fault(
    jobs: Jobs, end: str
) -> None:
    kept, job = new_job(), new_job()
    await jobs.accept_many([kept, job])
    assert await finish_of(jobs) == 2 * UNKNOWN
    if end == "cancel":
        assert await jobs.cancel(job.id)
        assert not await jobs.cancel(job.id)
    elif end == "withdraw":
        await jobs.withdraw([job.id])
    elif end == "fail":
        run = await begin(jobs, job)
        assert await jobs.records.write(queries.fail_run, run, "internal")
        assert not await jobs.records.write(queries.fail_run, run, "internal")
    elif end == "lost":
        (standing,) = (await jobs.records.read(queries.read_standings, [job.id])).values()
        assert await jobs.records.write(recovery.give_up, standing, "worker_lost")
    else:
        await begin(jobs, job)
        assert await jobs.records.write(queries.fail_exhausted, job.id, 1, "worker_lost")
    assert await finish_of(jobs) == pytest.approx(UNKNOWN)


def backdate(connection: Connection, job_id: str, seconds: float) -> None:
    """Has a job run for so long already."""
    began = datetime.now(UTC) - timedelta(seconds=seconds)
    connection.execute(update(JobRow).where(JobRow.id == job_id).values(started_at=began))


async def test_what_ran_is_charged_though_it_was_cancelled(jobs: Jobs) -> None:
    first, second, other = new_job(), new_job(), new_job(person=2)
    await jobs.accept(first)
    await begin(jobs, first)
    await jobs.records.write(backdate, first.id, 95.0)
    assert await jobs.cancel(first.id)
    assert not await jobs.cancel(first.id)
    assert await finish_of(jobs) == pytest.approx(95.0, abs=5)
    # Somebody else's turn comes before the next of who cancels again and again.
    await jobs.accept(new_job(person=3))
    await jobs.accept(second)
    assert (await jobs.accept(other)).position == 2
    # What it took to where it was cut short tells nothing about its like.
    work = Work.of(first.model, first.title, first.pixels, first.steps)
    assert await jobs.records.read(costs.read_cost, work) == UNKNOWN


async def test_what_waits_again_is_cancelled_for_free(jobs: Jobs) -> None:
    job = new_job()
    await jobs.accept(job)
    run = await begin(jobs, job)
    await jobs.records.write(backdate, job.id, 95.0)
    assert await jobs.records.write(queries.hand_back, run)
    assert await jobs.cancel(job.id)
    assert await finish_of(jobs) == pytest.approx(0.0)


async def test_a_drawing_that_failed_is_charged_for_what_it_took(jobs: Jobs) -> None:
    job = new_job()
    await jobs.accept(job)
    run = await begin(jobs, job)
    assert await jobs.records.write(queries.fail_run, run, "out_of_memory", 42.5)
    assert await finish_of(jobs) == pytest.approx(42.5)


async def test_what_had_to_be_made_again_is_charged_once(jobs: Jobs) -> None:
    job = new_job()
    await jobs.accept(job)
    run = await begin(jobs, job)
    assert await jobs.records.write(queries.hand_back, run)
    assert await finish_of(jobs) == UNKNOWN
    stale = await begin(jobs, job)
    await jobs.records.write(make, job.id, 5.0)
    nothing = Rendered(pictures=[])
    assert not await jobs.records.write(queries.finish_run, stale, nothing, 99.0)
    assert await finish_of(jobs) == pytest.approx(5.0)


async def test_priorities_begin_anew_when_nothing_is_unfinished(jobs: Jobs) -> None:
    for _ in range(3):
        job = new_job()
        await jobs.accept(job)
        await jobs.records.write(make, job.id, 10.0)
    clock = await jobs.records.read(shares.read_clock)
    assert (clock.reached, clock.base) == (20.0, 10.0)
    newcomer = new_job(person=2)
    await jobs.accept(newcomer)
    assert (await jobs.records.read(list_priorities))[newcomer.id] == 2


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 40), st.integers(0, 14)), st.floats(0.1, 600), max_size=6
    ),
    st.integers(0, 10**8),
    st.integers(0, 200),
)
def test_a_cost_is_that_of_the_nearest_in_proportion(
    means: dict[tuple[int, int], float], pixels: int, steps: int
) -> None:
    work = replace(WORK, pixels=pixels, steps=steps)
    cost = costs.expect(means, work)
    own = means.get((work.size, work.length))
    if not means:
        assert cost is None
        return
    assert cost is not None
    if own is not None:
        assert cost == pytest.approx(own)
    assert cost >= costs.LEAST
    twice = costs.expect(means, replace(work, pixels=2 * pixels or 1))
    assert own is not None or len(means) > 1 or (twice or 0.0) >= cost


async def test_what_jobs_take_is_learned_by_model_kind_size_and_steps(jobs: Jobs) -> None:
    for seconds in (8.0, 12.0, 13.0):
        await jobs.records.write(costs.learn_cost, WORK, seconds)
    assert await jobs.records.read(costs.read_cost, WORK) == pytest.approx(11.0)
    more = replace(WORK, steps=24)
    assert await jobs.records.read(costs.read_cost, more) == pytest.approx(22.0)
    await jobs.records.write(costs.learn_cost, more, 18.0)
    assert await jobs.records.read(costs.read_cost, more) == pytest.approx(18.0)
    for other in (replace(WORK, model="other"), replace(WORK, kind="vary")):
        assert await jobs.records.read(costs.read_cost, other) == UNKNOWN
    for _ in range(60):
        await jobs.records.write(costs.learn_cost, WORK, 30.0)
    assert await jobs.records.read(costs.read_cost, WORK) == pytest.approx(30.0, abs=1.5)
    known = replace(new_job(), model=WORK.model, pixels=WORK.pixels, steps=WORK.steps, person_id=9)
    await jobs.accept(known)
    assert await finish_of(jobs, 9) == pytest.approx(30.0, abs=1.5)


# Queues of before

WRITTEN = "%Y-%m-%d %H:%M:%S.%f"
"""How SQLite's driver writes a moment; PostgreSQL reads it as well."""

BAND = 256 * 2_796_000
convert = importlib.import_module("migrations.versions.0008_shares").convert
WAITING = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(0, 3), st.integers(0, 90)),
    unique_by=lambda job: job[3],
    max_size=15,
)


@given(WAITING)
@hypothesis_settings(max_examples=40)
def test_jobs_of_before_keep_their_order(found: list[tuple[int, int, int, int]]) -> None:
    jobs = sorted(
        (1 + band * BAND + round_ * 256, MOMENT + timedelta(minutes=age), f"job{age}", person)
        for band, round_, person, age in found
    )
    places, finishes, reached = convert(
        [(name, priority, moment, person) for priority, moment, name, person in jobs]
    )
    now = sorted(jobs, key=lambda job: (places[job[2]][0], job[1]))
    assert now == jobs
    clock = Clock(reached=reached)
    lanes: dict[fairness.Lane, int] = {"quick": 0, "fast": 1}
    for lane, band in lanes.items():
        ours = [name for priority, _, name, _ in jobs if (priority - 1) // BAND == band]
        newcomer = fairness.take_turn(Rule(), clock, Flow(lane), UNKNOWN).priority
        # Nobody who comes later overtakes the first in line.
        assert not ours or newcomer >= places[ours[0]][0]
    assert set(finishes) == {(person, _old_lane(priority)) for priority, _, _, person in jobs}
    for (person, lane), finish in finishes.items():
        mine = [
            name for priority, _, name, own in jobs if (own, _old_lane(priority)) == (person, lane)
        ]
        tag, charge = fairness.tag_of(Clock(), places[mine[-1]][0]), places[mine[-1]][2]
        # As if the last had been accepted now: tags of relaxed jobs are those at which they end.
        assert finish >= tag
        assert lane != "relax" or finish == tag
        assert lane != "fast" or finish == pytest.approx(tag + charge, abs=0.01)


def _old_lane(priority: int) -> str:
    return ("quick", "fast", "relax")[(priority - 1) // BAND]


def test_a_queue_of_0_1_0_goes_over_without_losing_a_place(settings: Settings) -> None:
    engine = open_engine(settings.database).execution_options(**WRITING)
    config = migration_config()
    config.attributes["connection"] = engine
    # As 0.1.0 left its tables.
    command.downgrade(config, "0003")
    insert = text(
        "INSERT INTO jobs (id, recipe, title, state, attempts, speed, round, priority, person_id,"
        " channel_id, application_id, upload_limit, created_at, delivered_at)"
        " VALUES (:id, '{}', 'imagine', :state, 0, 'fast', :round, :priority, :person, 1, 1, 1,"
        " :moment, :shown)"
    )
    # Two enlargements, two people in turns, and a relaxed job that came first.
    queue = [(0, 0, 2), (0, 0, 1), (1, 0, 1), (1, 0, 2), (1, 1, 1), (1, 2, 1), (2, 0, 3)]
    rows: list[dict[str, Any]] = [
        {
            "id": uuid4().hex,
            "state": "running" if place == 0 else "queued",
            "round": round_,
            "priority": 1 + band * BAND + 256 * round_ + place,
            "person": person,
            "moment": f"{MOMENT - timedelta(minutes=place if band == 2 else -place):{WRITTEN}}",
            "shown": None,
        }
        for place, (band, round_, person) in enumerate(queue)
    ]
    done = rows[0] | {"id": uuid4().hex, "state": "done", "shown": f"{MOMENT:{WRITTEN}}"}
    client = open_client(settings.database)
    with engine.begin() as connection:
        connection.execute(insert, [*rows, done])
        for row in rows:
            client.enqueue_in_transaction(
                connection,
                {
                    "workflow_name": "generate",
                    "queue_name": "gpu",
                    "workflow_id": row["id"],
                    "priority": row["priority"],
                },
                row["id"],
            )
    migrate(settings)
    with engine.begin() as connection:
        waiting = queries.list_undelivered(connection)
        places = {
            standing.id: queries.read_place(connection, replace(standing, state="queued"))[0]
            for standing in waiting
        }
    assert sorted(waiting, key=lambda job: (job.priority, job.created_at)) == sorted(
        waiting, key=lambda job: [row["id"] for row in rows].index(job.id)
    )
    assert places[rows[1]["id"]] == 1
    entered = {flow.workflow_id: flow.priority for flow in client.list_workflows(load_input=False)}
    assert entered == {job.id: job.priority for job in waiting}
    with engine.begin() as connection:
        clock = shares.read_clock(connection)
        (owed,) = {shares.read_finish(connection, 1, "fast")}
    # What one has waiting counts: a newcomer goes before the second job of who has three.
    newcomer = fairness.take_turn(Rule(), clock, Flow("fast"), UNKNOWN)
    own = fairness.take_turn(Rule(), clock, Flow("fast", finish=owed), UNKNOWN)
    order = [job.priority for job in sorted(waiting, key=lambda job: job.priority)]
    assert order[3] <= newcomer.priority < order[4]
    assert order[5] < own.priority
    client.destroy()
    engine.dispose()


async def test_a_job_that_goes_behind_does_so_in_the_job_engine_too(
    jobs: Jobs, settings: Settings
) -> None:
    first, second = new_job(person=1), new_job(person=2)
    for job in (first, second):
        await jobs.accept(job, Allowance(unfinished=1))
    run = await begin(jobs, first)

    def go_behind(connection: Connection) -> None:
        priority = queries.hand_back_tripped(connection, run, 0)
        assert priority
        move_entry(connection, first.id, priority)

    await jobs.records.write(go_behind)
    client = open_client(settings.database)
    entries = {it.workflow_id: it.priority for it in client.list_workflows()}
    client.destroy()
    standings = await jobs.records.read(queries.read_standings, [first.id, second.id])
    assert entries == {id_: standing.priority for id_, standing in standings.items()}
    assert standings[first.id].priority > standings[second.id].priority
    assert standings[first.id].attempts == 0
