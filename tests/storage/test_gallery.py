"""The gallery on both databases: what is put in, what is found, and what goes again."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection, insert, update

from storage.database.tables import FavouriteRow, GalleryRow, ImageRow, JobRow
from storage.decisions import choice_queries
from storage.gallery import index, search, share_links
from storage.gallery.rights import Sight, Viewer, may_see
from storage.gallery.search import Wanted
from storage.gallery.terms import Search, mark_flags, mark_model
from storage.privacy.forgetting import erase_jobs, forget, forget_some
from storage.queue import copies, queries
from storage.queue.client import Jobs
from storage.queue.jobs import Made, Rendered
from storage.settings import Settings
from tests.storage.conftest import new_job

ME, OTHER = 1151515151515151515, 1162626262626262626
HERE, SEEN, UNSEEN, DIRECT = 7, 8, 9, 10
NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest_asyncio.fixture
async def jobs(settings: Settings) -> AsyncIterator[Jobs]:
    jobs = await Jobs.open(settings)
    yield jobs
    await jobs.close()


def keep(connection: Connection, number: int, **more: Any) -> str:
    """A finished drawing in the tables of jobs and pictures alone, so many minutes old."""
    job_id = f"{number:032x}"
    recipe = {"prompt": more.pop("prompt", "a cat"), "parameters": more.pop("flags", "")}
    given: Mapping[str, Any] = {
        "id": job_id,
        "recipe": recipe,
        "title": "imagine",
        "state": "done",
        "speed": "fast",
        "priority": 1,
        "person_id": ME,
        "server_id": HERE,
        "channel_id": SEEN,
        "application_id": 1,
        "upload_limit": 1,
        "model": "easel-1",
        "created_at": NOW - timedelta(minutes=number),
        **more,
    }
    connection.execute(insert(JobRow).values(**given))
    image = {"job_id": job_id, "position": 0, "kind": "picture", "sha256": f"{number:064x}"}
    connection.execute(insert(ImageRow).values(**image, width=8, height=8, digest="d"))
    return job_id


async def put(jobs: Jobs, number: int, **more: Any) -> str:
    """The same in the gallery, too."""

    def both(connection: Connection) -> str:
        job_id = keep(connection, number, **more)
        index.add(connection, job_id)
        return job_id

    return await jobs.records.write(both)


async def find(
    jobs: Jobs, typed: str = "", *marks: list[str], most: int = 50, **wanted: Any
) -> list[int]:
    """The numbers of the drawings that are found."""
    asked = Wanted(search=Search.read(typed, marks), **wanted)
    found = await jobs.records.read(search.find, asked, most)
    return [int(one.job_id, 16) for one in found]


async def share(jobs: Jobs, job_id: str, life: timedelta = DAY) -> str:
    """What a link to a picture names."""
    name = await jobs.records.write(share_links.share, ME, job_id, 0, recipe=False, life=life)
    assert name
    return name


async def test_a_drawing_is_in_the_gallery_once_it_ends_and_a_question_never(jobs: Jobs) -> None:
    drawing = new_job(person=ME, prompt="a red apple")
    question = replace(new_job(person=ME, prompt="a red apple"), question="d")
    for job, count in ((drawing, 1), (question, 0)):
        await jobs.accept(job)
        run = await jobs.records.write(queries.begin_run, job.id, "w", 3)
        assert run
        made = [Made(sha256="0" * 64, width=8, height=8, digest="d")] * count
        await jobs.records.write(queries.finish_run, run, Rendered(pictures=made), 1.0)
    assert await find(jobs, "red apple", person=ME) == [int(drawing.id, 16)]


async def test_words_flags_model_person_place_and_days_find(jobs: Jobs) -> None:
    await put(jobs, 1, prompt="Ein Café am See", flags="--ar 3:2")
    await put(jobs, 2, prompt="a red apple", flags="--ar 1:1 --tile", person_id=OTHER)
    await put(jobs, 3, prompt="赤いりんごの絵", channel_id=UNSEEN, model="sdxl")
    await put(jobs, 4, prompt="an apple, red", person_id=OTHER, channel_id=UNSEEN)
    await put(jobs, 5, prompt="a cat", server_id=None, channel_id=DIRECT)
    assert await find(jobs) == [1, 2, 3, 4, 5]
    assert await find(jobs, "red apple") == [2, 4]
    assert await find(jobs, "APP") == [2, 4]
    assert await find(jobs, "café") == await find(jobs, "cafe s") == [1]
    assert await find(jobs, "りんご") == [3]
    assert await find(jobs, "ごんり") == []
    assert await find(jobs, "", [mark_flags("--ar 3:2")[-1]]) == [1]
    assert await find(jobs, "", [mark_flags("--ar")[0]]) == [1, 2]
    assert await find(jobs, "", [mark_model("sdxl")]) == [3]
    assert await find(jobs, person=ME) == [1, 3, 5]
    assert await find(jobs, "apple", person=ME) == []
    assert await find(jobs, server=HERE, channels=frozenset({SEEN})) == [1, 2]
    assert await find(jobs, "apple", server=HERE, channels=frozenset({SEEN})) == [2]
    assert await find(jobs, "apple", server=HERE) == await find(jobs, server=HERE) == []
    since, until = (index.write_id(NOW - timedelta(minutes=it)) for it in (3.5, 1.5))
    assert await find(jobs, since=since, before=until) == [2, 3]
    assert await find(jobs, "a", since=since, before=until) == [2]
    rows = [{"person_id": OTHER, "job_id": f"{it:032x}", "position": 0} for it in (1, 5)]
    await jobs.records.write(
        lambda it: it.execute(insert(FavouriteRow), [{**row, "created_at": NOW} for row in rows])
    )
    assert await find(jobs, favourites_of=OTHER) == [1, 5]
    assert await find(jobs, "cat", favourites_of=OTHER) == [5]
    found = await jobs.records.read(search.find_of_picture, f"{3:064x}")
    assert [one.subject.channel for one in found] == [UNSEEN]
    assert await jobs.records.read(search.list_models, ME) == ["easel-1", "sdxl"]


SEARCHES = (
    *("a", "red", "red apple", "apple red", "re", "r", "a red", "red a", "pear", "z", "plum pear"),
    *("red-hot", "hot-red", "red-h", "red-hot apple", "hot apple", "りんご", "ごり", "赤い", "猫"),
    *("'red' AND \"apple\"", "red* -apple", "100%", "_", "ᚠ", "naïve", "ЁЛКА", "תפוח", "🍎 red"),
)
PROMPTS = (
    *(
        "a red-hot apple",
        "a hot red apple",
        "red",
        "an apple",
        "赤いりんごの絵",
        "りんごと赤い猫",
        "a",
    ),
    *("100% naive apple", "ёлка", "תפוח אדום", "🍎", "hotred reddish apples", "plum", "pear"),
)


async def test_what_is_near_and_what_an_index_finds_is_found_alike(
    settings: Settings, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = ("--ar 3:2", "--tile", "")
    for number, prompt in enumerate(PROMPTS, 1):
        where = {"channel_id": SEEN if number % 2 else UNSEEN, "flags": flags[number % 3]}
        await put(jobs, number, prompt=prompt, person_id=(ME, OTHER)[number % 3 > 0], **where)
    here: dict[str, Any] = {"server": HERE, "channels": frozenset({SEEN})}
    both = {"server": HERE, "channels": frozenset({SEEN, UNSEEN})}
    narrowed: tuple[dict[str, Any], ...] = ({"person": ME}, here, both, {**both, "since": 1})
    asked = [
        *(Wanted(search=Search.read(typed), **each) for typed in SEARCHES for each in narrowed),
        *(
            Wanted(search=Search.read(typed, [mark_flags("--tile")]), **here)
            for typed in ("", "a", "red-h")
        ),
    ]

    def find_all(
        connection: Connection, asked: list[Wanted], most: int
    ) -> list[list[search.Found]]:
        return [search.find(connection, wanted, most) for wanted in asked]

    expected = await jobs.records.read(find_all, asked, 50)
    assert sum(map(bool, expected)) > len(expected) / 3
    pairs = list(zip(asked, expected, strict=True))
    monkeypatch.setattr(search, "_FEW", 0)
    # Hits are counted on SQLite alone.
    sqlite = settings.database.startswith("sqlite")
    for near, hits in ((0, 2000), (3, 2000), *([(3, 1)] if sqlite else []), (20, 1)):
        monkeypatch.setattr(search, "_NEAR", near)
        monkeypatch.setattr(search, "_HITS", hits)
        # Only where more is found does it matter how much is wanted.
        for most, some in ((50, pairs), (2, [pair for pair in pairs if len(pair[1]) >= 2])):
            found = await jobs.records.read(find_all, [wanted for wanted, _ in some], most)
            for (wanted, before), after in zip(some, found, strict=True):
                assert after == before[:most], (near, hits, most, wanted)


async def test_pages_follow_each_other_without_gap_or_repetition(jobs: Jobs) -> None:
    # Asked for at one moment, as several of one request are.
    for number in range(1, 12):
        await put(jobs, number, created_at=NOW, prompt="a cat")
    for typed in ("", "cat"):
        seen: list[str] = []
        before = None
        while True:
            asked = Wanted(person=ME, search=Search.read(typed), before=before)
            page = await jobs.records.read(search.find, asked, 4)
            seen += [one.job_id for one in page]
            if len(page) < 4:
                break
            before = page[-1].id
        assert len(seen) == len(set(seen)) == 11


async def test_what_is_found_is_what_may_be_seen(jobs: Jobs) -> None:
    """The statements narrow down to what the one function of rights lets through."""
    number = 0
    for person, (server, channel), private in product(
        (ME, OTHER), ((HERE, SEEN), (HERE, UNSEEN), (HERE, DIRECT), (None, DIRECT)), (False, True)
    ):
        number += 1
        job_id = await put(jobs, number, person_id=person, server_id=server, channel_id=channel)
        change = update(GalleryRow).where(GalleryRow.job_id == job_id).values(private=private)
        await jobs.records.write(Connection.execute, change)
    viewer = Viewer(ME, {HERE: Sight(True, frozenset({SEEN}))})
    for typed in ("", "cat"):
        everything = await jobs.records.read(search.find, Wanted(search=Search.read(typed)), 50)
        assert len(everything) == number
        allowed = [int(one.job_id, 16) for one in everything if may_see(one.subject, viewer)]
        mine = await find(jobs, typed, person=ME)
        ours = await find(jobs, typed, server=HERE, channels=frozenset({SEEN}))
        assert set(allowed) <= {*mine, *ours}
        assert len(mine) == 8
        assert len(allowed) == 9


async def test_what_was_deleted_is_found_no_more_and_not_put_in_again(jobs: Jobs) -> None:
    job_id = await put(jobs, 1)
    await jobs.records.write(index.mark_deleted, job_id)
    await jobs.records.write(index.add, job_id)
    await jobs.records.write(index.add_missing, None, None, 10)
    assert await find(jobs) == await find(jobs, "cat") == []
    (found,) = await jobs.records.read(search.find_subjects, [job_id])
    assert not may_see(found.subject, Viewer(ME))


async def test_what_is_withheld_is_seen_by_nobody(jobs: Jobs) -> None:
    job_id = await put(jobs, 1)
    (shown,) = await jobs.records.read(search.find_subjects, [job_id])
    withheld = update(JobRow).where(JobRow.id == job_id).values(state="failed", failure="held")
    await jobs.records.write(Connection.execute, withheld)
    (held,) = await jobs.records.read(search.find_subjects, [job_id])
    assert (may_see(shown.subject, Viewer(ME)), may_see(held.subject, Viewer(ME))) == (True, False)


async def test_what_was_drawn_before_there_was_a_gallery_is_put_in(jobs: Jobs) -> None:
    def old(connection: Connection) -> None:
        for number in range(1, 8):
            keep(connection, number, model="", created_at=NOW - timedelta(days=number // 3))
        connection.execute(update(JobRow).where(JobRow.id == f"{4:032x}").values(state="failed"))

    await jobs.records.write(old)
    place = await jobs.records.write(index.add_missing, None, NOW - timedelta(hours=1), 3)
    assert await find(jobs) == [1, 2] or await find(jobs) == [2, 1]
    assert place is None
    looks, place = 0, None
    while looks == 0 or place is not None:
        place = await jobs.records.write(index.add_missing, place, None, 3)
        looks += 1
    assert looks == 3
    assert sorted(await find(jobs, "cat", person=ME)) == [1, 2, 3, 5, 6, 7]


async def test_some_are_forgotten_with_all_that_names_them_and_nobody_elses(
    settings: Settings, jobs: Jobs
) -> None:
    mine, kept, other = (
        await put(jobs, 1, prompt="unmistakable"),
        await put(jobs, 2),
        await put(jobs, 3, person_id=OTHER),
    )
    name = await share(jobs, mine)
    assert await forget_some(jobs, ME, [mine, other]) == 1
    assert await find(jobs) == [2, 3]
    assert await find(jobs, "unmistakable") == []
    assert await jobs.records.read(share_links.find_link, name) is None
    await forget(jobs, ME, settings.database)
    assert await find(jobs) == [3]
    if settings.database.startswith("sqlite"):
        await jobs.close()
        for file in settings.data.glob("easel.db*"):
            assert b"unmistakable" not in file.read_bytes()
    assert kept != mine


async def test_nothing_hangs_on_a_job_that_was_deleted_meanwhile(jobs: Jobs) -> None:
    job_id = await put(jobs, 1)
    await jobs.records.write(erase_jobs, [job_id])
    assert await jobs.records.write(choice_queries.mark, ME, job_id, 0) is None
    assert await jobs.records.write(share_links.share, ME, job_id, 0) is None
    assert await jobs.records.write(copies.keep_copy, 5, job_id, 7) is False


async def test_a_link_is_good_until_it_is_revoked_or_expires(jobs: Jobs) -> None:
    job_id = await put(jobs, 1)
    name = await share(jobs, job_id)
    link = await jobs.records.read(share_links.find_link, name)
    assert link
    assert (link.job_id, link.position, link.recipe, link.person) == (job_id, 0, False, ME)
    assert await jobs.records.read(share_links.list_links, ME, job_id) == [link]
    assert await jobs.records.read(share_links.list_links, OTHER, job_id) == []
    assert await jobs.records.read(share_links.find_link, link.digest) is None
    assert not await jobs.records.write(share_links.revoke, OTHER, link.digest)
    assert await jobs.records.write(share_links.revoke, ME, link.digest)
    assert await jobs.records.read(share_links.find_link, name) is None
    late = await share(jobs, job_id, -DAY)
    assert await jobs.records.read(share_links.find_link, late) is None
    again = await share(jobs, job_id)
    assert len(again) == 32
    await jobs.records.write(erase_jobs, [job_id])
    assert await jobs.records.read(share_links.find_link, again) is None
