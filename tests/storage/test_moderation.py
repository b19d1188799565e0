"""Cases: added to and never edited; strikes that expire; one appeal; what is held stays stored."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, select, update
from sqlalchemy.exc import DBAPIError

from storage.database.connect import WRITING, open_engine
from storage.database.tables import CaseRow, HeldRow, ImageRow, JobRow
from storage.decisions import cases
from storage.decisions.cases import CaseEvent, Strikes, What, count_strikes, is_open, may_appeal
from storage.files import Files
from storage.gallery import search
from storage.gallery.rights import Viewer, may_see
from storage.privacy.exporting import list_entries, read_kept
from storage.privacy.forgetting import forget
from storage.queue import books, moderation, queries
from storage.queue.client import Jobs
from storage.queue.jobs import Made, NewJob, Rendered
from storage.queue.moderation import DECISIONS, DecidedError, Decision
from storage.queue.verdicts import Verdict
from storage.settings import Settings
from storage.sweep import select_pictures
from tests.storage.conftest import new_job

PERSON, OTHER, MODERATOR, SERVER = 1151515151515151515, 1162626262626262626, 77, 21
EXPLICIT = Verdict("toy", (0.9,), 0.7)
STRIKES = Strikes(3, timedelta(days=90))
NOW = datetime(2026, 8, 1, tzinfo=UTC)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = open_engine(settings.database).execution_options(**WRITING)
    yield engine
    engine.dispose()


@pytest_asyncio.fixture
async def jobs(settings: Settings) -> AsyncIterator[Jobs]:
    jobs = await Jobs.open(settings)
    yield jobs
    await jobs.close()


async def accepted(jobs: Jobs, person: int = PERSON, **more: Any) -> NewJob:
    job = replace(new_job(person=person), server_id=SERVER, **more)
    await jobs.accept(job)
    return job


def finish(connection: Connection, job: NewJob, files: Files | None = None) -> str:
    """Makes a job's picture, which a classifier finds explicit; its hash."""
    run = queries.begin_run(connection, job.id, "w", 3)
    assert run
    sha256 = files.put(job.id.encode()) if files else (job.id * 2)[:64]
    made = Made(sha256=sha256, width=8, height=8, digest=job.id)
    rendered = Rendered(pictures=[made], verdict=EXPLICIT)
    assert queries.finish_run(connection, run, rendered, 1.0)
    return sha256


def decide(connection: Connection, job: NewJob, decision: Decision) -> moderation.Outcome:
    return moderation.decide(
        connection, job.id, decision, actor_id=MODERATOR, reason="so", strikes=STRIKES
    )


async def test_held_pictures_are_stored_and_found_by_nothing(
    settings: Settings, jobs: Jobs, engine: Engine
) -> None:
    files = Files.of(settings)
    job = await accepted(jobs)
    with engine.begin() as connection:
        sha256 = finish(connection, job, files)
        found = queries.read_job(connection, job.id)
        assert found
        assert (found.state, found.failure, found.images) == ("failed", "held", ())
        assert found.verdict == EXPLICIT
        assert queries.find_picture(connection, job.id) is None
        assert moderation.is_withheld(connection, sha256)
        assert moderation.list_withheld(connection) == {sha256}
        # Neither swept away nor handed out.
        assert select_pictures(connection, [sha256]) == {sha256}
        files_of = dict(list_entries(read_kept(connection, PERSON), files))
        assert not any(name.endswith(".png") for name in files_of)
        decide(connection, job, "release")
        found = queries.read_job(connection, job.id)
        assert found
        assert (found.state, found.failure, len(found.images)) == ("done", None, 1)
        assert not moderation.is_withheld(connection, sha256)


async def test_what_is_decided_is_delivered_once_more(jobs: Jobs, engine: Engine) -> None:
    job = await accepted(jobs)
    with engine.begin() as connection:
        finish(connection, job)
        assert queries.mark_delivered(connection, job.id, 5)
        assert queries.list_undelivered(connection) == []
        for decision, state in (("release", "done"), ("refuse", "failed")):
            decide(connection, job, decision)  # type: ignore[arg-type]
            (standing,) = queries.list_undelivered(connection)
            assert standing.state == state
            assert queries.mark_delivered(connection, job.id, 5)
            with pytest.raises(DecidedError):
                decide(connection, job, "release")
            assert moderation.report(connection, job.id, OTHER + len(state), "other", minors=False)


@pytest.mark.parametrize("decision", DECISIONS)
async def test_each_decision_does_what_it_says(
    jobs: Jobs, engine: Engine, decision: Decision
) -> None:
    job = await accepted(jobs)
    with engine.begin() as connection:
        finish(connection, job)
        before = datetime.now(UTC)
        outcome = decide(connection, job, decision)
        blocks = books.read_blocks(connection, PERSON, SERVER)
        lengths = {"day": timedelta(days=1), "week": timedelta(days=7), "ever": None}
        assert (decision in lengths) == bool(blocks) == outcome.blocked
        if blocks and (length := lengths[decision]):
            until = blocks[SERVER]
            assert until
            assert abs(until - before - length) < timedelta(minutes=1)
        record = cases.read_record(connection, PERSON, SERVER)
        assert count_strikes(record, datetime.now(UTC), STRIKES.life) == (decision == "warn")
        assert bool(queries.read_job(connection, job.id).images) == (decision == "release")  # type: ignore[union-attr]
        assert cases.list_open(connection, SERVER, 9) == []


async def test_the_gallery_knows_what_is_held(jobs: Jobs, engine: Engine) -> None:
    job = await accepted(jobs)
    with engine.begin() as connection:
        finish(connection, job)
        assert search.find_subjects(connection, [job.id]) == []
        outcomes = (("release", False), ("refuse", True), ("release", False))
        for reporter, (decision, held) in enumerate(outcomes):
            decide(connection, job, decision)  # type: ignore[arg-type]
            (found,) = search.find_subjects(connection, [job.id])
            assert found.subject.held == held
            assert may_see(found.subject, Viewer(PERSON)) != held
            assert moderation.report(connection, job.id, OTHER + reporter, "other", minors=False)


async def test_nobody_edits_a_case(jobs: Jobs, engine: Engine) -> None:
    job = await accepted(jobs)
    with engine.begin() as connection:
        finish(connection, job)
    for statement in (
        update(CaseRow).values(reason="another"),
        update(CaseRow).values(what="released"),
        delete(CaseRow),
    ):
        with pytest.raises(DBAPIError, match="only added to"), engine.begin() as connection:
            connection.execute(statement)
    with engine.connect() as connection:
        (event,) = cases.read_case(connection, job.id)
        assert event.what == "held"


async def test_a_ban_and_its_reasons_outlive_a_forgetting(
    settings: Settings, jobs: Jobs, engine: Engine
) -> None:
    job, theirs = await accepted(jobs), await accepted(jobs, person=OTHER)
    with engine.begin() as connection:
        for each in (job, theirs):
            finish(connection, each)
            queries.mark_delivered(connection, each.id, None)
        decide(connection, job, "warn")
        moderation.report(connection, theirs.id, PERSON, "other", minors=False)
        # What they are given of it says nothing of others.
        (told, *_) = read_kept(connection, PERSON).rows["cases"]
        assert told["person_id"] == PERSON
        assert "actor_id" not in told
    await forget(jobs, PERSON, settings.database)
    with engine.connect() as connection:
        kept = [str(row) for row in connection.execute(select(CaseRow.__table__))]
        assert not any(str(PERSON) in event for event in kept)
        assert len(kept) == 5
        assert connection.execute(select(HeldRow.job_id)).scalars().all() == [theirs.id]
        # Only the installation's key leads from the person to what is kept.
        record = cases.read_record(connection, PERSON, SERVER)
        assert count_strikes(record, datetime.now(UTC), STRIKES.life) == 1
        # Their own case is over with their pictures.
        assert cases.list_open(connection, None, 9, suspected=True) == [theirs.id]


async def test_suspected_minors_are_for_the_host_alone(jobs: Jobs, engine: Engine) -> None:
    job = await accepted(jobs, minors=True, adult=True)
    with engine.begin() as connection:
        finish(connection, job)
        assert cases.list_open(connection, SERVER, 9) == []
        assert moderation.read_next(connection, SERVER, STRIKES) is None
        assert cases.list_open(connection, None, 9, suspected=True) == [job.id]
        assert not moderation.appeal(connection, job.id, PERSON, "please")


async def test_adults_see_what_others_do_not(jobs: Jobs, engine: Engine) -> None:
    job, same = await accepted(jobs, adult=True), await accepted(jobs)
    with engine.begin() as connection:
        run = queries.begin_run(connection, job.id, "w", 3)
        assert run
        made = Made(sha256="5" * 64, width=8, height=8, digest="one")
        rendered = Rendered(pictures=[made], verdict=EXPLICIT)
        queries.finish_run(connection, run, rendered, 1.0)
        run = queries.begin_run(connection, same.id, "w", 3)
        assert run
        queries.finish_run(connection, run, rendered, 1.0)
        # The same bytes are shown by one and held for the other.
        states = connection.execute(select(JobRow.state).order_by(JobRow.created_at)).scalars()
        assert list(states) == ["done", "failed"]
        assert not moderation.is_withheld(connection, made.sha256)
        assert connection.execute(select(ImageRow.job_id)).scalars().all() == [job.id]


EVENTS = st.lists(
    st.builds(
        lambda job, what, hours: (job, what, NOW + timedelta(hours=hours)),
        st.sampled_from("abc"),
        st.sampled_from(get_args(What)),
        st.integers(0, 24 * 300),
    ),
    max_size=12,
)


def events_of(rows: list[tuple[str, str, datetime]]) -> list[CaseEvent]:
    return [
        CaseEvent(job_id=job, server_id=1, person_id=2, actor_id=3, at=at, what=what, reason="")
        for job, what, at in sorted(rows, key=lambda row: row[2])
    ]


@given(EVENTS, st.integers(1, 200), st.integers(0, 24 * 600))
def test_strikes_expire_and_releases_take_them_back(
    rows: list[tuple[str, str, datetime]], days: int, hours: int
) -> None:
    events, life, now = events_of(rows), timedelta(days=days), NOW + timedelta(hours=hours)
    wanted = set()
    for place, event in enumerate(events):
        later = [one for one in events[place + 1 :] if one.job_id == event.job_id]
        released = any(one.what == "released" for one in later)
        if event.what == "warned" and event.at <= now < event.at + life and not released:
            # A later warning in the same case takes its place.
            again = any(one.what == "warned" for one in later)
            wanted |= set() if again else {event.job_id}
    assert count_strikes(events, now, life) == len(wanted)
    # In the end none is left.
    assert count_strikes(events, NOW + timedelta(hours=24 * 300) + life, life) == 0


@given(EVENTS)
def test_one_appeal_and_only_of_what_is_withheld(rows: list[tuple[str, str, datetime]]) -> None:
    events = [event for event in events_of(rows) if event.job_id == "a"]
    what = [event.what for event in events]
    if may_appeal(events):
        assert "appealed" not in what
        assert "suspected" not in what
        assert {"held", "refused"} & {*what}
        (first, *_) = events
        appealed = [*events, replace(first, what="appealed")]
        assert is_open(appealed)
        assert not may_appeal(appealed)
    closing = [name for name in what if name in (*cases.OPENING, *cases.CLOSING)]
    assert is_open(events) == (bool(closing) and closing[-1] in cases.OPENING)
