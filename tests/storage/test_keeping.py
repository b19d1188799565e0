import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from storage.database.connect import WRITING, open_engine
from storage.database.records import Records
from storage.decisions import choice_queries
from storage.decisions.choices import (
    MOST_PRESETS,
    Change,
    Owner,
    PersonChoices,
    ServerChoices,
    TooManyPresetsError,
    UnknownChoiceError,
)
from storage.queue import books, copies, queries
from storage.queue.client import Jobs
from storage.settings import Settings
from tests.storage.conftest import new_job

MIRA, OTTO, SERVER = 11, 12, 21
MINE, OURS = Owner("person", MIRA), Owner("server", SERVER)


def updated(choices: PersonChoices, fields: dict[str, object]) -> PersonChoices:
    return choices.model_copy(update=fields)


@pytest.fixture
async def jobs(settings: Settings) -> AsyncIterator[Jobs]:
    jobs = await Jobs.open(settings)
    yield jobs
    await jobs.close()


@pytest.fixture
def records(jobs: Jobs) -> Records:
    return jobs.records


async def test_what_a_person_decided_is_kept(records: Records) -> None:
    assert await records.read(choice_queries.read_person, MIRA) == PersonChoices()
    for fields in ({"remix": True, "suffix": "in ink"}, {"remix": False, "flags": "--ar 3:2"}):
        await records.write(choice_queries.change_person, MIRA, partial(updated, fields=fields))
    kept = PersonChoices(suffix="in ink", flags="--ar 3:2")
    assert await records.read(choice_queries.read_person, MIRA) == kept
    assert await records.read(choice_queries.read_person, OTTO) == PersonChoices()


async def test_what_a_server_decided_is_kept_with_who_did(records: Records) -> None:
    chosen = ServerChoices(channels=(5, 6), repeat=4)
    change = Change(OTTO, "repeat", "10", "4")
    for _ in range(2):  # the second time nothing changes, and nothing is noted
        await records.write(
            choice_queries.change_server, SERVER, lambda _: chosen, lambda *_: change
        )
    assert await records.read(choice_queries.read_server, SERVER) == chosen
    ((at, noted),) = await records.read(choice_queries.list_changes, SERVER, 5)
    assert noted == change
    assert datetime.now(UTC) - at < timedelta(minutes=1)
    assert await records.read(choice_queries.list_changes, SERVER + 1, 5) == []


async def test_what_could_not_be_read_again_is_not_stored(records: Records) -> None:
    chosen = partial(updated, fields={"suffix": "in ink"})
    await records.write(choice_queries.change_person, MIRA, chosen)
    forged = partial(updated, fields={"variability": "none"})
    with pytest.raises(UnknownChoiceError):
        await records.write(choice_queries.change_person, MIRA, forged)
    kept = await records.read(choice_queries.read_person, MIRA)
    assert kept == PersonChoices(suffix="in ink")


def test_what_cannot_be_read_counts_as_nothing() -> None:
    assert PersonChoices.read({"version": 7}) == PersonChoices()
    assert PersonChoices.read({"version": 1, "remix": True, "from_later": 1}).remix


async def test_presets_belong_to_their_owner(records: Records) -> None:
    await records.write(choice_queries.keep_presets, MINE, {"ink": "ink --ar 3:2"}, MIRA)
    await records.write(choice_queries.keep_presets, OURS, {"ink": "thick ink"}, MIRA)
    await records.write(choice_queries.keep_presets, OURS, {"ink": "thin ink", "oil": "oil"}, OTTO)
    assert await records.read(choice_queries.read_presets, MINE) == {"ink": "ink --ar 3:2"}
    assert await records.read(choice_queries.read_presets, OURS) == {
        "ink": "thin ink",
        "oil": "oil",
    }
    assert await records.write(choice_queries.drop_preset, OURS, "ink", MIRA)
    assert not await records.write(choice_queries.drop_preset, OURS, "ink", MIRA)
    assert await records.read(choice_queries.read_presets, OURS) == {"oil": "oil"}


async def test_changes_of_a_servers_presets_are_noted(records: Records) -> None:
    await records.write(choice_queries.keep_presets, OURS, {"ink": "thick ink"}, MIRA)
    await records.write(choice_queries.keep_presets, OURS, {"ink": "thin ink"}, OTTO)
    await records.write(choice_queries.drop_preset, OURS, "ink", MIRA)
    await records.write(choice_queries.keep_presets, MINE, {"ink": "my own"}, MIRA)
    assert [change for _, change in await records.read(choice_queries.list_changes, SERVER, 9)] == [
        Change(MIRA, "preset ink", "thin ink", None),
        Change(OTTO, "preset ink", "thick ink", "thin ink"),
        Change(MIRA, "preset ink", None, "thick ink"),
    ]


async def test_presets_are_not_without_number(records: Records) -> None:
    whole = {f"p{number:03}": "x" for number in range(MOST_PRESETS)}
    await records.write(choice_queries.keep_presets, MINE, whole, MIRA)
    with pytest.raises(TooManyPresetsError):
        await records.write(choice_queries.keep_presets, MINE, {"p001": "y", "more": "x"}, MIRA)
    assert await records.read(choice_queries.read_presets, MINE) == whole
    await records.write(choice_queries.keep_presets, MINE, {"p001": "y"}, MIRA)
    assert (await records.read(choice_queries.read_presets, MINE))["p001"] == "y"


async def test_a_draft_is_its_authors_and_counts_once(records: Records) -> None:
    draft = uuid.uuid4().hex
    await records.write(choice_queries.keep_draft, draft, MIRA, {"text": "a {red, blue} owl"})
    assert await records.write(choice_queries.take_draft, draft, OTTO) is None
    assert await records.write(choice_queries.take_draft, draft, MIRA) == {
        "text": "a {red, blue} owl"
    }
    assert await records.write(choice_queries.take_draft, draft, MIRA) is None


async def test_jobs_are_found_by_message_and_counted(jobs: Jobs) -> None:
    job = replace(new_job(person=MIRA), message_id=900, server_id=SERVER)
    await jobs.accept(job)
    read = jobs.records.read
    assert await read(queries.find_job_of_message, 900) == job.id
    assert await read(queries.find_job_of_message, 901) is None
    assert await read(queries.list_unfinished_of, MIRA) == [job.id]
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    assert await read(books.count_asked, MIRA, an_hour_ago) == 1
    assert await read(books.count_asked, OTTO, an_hour_ago) == 0
    assert await read(books.count_asked, MIRA, an_hour_ago, SERVER) == 1


async def test_a_second_mark_takes_the_first_away(jobs: Jobs) -> None:
    job = new_job(person=MIRA)
    await jobs.accept(job)
    assert await jobs.records.write(choice_queries.mark, OTTO, job.id, 0)
    assert await jobs.records.write(choice_queries.mark, OTTO, job.id, 1)
    assert not await jobs.records.write(choice_queries.mark, OTTO, job.id, 0)


async def test_a_mark_can_be_set_and_taken_away_whatever_it_was(jobs: Jobs) -> None:
    job = new_job(id=uuid.uuid4().hex, person_id=MIRA)
    await jobs.accept(job)

    async def mark(wanted: bool | None) -> bool | None:
        return await jobs.records.write(choice_queries.mark, MIRA, job.id, 0, wanted)

    wishes = [True, True, False, False, None, None]
    assert [await mark(wanted) for wanted in wishes] == [True, True, False, False, True, False]


async def test_favourites_can_be_shown_again_and_what_is_not_done_cannot(jobs: Jobs) -> None:
    own, theirs = (new_job(id=uuid.uuid4().hex, person_id=person) for person in (MIRA, OTTO))
    for job in (own, theirs):
        await jobs.accept(job)
    assert await jobs.records.read(choice_queries.list_pictures, MIRA, 9) == []
    await jobs.records.write(choice_queries.mark, MIRA, theirs.id, 0, True)
    (kept,) = await jobs.records.read(choice_queries.list_pictures, MIRA, 9)
    assert (kept.id, kept.recipe, kept.favourite) == (theirs.id, dict(theirs.recipe), True)
    assert await jobs.records.read(choice_queries.count_marks, theirs.id, 0) == 1
    assert await jobs.records.read(choice_queries.count_marks, theirs.id, 1) == 0
    assert await jobs.records.read(choice_queries.list_pictures, MIRA, 0) == []


async def test_a_copy_leads_to_the_job_as_its_own_message_does(jobs: Jobs) -> None:
    job = replace(new_job(id=uuid.uuid4().hex), message_id=77)
    await jobs.accept(job)
    assert await jobs.records.read(queries.find_job_of_message, 78) is None
    await jobs.records.write(copies.keep_copy, 78, job.id, 7)
    for message in (77, 78):
        assert await jobs.records.read(queries.find_job_of_message, message) == job.id


async def test_a_draft_can_be_looked_at_before_it_is_taken(records: Records) -> None:
    draft, body = uuid.uuid4().hex, {"text": "a cat"}
    await records.write(choice_queries.keep_draft, draft, MIRA, body)
    assert await records.read(choice_queries.read_draft, draft, OTTO) is None
    assert await records.read(choice_queries.read_draft, draft, MIRA) == body
    assert await records.write(choice_queries.take_draft, draft, MIRA) == body
    assert await records.read(choice_queries.read_draft, draft, MIRA) is None


async def test_of_changes_at_the_same_moment_none_is_lost(records: Records) -> None:
    """Whatever is read, changed and written: a person's choices, a server's, presets and marks."""
    names = [f"n{number}" for number in range(8)]

    def add(name: str, before: PersonChoices) -> PersonChoices:
        return before.model_copy(update={"options": {**before.options, name: "ink"}})

    def let(name: str, before: ServerChoices) -> ServerChoices:
        return before.model_copy(update={"families": (*before.families, name)})

    def note(*_: ServerChoices) -> Change:
        return Change(MIRA, "families", None, None)

    await asyncio.gather(
        *(records.write(choice_queries.change_person, MIRA, partial(add, n)) for n in names),
        *(
            records.write(choice_queries.change_server, SERVER, partial(let, n), note)
            for n in names
        ),
        *(records.write(choice_queries.keep_presets, OURS, {"x": n, n: n}, MIRA) for n in names),
    )
    assert set((await records.read(choice_queries.read_person, MIRA)).options) == set(names)
    assert set((await records.read(choice_queries.read_server, SERVER)).families) == set(names)
    assert set(await records.read(choice_queries.read_presets, OURS)) == {"x", *names}


async def test_of_marks_at_the_same_moment_each_counts(jobs: Jobs) -> None:
    job = new_job(person=MIRA)
    await jobs.accept(job)
    marks = [jobs.records.write(choice_queries.mark, MIRA, job.id, 0) for _ in range(9)]
    assert Counter(await asyncio.gather(*marks)) == {True: 5, False: 4}


async def test_those_who_read_do_not_wait_for_those_who_write(jobs: Jobs) -> None:
    """More wait to write than there are connections, and somebody else holds what they wait for."""
    engine = open_engine(jobs._settings.database).execution_options(**WRITING)
    with engine.begin() as connection:
        choice_queries.change_person(connection, MIRA, lambda it: it)
        writes = [
            asyncio.create_task(
                jobs.records.write(choice_queries.change_person, MIRA, lambda it: it)
            )
            for _ in range(30)
        ]
        await asyncio.sleep(0.1)
        async with asyncio.timeout(30):
            for _ in range(30):
                await jobs.records.read(choice_queries.read_person, MIRA)
        assert not any(write.done() for write in writes)
    await asyncio.gather(*writes)
    engine.dispose()


async def test_a_token_is_forgotten_when_it_is_dead(jobs: Jobs) -> None:
    now = datetime.now(UTC)
    dead, alive = (
        replace(new_job(person=MIRA), interaction_token="t", token_expires_at=now + age)
        for age in (-timedelta(seconds=1), timedelta(minutes=5))
    )
    await jobs.accept_many([dead, alive])
    await jobs.reap()
    told = [await jobs.get(job.id) for job in (dead, alive)]
    assert [job and job.interaction_token for job in told] == [None, "t"]
