"""Which job a worker takes next, as a function and in both databases."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from storage.queue import fairness, forecast, order, presence, queries, taking
from storage.queue.client import Jobs
from storage.queue.fairness import Clock, Flow, Rule
from storage.queue.jobs import Rendered
from storage.queue.order import Bound, ModelName, Served, Waiting
from storage.settings import Settings
from tests.storage.conftest import Bot, new_job

MODELS = [ModelName("sdxl", "one"), ModelName("sdxl", "two"), ModelName("flux", "klein")]
RED, GREEN, BLUE = MODELS
NOW = datetime(2026, 11, 28, tzinfo=UTC)
BOUND = Bound(jobs=4, seconds=100.0)

JOBS = st.lists(
    st.builds(
        Waiting,
        id=st.uuids().map(lambda found: found.hex),
        priority=st.integers(1, 30),
        created_at=st.integers(0, 99).map(lambda age: NOW + timedelta(seconds=age)),
        model=st.sampled_from(MODELS),
        lane=st.sampled_from(["quick", "fast", "relax", "ask"]),
        cost=st.floats(0.1, 60),
    ),
    max_size=25,
    unique_by=lambda job: job.id,
)


class Line:
    """Jobs in memory, and one worker that holds the model that it used last."""

    def __init__(self, jobs: Collection[Waiting], bound: Bound = BOUND) -> None:
        self.waiting = {job.id: job for job in jobs}
        self.holds: ModelName | None = None
        self.bound, self.loads, self.reached = bound, 0, 0

    def serve(self) -> Waiting:
        holds = {self.holds} if self.holds else set()
        found = order.choose(self.waiting.values(), holds, self.bound)
        assert found
        self.loads += found.job.model != self.holds
        self.holds, self.reached = found.job.model, found.reaches
        for one in found.overtakes:
            counted = replace(
                one, overtaken=one.overtaken + 1, overtaken_for=one.overtaken_for + found.job.cost
            )
            asked = found.job.lane == "ask"
            self.waiting[one.id] = replace(one, gave_way=True) if asked else counted
        return self.waiting.pop(found.job.id)


@given(JOBS)
def test_every_job_is_served_and_none_overtaken_further_than_the_bound(jobs: list[Waiting]) -> None:
    line = Line(jobs)
    served = [line.serve() for _ in jobs]
    assert {job.id for job in served} == {job.id for job in jobs}
    for job in served:
        assert job.overtaken <= BOUND.jobs
        assert job.overtaken_for <= BOUND.seconds
    drawings = [job for job in served if job.lane != "ask"]
    for place, job in enumerate(drawings):
        past = [other for other in drawings[:place] if _key(other) > _key(job)]
        assert len(past) == job.overtaken
        assert job.lane == "relax" or all(other.lane != "relax" for other in past)


@given(JOBS)
def test_of_questions_one_overtakes_the_drawing_that_is_first(jobs: list[Waiting]) -> None:
    line, past = Line(jobs, Bound(jobs=0)), 0
    for _ in jobs:
        first = min(line.waiting.values(), key=_key)
        served = line.serve()
        if served.id == first.id:
            past = 0
        else:
            assert served.lane == "ask"
            past += 1
        assert past <= 1


@given(JOBS)
def test_without_overtaking_jobs_go_in_the_order_of_their_turns(jobs: list[Waiting]) -> None:
    drawings = [job for job in jobs if job.lane != "ask"]
    line = Line(drawings, Bound(jobs=0))
    assert [line.serve().id for _ in drawings] == [job.id for job in sorted(drawings, key=_key)]


def _key(job: Waiting) -> tuple[int, datetime, str]:
    return job.priority, job.created_at, job.id


def test_two_models_that_alternate_are_loaded_once_each() -> None:
    jobs = [Waiting(f"{k}", 10 * k, NOW, MODELS[k % 2], "fast", 10.0) for k in range(1, 11)]
    line = Line(jobs, Bound())
    for _ in jobs:
        line.serve()
    assert line.loads == 2
    each = Line(jobs, Bound(jobs=0))
    for _ in jobs:
        each.serve()
    assert each.loads == 10


@given(
    st.lists(
        st.tuples(st.sampled_from([1, 2, 3]), st.floats(1, 30), st.sampled_from(MODELS)),
        min_size=2,
        max_size=5,
    ),
    st.integers(0, 8),
)
@hypothesis_settings(max_examples=25)
def test_no_flow_is_behind_by_more_than_its_bound_and_relaxed_work_is_served(
    members: list[tuple[int, float, ModelName]], most: int
) -> None:
    bound, clock, now, rule = Bound(most, 60.0), Clock(), 0.0, Rule()
    flows = {
        Flow("fast", share + k / 1e6): (cost, model)
        for k, (share, cost, model) in enumerate(members)
    }
    relaxed = Flow("relax")
    finishes: dict[Flow, float] = {}
    owners: dict[str, Flow] = {}
    line = Line([], bound)

    def accept(flow: Flow, cost: float, model: ModelName) -> None:
        turn = fairness.take_turn(rule, clock, replace(flow, finish=finishes.get(flow)), cost)
        finishes[flow] = turn.finish
        name = f"{len(owners):06}"
        owners[name] = flow
        job = Waiting(name, turn.priority, NOW, model, flow.lane, cost)
        line.waiting[name] = job

    for flow, (cost, model) in flows.items():
        for _ in range(3):
            accept(flow, cost, model)
    accept(relaxed, 5.0, RED)
    served: dict[Flow, float] = defaultdict(float)
    for _ in range(120):
        job = line.serve()
        now += job.cost
        clock = fairness.begin_job(clock, line.reached, now)
        flow = owners[job.id]
        served[flow] += job.cost / flow.share
        if flow != relaxed:
            accept(flow, *flows[flow])
        for one, (first, _) in flows.items():
            for other, (second, _) in flows.items():
                # A job of each, as without models, and what may overtake of either.
                own = first / one.share + second / other.share
                past = bound.seconds / one.share + bound.seconds / other.share if most else 0.0
                assert abs(served[one] - served[other]) <= own + past + 1
    # Its turn comes at the end of what it moved its flow by, and everybody's overtaking.
    assert served[relaxed] or now < (40 + 60 + 30) * len(flows) * 3


@pytest.mark.parametrize(
    ("mine", "others", "served"),
    [
        (None, [], True),
        ({RED}, [], True),
        ({GREEN}, [], True),
        ({GREEN}, [{RED}], False),
        ({GREEN}, [None], True),
        ({GREEN, ModelName("sdxl", "three")}, [], False),
        ({BLUE}, [], False),
        (set(), [], False),
    ],
)
def test_a_worker_takes_jobs_of_its_models_and_of_the_only_one_of_a_family(
    mine: set[ModelName] | None, others: Sequence[set[ModelName] | None], served: bool
) -> None:
    def freeze(models: set[ModelName] | None) -> Served:
        return None if models is None else frozenset(models)

    assert order.serves(RED, freeze(mine), map(freeze, others)) is served
    assert order.serves(ModelName("", "old"), freeze(mine), map(freeze, others))


# In the database


def sign_on(connection: Connection, name: str, *models: ModelName) -> None:
    values = {"session": name, "host": "here", "pid": 0, "device": "cpu", "model": "for people"}
    serves = presence.write_served(frozenset(models) if models else None)
    presence.sign_on(connection, name, {**values, "serves": serves})


async def ask(jobs: Jobs, model: ModelName, title: str = "imagine", person: int = 1) -> str:
    job = new_job(title=title, person=person)
    await jobs.accept(replace(job, family=model.family, model=model.name))
    return job.id


def take(connection: Connection, name: str, *holds: ModelName, patient: bool = False) -> str | None:
    return taking.take(connection, name, holds, BOUND, 30.0, patient=patient)


async def unserved(jobs: Jobs) -> Collection[ModelName]:
    waiting = await jobs.records.read(queries.list_undelivered)
    return (await jobs.records.read(forecast.read_forecast, 30.0, waiting)).unserved


async def test_a_worker_takes_what_it_serves_and_the_rest_waits(bot: Bot) -> None:
    jobs, write = bot.jobs, bot.jobs.records.write
    await write(sign_on, "first", RED)
    await write(sign_on, "second", GREEN)
    blue, green, red = [await ask(jobs, model) for model in (BLUE, GREEN, RED)]
    assert await unserved(jobs) == {BLUE}
    assert await write(take, "first") == red
    assert await write(take, "first") is None
    assert await write(take, "second") == green
    assert await write(take, "second") is None
    assert not await jobs.records.read(taking.is_taken, blue, "second")
    await write(sign_on, "third", BLUE)
    assert await unserved(jobs) == set()
    assert await write(take, "third") == blue


async def test_a_job_that_was_taken_is_nobody_elses(bot: Bot, settings: Settings) -> None:
    jobs, write = bot.jobs, bot.jobs.records.write
    for name in ("first", "second"):
        await write(sign_on, name)
    one, two = await ask(jobs, RED), await ask(jobs, RED)
    assert await write(take, "first") == one
    assert await jobs.records.read(taking.is_taken, one, "first")
    assert await write(take, "second") == two
    assert await write(take, "second") is None
    # Whoever took it and went away without a word gives it back once it counts as dead.
    await write(presence.sign_off, "first", "first")
    assert await write(take, "second") is None
    await jobs.reap()
    assert await write(take, "second") == one
    await jobs.cancel(one)
    assert not await jobs.records.read(taking.is_taken, one, "second")


async def test_a_model_that_is_loaded_lets_others_be_overtaken_within_the_bound(bot: Bot) -> None:
    jobs, write = bot.jobs, bot.jobs.records.write
    await write(sign_on, "worker", RED, GREEN)
    first = await ask(jobs, GREEN)
    reds = [await ask(jobs, RED) for _ in range(6)]
    taken = []
    for _ in range(7):
        found = await write(take, "worker", RED)
        assert found
        run = await write(queries.begin_run, found, "worker", 3)
        assert run
        await write(queries.finish_run, run, Rendered(pictures=[]), 10.0)
        taken.append(found)
    assert taken == [*reds[:4], first, *reds[4:]]


async def test_a_worker_leaves_what_it_would_have_to_load_to_others_for_a_moment(bot: Bot) -> None:
    jobs, write = bot.jobs, bot.jobs.records.write
    await write(sign_on, "first")
    job = await ask(jobs, RED)
    assert await write(take, "first", RED, patient=True) == job
    other = await ask(jobs, RED)
    await write(sign_on, "second")
    assert await write(take, "first", GREEN, patient=True) is None
    assert await write(take, "first", GREEN) == other


async def test_both_databases_take_jobs_in_the_order_of_the_function(bot: Bot) -> None:
    jobs, write = bot.jobs, bot.jobs.records.write
    await write(sign_on, "worker")
    for k in range(40):
        title = "describe" if k % 7 == 3 else "upscale:1" if k % 5 == 0 else "imagine"
        await ask(jobs, MODELS[k * k % 3], title, person=k % 4)
    line = Line(
        [
            job
            for kind in await jobs.records.read(taking.list_kinds)
            for job in await jobs.records.read(taking._list_first, kind)
        ]
    )
    held: list[ModelName] = []
    for _ in range(40):
        found = await write(take, "worker", *held)
        expected = line.serve()
        assert found == expected.id
        held = [expected.model]
        run = await write(queries.begin_run, found, "worker", 3)
        assert run
        await write(queries.finish_run, run, Rendered(pictures=[]), 10.0)
