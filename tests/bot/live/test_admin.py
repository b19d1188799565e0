"""The admin's view as browsers use it: who sees what, what it tells, jobs that are cancelled."""

import json
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from bot.admin import administrators
from bot.text import sentences
from bot.web import guild_members
from storage.decisions import cases, choice_queries
from storage.decisions.choices import Change, ServerChoices
from tests.bot.live.house import House
from tests.bot.live.test_quotas import draw_for
from tests.bot.live.visiting import Visitor, serve_pages

PAGE = "/admin/"
ELSEWHERE = 4711
"""A server that the bot is not on."""

Own = Callable[[bool], None]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def address(shared_house: House) -> AsyncIterator[str]:
    # Rights are asked for anew each time.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guild_members, "KNOWN_FOR", 0.0)
        patch.setattr(administrators, "OWNERS_KNOWN_FOR", 0.0)
        async with serve_pages(shared_house) as there:
            yield there


@pytest_asyncio.fixture(loop_scope="session")
async def mira(address: str, house: House) -> AsyncIterator[Visitor]:
    async with Visitor.come(address) as it:
        await it.sign_in("mira", PAGE)
        yield it


@pytest_asyncio.fixture(loop_scope="session")
async def otto(address: str, house: House) -> AsyncIterator[Visitor]:
    """Who manages the server; the application is his, too, unless ``own`` says otherwise."""
    async with Visitor.come(address) as it:
        await it.sign_in("otto", PAGE)
        yield it


@pytest.fixture
def own(house: House, monkeypatch: pytest.MonkeyPatch) -> Own:
    """Says whether otto runs the bot."""
    otto = house.playground.people["otto"].id

    def set_owner(owns: bool) -> None:
        monkeypatch.setattr(administrators, "list_owners", lambda _: {otto} if owns else {1})

    return set_owner


def overview(server: int | str = "") -> str:
    return f"{PAGE}overview?server={server}"


async def test_nobody_sees_anything_without_signing_in(address: str, house: House) -> None:
    async with Visitor.come(address) as stranger:
        status, page = await stranger.get(PAGE)
        assert status == 200
        assert b"/sign-in/?to=/admin/" in page
        for path in (overview(), overview(house.playground.guild), f"{PAGE}people?ids=1"):
            assert (await stranger.get(path))[0] == 401
        assert (await stranger.post(f"{PAGE}cancel", {"job": "0" * 32}))[0] == 401


@pytest.mark.parametrize(
    ("who", "owns", "seen"),
    [
        ("mira", False, set()),
        ("otto", False, {"here"}),
        ("otto", True, {"here", "elsewhere", "all"}),
    ],
)
async def test_each_sees_and_cancels_what_is_theirs(
    house: House, mira: Visitor, otto: Visitor, own: Own, who: str, owns: bool, seen: set[str]
) -> None:
    own(owns)
    visitor = {"mira": mira, "otto": otto}[who]
    places: dict[str, int | str]
    places = {"here": house.playground.guild, "elsewhere": ELSEWHERE, "all": ""}
    for name, place in places.items():
        wanted = 200 if name in seen else 403
        assert (await visitor.get(overview(place)))[0] == wanted, name
        assert (await visitor.get(f"{PAGE}people?server={place}&ids=1"))[0] == wanted, name
    _, page = await visitor.get(PAGE)
    assert (str(places["here"]).encode() in page) == ("here" in seen)
    assert (b"All servers" in page) == ("all" in seen)
    for channel, name in (("general", "here"), ("dm", "all")):
        await house.imagine("a red apple", channel=channel)
        (job,) = await house.accepted(1)
        status, told = await visitor.post(f"{PAGE}cancel", {"job": job.id})
        assert status == (200 if name in seen else 403), told
        assert (await house.job(job.id)).state == ("cancelled" if name in seen else "queued")
        await house.reset()


async def test_the_overview_tells_what_is_used_waits_holds_and_was_changed(
    house: House, otto: Visitor
) -> None:
    guild, people = house.playground.guild, house.playground.people
    await house.decide(ServerChoices(quotas="50 pictures/day", channels=()))
    note = Change(people["otto"].id, "limits", '{"repeat": 3}', '{"repeat": 4}')
    await house.jobs.records.write(choice_queries.note_change, guild, note)
    await draw_for(house, 150.0)
    await house.jobs.sign_on()
    await house.imagine("a blue bird")
    await house.accepted(1)
    status, told = await otto.get(overview(guild))
    assert status == 200
    mira = str(people["mira"].id)
    assert told["days"][0]["minutes"] == 3
    assert len(told["days"]) == 14
    assert told["people"] == [{"person": mira, "minutes": 3, "jobs": 1, "pictures": 4}]
    (entry,) = told["queue"]["jobs"]
    assert (entry["person"], entry["where"], entry["state"]) == (mira, "#general", "waits")
    # What somebody asked for is in their channel for those who see that, and nowhere here.
    assert "blue bird" not in json.dumps(told)
    rules = [sentence for rule in told["rules"] for sentence in rule["told"]]
    assert "Everyone may make up to 50 pictures a day." in rules
    change = told["changes"]["list"][0]
    assert change["after"] == "One request makes up to 4 jobs."
    assert change["before"] == "One request makes up to 3 jobs."
    assert change["person"] == str(people["otto"].id)
    assert [(one["state"], one["alive"]) for one in told["workers"]] == [("ready", True)]
    _, names = await otto.get(f"{PAGE}people?server={guild}&ids={mira},1")
    assert names == {mira: "Mira", "1": ""}
    status, told = await otto.get(overview())
    assert status == 200
    assert told["changes"] is None
    assert any("whoever runs me lets everyone" in one["told"][0] for one in told["rules"])


async def test_who_cancelled_a_job_is_told_and_a_second_press_comes_too_late(
    house: House, otto: Visitor
) -> None:
    await house.imagine("a red apple")
    (job,) = await house.accepted(1)
    assert (await otto.post(f"{PAGE}cancel", {"job": job.id}))[0] == 200
    shown = await house.delivered(job)
    assert f"cancelled by <@{house.playground.people['otto'].id}>" in shown.content
    status, told = await otto.post(f"{PAGE}cancel", {"job": job.id})
    assert (status, "already ended" in told["said"]) == (422, True)
    assert (await otto.post(f"{PAGE}cancel", {"job": "0" * 32}))[0] == 422
    assert (await otto.post(f"{PAGE}cancel", ["what is this"]))[0] == 400
    # Without the header, which no other site can make a browser send.
    async with otto.session.post(f"{otto.address}{PAGE}cancel", json={"job": job.id}) as answer:
        assert answer.status == 403


async def test_cases_that_may_show_minors_are_for_whoever_runs_the_bot_alone(
    house: House, otto: Visitor, own: Own
) -> None:
    guild, person = house.playground.guild, house.playground.people["otto"].id
    for what, reason in (("reported", "not nice"), ("suspected", "")):
        await house.imagine("a red apple")
        job = (await house.accepted(1))[0]
        await house.jobs.records.write(cases.note_case, job.id, what, person, reason)
        await house.jobs.cancel(job.id)
    for owns, wanted in (
        (True, ["held back, may show a minor", "reported"]),
        (False, ["reported"]),
    ):
        own(owns)
        _, told = await otto.get(overview(guild))
        assert [one["what"] for one in told["cases"]][: len(wanted)] == wanted
    assert told["cases"][0]["reason"] == "not nice"
    assert told["cases"][0]["actor"] == str(person)


async def test_why_somebody_reported_is_told_in_words(house: House, otto: Visitor) -> None:
    guild, person = house.playground.guild, house.playground.people["otto"].id
    await house.imagine("a red apple")
    (job,) = await house.accepted(1)
    await house.jobs.records.write(cases.note_case, job.id, "reported", person, "violence")
    _, told = await otto.get(overview(guild))
    assert told["cases"][0]["reason"] == sentences.REPORT_REASONS["violence"]


async def test_what_is_no_number_is_refused(otto: Visitor) -> None:
    for path in (
        *(overview("x"), overview("9" * 30), overview(2**63)),
        *(f"{overview()}&skipped=-1", f"{overview()}&skipped={2**63}"),
        f"{PAGE}people?ids={2**63}",
    ):
        assert (await otto.get(path))[0] == 400
    assert (await otto.post(f"{PAGE}cancel", {"job": "\ud800"}))[0] == 400
