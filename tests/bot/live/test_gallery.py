"""The gallery as browsers use it: what is listed, looked at, shared, taken along and deleted."""

import asyncio
import csv
import io
import math
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from PIL import Image
from sqlalchemy import Connection, update

from bot.gallery import sights
from bot.gallery.collection import PictureCollection
from bot.text import sentences
from bot.web import guild_members
from generation.recipe import RecipeError
from playground import Message
from playground.state.records import Permission
from storage.database.tables import JobRow
from storage.decisions.choices import PersonChoices, ServerChoices
from storage.gallery import index
from tests.bot.live.house import House
from tests.bot.live.test_compare import drawn
from tests.bot.live.visiting import Visitor, serve_pages


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def address(shared_house: House) -> AsyncIterator[str]:
    # What somebody sees is asked for anew each time.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guild_members, "KNOWN_FOR", 0.0)
        async with serve_pages(shared_house) as there:
            yield there


@pytest_asyncio.fixture(loop_scope="session")
async def mira(address: str, house: House) -> AsyncIterator[Visitor]:
    async with Visitor.come(address) as it:
        await it.sign_in("mira")
        yield it


@pytest_asyncio.fixture(loop_scope="session")
async def otto(address: str, house: House) -> AsyncIterator[Visitor]:
    async with Visitor.come(address) as it:
        await it.sign_in("otto")
        yield it


async def listed(visitor: Visitor, **asked: object) -> list[dict[str, Any]]:
    """The drawings of the first page."""
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    status, told = await visitor.get(f"/gallery/pictures?{query}")
    assert status == 200, told
    return list(told["drawings"])


async def prompts(visitor: Visitor, **asked: object) -> list[str]:
    """What those were asked for with."""
    return [one["prompt"] for one in await listed(visitor, **asked)]


async def draw(house: House, prompt: str, person: str = "mira", **more: str) -> tuple[str, Message]:
    """A drawing: its job, and the message that shows it."""
    await house.imagine(f"{prompt} --seed 7", person, **more)
    (job,) = await house.accepted(1)
    return job.id, await house.finished(job)


async def test_ones_pictures_are_listed_and_found(
    house: House, mira: Visitor, otto: Visitor
) -> None:
    apple, _ = await draw(house, "a red apple --ar 3:2")
    await draw(house, "a blue bird")
    await draw(house, "a green tree", "otto")
    assert await prompts(mira) == ["a blue bird", "a red apple"]
    assert await prompts(mira, q="APPLE") == ["a red apple"]
    assert await prompts(mira, q="--aspect 3:2") == ["a red apple"]
    assert await prompts(mira, q="apple --ar 1:1") == []
    assert await prompts(mira, q="tree") == []
    assert await prompts(otto) == ["a green tree"]
    (one,) = await listed(mira, q="apple")
    assert (one["job"], one["own"], one["flags"]) == (apple, True, "--ar 3:2")
    assert len(one["pictures"]) == 4
    status, details = await mira.get(f"/gallery/pictures/{apple}")
    assert status == 200
    assert "steps" in details["settings"]
    assert "`" not in details["settings"]


async def test_pictures_are_looked_at_small_large_and_kept(
    house: House, mira: Visitor, otto: Visitor
) -> None:
    job, _ = await draw(house, "a red apple")
    sha256 = (await listed(mira))[0]["pictures"][0]["sha256"]
    for what, side in (("small", 384), ("large", 1600)):
        async with mira.session.get(f"{mira.address}/gallery/{what}/{sha256}") as answer:
            assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
            with Image.open(io.BytesIO(await answer.read())) as shown:
                assert shown.format == "WEBP"
                assert max(shown.size) <= side
        assert (await otto.get(f"/gallery/{what}/{sha256}"))[0] == 404
    async with mira.session.get(f"{mira.address}/gallery/keep/{job}/0") as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        data = await answer.read()
    assert b"c2pa" in data
    with Image.open(io.BytesIO(data)) as kept:
        assert kept.size == (128, 128)
    assert (await mira.get(f"/gallery/keep/{job}/4"))[0] == 404
    assert (await otto.get(f"/gallery/keep/{job}/0"))[0] == 404


async def test_a_servers_pictures_are_shown_where_it_opens_its_gallery(
    house: House, mira: Visitor, otto: Visitor
) -> None:
    playground = house.playground
    server = playground.guild
    job, _ = await draw(house, "a red apple", channel="art")
    sha256 = (await listed(mira))[0]["pictures"][0]["sha256"]

    async def sees() -> tuple[int, int, int]:
        asked = (f"pictures?scope={server}", f"pictures/{job}", f"small/{sha256}")
        return tuple([(await otto.get(f"/gallery/{path}"))[0] for path in asked])  # type: ignore[return-value]

    assert await sees() == (404, 404, 404)
    await house.decide(ServerChoices(gallery=True))
    assert await sees() == (200, 200, 200)
    (one,) = await listed(otto, scope=server)
    assert (one["job"], one["own"]) == (job, False)
    who = playground.people["mira"].id
    named = await otto.get(f"/gallery/people?server={server}&ids={who}")
    assert named == (200, {str(who): "Mira"})
    assert await prompts(otto, scope=server, person=who) == ["a red apple"]
    assert await prompts(otto, scope=server, person=who + 1) == []
    # Its owner keeps it for themselves.
    assert await mira.post("/gallery/private", {"job": job, "on": True}) == (200, {})
    assert await sees() == (200, 404, 404)
    assert await prompts(otto, scope=server) == []
    assert await prompts(mira, scope=server) == ["a red apple"]
    assert (await otto.post("/gallery/private", {"job": job, "on": False}))[0] == 404
    assert await mira.post("/gallery/private", {"job": job, "on": False}) == (200, {})
    # Whoever cannot look into the channel sees none of its pictures; otto owns the server.
    async with Visitor.come(mira.address) as gus:
        await gus.sign_in("gus")
        assert await prompts(gus, scope=server) == ["a red apple"]
        playground.forbid("gus", "art", Permission.VIEW_CHANNEL)
        try:
            assert await prompts(gus, scope=server) == []
            assert (await gus.get(f"/gallery/small/{sha256}"))[0] == 404
        finally:
            playground.permit("gus", "art", Permission.VIEW_CHANNEL)


async def test_what_was_asked_for_in_private_or_among_adults_is_nobody_elses(
    house: House, mira: Visitor, otto: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.decide(ServerChoices(gallery=True))
    adult, _ = await draw(house, "a red apple", channel="after-dark")
    await draw(house, "a green apple", channel="dm")
    await house.prefer("mira", PersonChoices(private=True))
    await draw(house, "a blue apple")
    assert await prompts(mira) == ["a blue apple", "a green apple", "a red apple"]
    for visitor in (mira, otto):
        assert await prompts(visitor, scope=house.playground.guild) == []
    asked = {"job": adult, "n": 0, "days": 7, "recipe": True}
    refused = await mira.post("/gallery/share", asked)
    assert refused == (422, {"said": sentences.ADULTS_ONLY})
    # Nothing of a server's decides who sees what is of none, and none is looked at for it.
    direct = (await listed(mira))[1]["pictures"][0]["sha256"]
    monkeypatch.setattr(sights, "list_channels", None)
    assert (await mira.get(f"/gallery/small/{direct}"))[0] == 200


async def test_each_picture_of_a_sheet_is_shown_with_its_own_words(
    house: House, mira: Visitor
) -> None:
    job, _ = await drawn(house, "a {red --ar 3:2, blue} bird")
    (sheet,) = await listed(mira, q="bird")
    assert sheet["prompt"] == "a {red --ar 3:2, blue} bird"
    told = [(one["prompt"], one["flags"]) for one in sheet["pictures"]]
    assert told == [("a red bird", "--ar 3:2"), ("a blue bird", "")]
    link = {"job": job.id, "n": 1, "days": 1, "recipe": True}
    url = (await mira.post("/gallery/share", link))[1]["url"]
    page = (await mira.get(url.removeprefix(mira.address)))[1]
    assert b"a blue bird" in page
    assert b"{red" not in page.split(b'class="words"')[1]


async def test_a_recipe_of_a_newer_release_keeps_nobody_from_the_others(
    house: House, mira: Visitor
) -> None:
    newer, _ = await draw(house, "a red apple")
    await draw(house, "a blue bird")
    change = update(JobRow).where(JobRow.id == newer).values(recipe={"version": 99})
    await house.jobs.records.write(Connection.execute, change)
    assert await prompts(mira) == ["a blue bird"]


async def test_marks_are_kept_and_listed(house: House, mira: Visitor) -> None:
    job, _ = await draw(house, "a red apple")
    await draw(house, "a blue bird")
    assert await prompts(mira, scope="marked") == []
    for _ in range(2):
        assert await mira.post("/gallery/mark", {"job": job, "n": 2, "on": True}) == (200, {})
    (one,) = await listed(mira, scope="marked")
    assert [it["marked"] for it in one["pictures"]] == [False, False, True, False]
    assert await mira.post("/gallery/mark", {"job": job, "n": 2, "on": False}) == (200, {})
    assert await prompts(mira, scope="marked") == []
    assert (await mira.post("/gallery/mark", {"job": job, "n": 4, "on": True}))[0] == 404


async def test_what_was_made_of_a_picture_stands_with_it_as_a_tree(
    house: House, mira: Visitor, otto: Visitor
) -> None:
    job, grid = await draw(house, "a red apple")
    await house.playground.press("mira", grid, label="V2")
    (varied,) = await house.accepted(1)
    await house.finished(varied)
    for one in (job, varied.id):
        nodes = (await mira.get(f"/gallery/pictures/{one}"))[1]["lineage"]
        assert [(node["job"], node["parent"]) for node in nodes] == [(job, None), (varied.id, 0)]
    assert (await listed(mira))[0]["did"]
    await draw(house, "a blue bird")
    assert [one["job"] for one in await listed(mira, of=job)] == [varied.id, job]
    assert [one["job"] for one in await listed(mira, of=job, q="bird")] == []
    assert (await otto.get(f"/gallery/pictures?of={job}"))[0] == 404


async def test_a_link_shows_one_picture_to_anybody_until_it_is_revoked(
    house: House, mira: Visitor, otto: Visitor
) -> None:
    job, _ = await draw(house, "a red apple --ar 3:2")
    asked = {"job": job, "n": 1, "days": 7, "recipe": True}
    assert (await otto.post("/gallery/share", asked))[0] == 404
    assert (await mira.post("/gallery/share", {**asked, "n": 9}))[0] == 404
    assert (await mira.post("/gallery/share", {**asked, "days": 365}))[0] == 400
    told = (await mira.post("/gallery/share", asked))[1]["url"]
    secret = (await mira.post("/gallery/share", {**asked, "recipe": False}))[1]["url"]
    async with Visitor.come(mira.address) as nobody:

        async def look(url: str, path: str = "") -> tuple[int, bytes]:
            return await nobody.get(url.removeprefix(nobody.address) + path)

        page = await look(told)
        assert page[0] == 200
        assert b"a red apple" in page[1]
        assert b"--ar 3:2" in page[1]
        silent = await look(secret)
        assert silent[0] == 200
        assert b"apple" not in silent[1]
        for url, tells in ((told, True), (secret, False)):
            status, picture = await look(url, "picture")
            assert status == 200
            assert b"c2pa" in picture
            assert (b"a red apple" in picture) is tells
        assert (await nobody.get(f"/gallery/pictures/{job}"))[0] == 401
        links = (await mira.get(f"/gallery/pictures/{job}"))[1]["links"]
        assert [(link["n"], link["recipe"]) for link in links] == [(1, True), (1, False)]
        gone = {"id": links[0]["id"]}
        assert (await otto.post("/gallery/revoke", gone))[0] == 404
        assert await mira.post("/gallery/revoke", gone) == (200, {})
        assert [(await look(told, path))[0] for path in ("", "picture")] == [404, 404]
        assert sentences.SHARED_GONE.encode() in (await look(told))[1]
        assert (await look(secret, "picture"))[0] == 200
        # What is deleted is behind no link either.
        await house.jobs.records.write(index.mark_deleted, job)
        assert [(await look(secret, path))[0] for path in ("", "picture")] == [404, 404]


async def test_a_selection_comes_as_pictures_and_as_a_table(
    house: House, mira: Visitor, otto: Visitor
) -> None:
    first, _ = await draw(house, "a red apple")
    second, _ = await draw(house, "a black cat")
    theirs, _ = await draw(house, "a green tree", "otto")
    await draw(house, "a blue bird")
    jobs = f"{first},{second},{theirs}"
    status, data = await mira.get(f"/gallery/selection.zip?jobs={jobs}")
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len([name for name in names if name.startswith("pictures/")]) == 10
        assert "requests.csv" in names
    status, data = await mira.get(f"/gallery/selection.csv?jobs={jobs}")
    rows = [*csv.DictReader(io.StringIO(data.decode("utf-8-sig")))]
    assert [row["prompt"] for row in rows] == ["a black cat", "a red apple"]


async def test_what_one_deletes_is_gone_everywhere_and_others_is_not(
    house: House, mira: Visitor, otto: Visitor
) -> None:
    job, message = await draw(house, "a red apple")
    theirs, kept = await draw(house, "a green tree", "otto")
    asked = {"jobs": [job, theirs]}
    assert await mira.post("/gallery/delete", asked) == (200, {"deleted": 1})
    assert await prompts(mira) == []
    assert await prompts(otto) == ["a green tree"]
    await message.until(lambda now: now.deleted)
    assert not kept.deleted
    assert await house.jobs.get(job) is None


async def test_what_is_done_while_it_is_deleted_does_nothing_or_all(
    house: House, mira: Visitor
) -> None:
    job, _ = await draw(house, "a red apple")
    link = {"job": job, "n": 0, "days": 1, "recipe": True}
    url = (await mira.post("/gallery/share", link))[1]["url"]
    asked = {"jobs": [job]}
    answers = await asyncio.gather(
        *(mira.post("/gallery/delete", asked) for _ in range(4)),
        *(mira.post("/gallery/mark", {"job": job, "n": 1, "on": True}) for _ in range(2)),
        *(mira.post("/gallery/share", link) for _ in range(2)),
        *(mira.post("/gallery/private", {"job": job, "on": True}) for _ in range(2)),
        mira.get(url.removeprefix(mira.address) + "picture"),
        mira.get(f"/gallery/selection.zip?jobs={job}"),
        mira.get(f"/gallery/pictures?of={job}"),
    )
    assert {status for status, _ in answers} <= {200, 404}
    assert sum(told["deleted"] for _, told in answers[:4]) == 1
    assert await prompts(mira) == await prompts(mira, scope="marked") == []
    for path in ("", "picture"):
        assert (await mira.get(url.removeprefix(mira.address) + path))[0] == 404


async def test_a_message_that_is_deleted_takes_its_pictures_out(
    house: House, mira: Visitor
) -> None:
    _, message = await draw(house, "a red apple")
    job, kept = await draw(house, "a blue bird")
    asked = await house.playground.command("mira", "show", {"id": job[:8]})
    again = (await asked.ended()).message
    assert again
    await again.until(lambda now: now.attachments)
    for one in (message, again):
        await house.playground.react("mira", one, "❌")
        await one.until(lambda now: now.deleted)

    async def look() -> bool:
        return await prompts(mira) == ["a blue bird"]

    assert await house.until(look)
    assert not kept.deleted


async def test_what_moderators_delete_in_discord_is_its_owners_alone(
    house: House, mira: Visitor, otto: Visitor
) -> None:
    await house.decide(ServerChoices(gallery=True))
    server = house.playground.guild
    _, message = await draw(house, "a red apple")
    await draw(house, "a blue bird")
    assert await prompts(otto, scope=server) == ["a blue bird", "a red apple"]
    await house.playground.delete("otto", message)

    async def look() -> bool:
        return await prompts(otto, scope=server) == ["a blue bird"]

    assert await house.until(look)
    assert await prompts(mira) == ["a blue bird", "a red apple"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("pictures?scope=x", 400),
        ("pictures?scope=1", 404),
        ("pictures?before=x", 400),
        (f"pictures?before={2**63}", 400),
        ("pictures?before=" + "9" * 5000, 400),
        (f"pictures?scope={10**40}", 400),
        ("pictures?of=%00", 400),
        ("pictures?since=nan", 400),
        ("pictures?until=1e99", 400),
        ("pictures?person=x", 400),
        (f"pictures?q={'%22' * 200}*", 200),
        ("pictures/" + "0" * 32, 404),
        ("small/" + "0" * 64, 404),
        ("people?server=1&ids=1", 403),
        ("people", 400),
        (f"people?server=1&ids={10**40}", 400),
        ("keep/" + "0" * 32 + "/0", 404),
        ("keep/" + "0" * 32 + "/" + "9" * 5000, 400),
        ("shared/" + "x" * 32 + "/", 404),
        ("index.html", 404),
        ("../page.py", 404),
    ],
)
async def test_what_makes_no_sense_is_refused(
    house: House, mira: Visitor, path: str, status: int
) -> None:
    assert (await mira.get(f"/gallery/{path}"))[0] == status


USUAL = {"job": "0" * 32, "n": 0, "on": True, "recipe": True, "days": 7}
HALF = {**USUAL, "job": "\ud800", "id": "\ud800", "jobs": ["\ud800"]}
ENDLESS = {**USUAL, "n": math.inf, "days": math.inf}


@pytest.mark.parametrize("name", ["mark", "private", "share", "revoke", "delete"])
@pytest.mark.parametrize("body", [None, [], {}, {"job": 1}, {"jobs": 5, "id": []}, HALF, ENDLESS])
async def test_a_change_that_makes_no_sense_is_refused(
    mira: Visitor, name: str, body: object
) -> None:
    assert (await mira.post(f"/gallery/{name}", body))[0] in {400, 404}


async def test_days_that_no_link_lives_are_refused(mira: Visitor, house: House) -> None:
    assert (await mira.post("/gallery/share", {**USUAL, "days": 10**12}))[0] == 400


async def test_what_goes_wrong_in_a_change_is_not_blamed_on_what_was_asked_for(
    mira: Visitor, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RecipeError("It is of a newer version.")

    monkeypatch.setattr(PictureCollection, "mark", fail)
    assert (await mira.post("/gallery/mark", USUAL))[0] == 422


PATHS = ["pictures", f"pictures/{'0' * 32}", f"small/{'0' * 64}", f"keep/{'0' * 32}/0", "people"]


@pytest.mark.parametrize("path", [*PATHS, "selection.zip", "selection.csv"])
async def test_nobody_is_let_in_without_a_sign_in(address: str, house: House, path: str) -> None:
    async with Visitor.come(address) as nobody:
        status, told = await nobody.get(f"/gallery/{path}")
        assert (status, told["said"]) == (401, sentences.NOT_SIGNED_IN)


@pytest.mark.parametrize("name", ["mark", "private", "share", "revoke", "delete"])
async def test_nothing_changes_without_the_pages_header(mira: Visitor, name: str) -> None:
    async with mira.session.post(f"{mira.address}/gallery/{name}", json={}) as answer:
        assert answer.status == 403


async def test_every_answer_keeps_scripts_of_others_out(mira: Visitor, house: House) -> None:
    for path in ("", "gallery.js", "pictures", "../site/base.css", "../site/site.js"):
        async with mira.session.get(f"{mira.address}/gallery/{path}") as answer:
            assert answer.status == 200
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'; script-src 'self'" in policy
            assert "form-action 'none'" in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_page_weighs_little(mira: Visitor, house: House) -> None:
    weight = 0
    assets = ("gallery.css", "gallery.js", "picture.js", "selection.js")
    for path in ("", *assets, "../site/base.css", "../site/site.js", "../paint/icon.svg"):
        weight += len((await mira.get(f"/gallery/{path}"))[1])
    assert weight < 100_000
