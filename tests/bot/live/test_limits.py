"""Limits, whatever way somebody asks: all of a request is accepted or nothing is left of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import update

from bot.components.confirm import ASK_FROM
from playground import Interaction, Message
from storage import space
from storage.database.tables import JobRow
from storage.decisions.choices import Limits, ServerChoices
from storage.queue import presence
from storage.queue.jobs import Trouble
from tests.bot.live.house import House
from tests.bot.live.queue import WORKER

MANAGER = 1140000000000000011
"""The role that otto has."""


Ask = Callable[[House, Message], Awaitable[None]]


async def queue_them(house: House, person: str, question: Message) -> Interaction:
    press = await house.playground.press(person, question, label="Queue them")
    return await press.ended()


async def test_in_a_direct_message_a_batch_that_never_fits_is_not_even_asked_about(
    house: House,
) -> None:
    asked = await house.imagine("a cat --repeat 12", channel="dm")
    refusal = await house.playground.message(
        lambda m: m.id > asked.id and "room for 10" in m.content
    )
    assert "This makes 12 jobs" in refusal.content
    assert await house.jobs.waiting() == []
    assert house.public(asked.id) == []


async def test_in_a_direct_message_a_yes_that_no_longer_fits_queues_nothing(house: House) -> None:
    asked = await house.imagine("a cat --repeat 8", channel="dm")
    assert asked.message
    for word in ("one", "two", "three"):
        await house.imagine(f"{word} dog", channel="dm")
    await house.accepted(3)
    said = await queue_them(house, "mira", asked.message)
    await house.playground.message(lambda m: m.id > said.id and "room for 7" in m.content)
    assert len(await house.jobs.waiting()) == 3
    assert house.public(said.id) == []
    first, *_ = await house.accepted(3)
    await house.finished(first)
    await queue_them(house, "mira", asked.message)
    await asked.message.until(lambda now: "Queued 8 jobs." in now.content)
    assert len(await house.accepted(10)) == 10


async def test_with_nine_waiting_two_more_leave_nothing_behind(house: House) -> None:
    for number in range(9):
        await house.imagine(f"owl {number}")
    before = await house.accepted(9)
    asked = await house.imagine("a {red,green} dog")
    said = await house.refusal(asked, "This makes 2 jobs, and you have room for 1")
    assert "up to 10 of yours" in said.content
    assert [m.id for m in house.public(asked.id)] == [said.id]
    assert await house.jobs.waiting() == [job.id for job in before]
    await house.imagine("a red dog")
    await house.accepted(10)
    asked = await house.imagine("a blue dog")
    await house.refusal(asked, "You have 10 jobs queued or running, which is the limit.")


async def test_a_day_is_full_until_it_is_over(house: House) -> None:
    await house.decide(ServerChoices(daily=2))
    await house.drawn("a cat")
    asked = await house.imagine("a {red,green} dog")
    await house.refusal(asked, "you have room for 1: this server allows 2 per person in 24 hours")
    await house.drawn("a dog")
    asked = await house.imagine("a bird")
    await house.refusal(asked, "and you have asked for 2")
    yesterday = datetime.now(UTC) - timedelta(hours=25)
    aged = update(JobRow).values(created_at=yesterday)
    await house.jobs.records.write(lambda it: it.execute(aged))
    await house.drawn("a bird")


async def test_a_days_limit_of_a_server_leaves_direct_messages_alone(house: House) -> None:
    await house.decide(ServerChoices(daily=1))
    await house.drawn("a cat")
    await house.drawn("a dog", channel="dm")


async def test_a_role_allows_more(house: House) -> None:
    await house.decide(ServerChoices(unfinished=1, limits={MANAGER: Limits(unfinished=3)}))
    await house.imagine("a {red,green,blue} dog", person="otto")
    await house.accepted(3)
    asked = await house.imagine("a {red,green} dog")
    await house.refusal(asked, "room for 1")


async def test_info_tells_the_limits_by_which_is_decided(house: House) -> None:
    await house.decide(ServerChoices(unfinished=500, daily=7))
    await house.drawn("a cat")
    await house.imagine("a dog")
    await house.accepted(1)
    info = await house.playground.command("mira", "info")
    said = await house.refusal(info, "**Queue**")
    assert "1 of 100" in said.content
    assert "2 of 7" in said.content


def press(label: str) -> Ask:
    async def ask(house: House, picture: Message) -> None:
        await (await house.playground.press("mira", picture, label=label)).ended()

    return ask


async def submit(house: House, picture: Message) -> None:
    form = await house.playground.press("mira", picture, label="Custom Zoom")
    words = {"prompt": "a dog", "zoom": "1.5"}
    await (await house.playground.submit("mira", form, words)).ended()


async def react(house: House, picture: Message) -> None:
    await house.playground.react("mira", picture, "🔄")


async def edit(house: House, picture: Message) -> None:
    form = await house.playground.press("mira", picture, label="Edit")
    await (await house.playground.submit("mira", form, {"prompt": "warmer"})).ended()


async def reply(house: House, picture: Message) -> None:
    assert house.bot
    # Whatever the bot was told just before, it answers this.
    house.bot._conversation._answered.clear()
    words = f"<@{house.playground.world.bot.id}> warmer"
    await house.playground.say("mira", "general", words, reply_to=picture)


WAYS = (press("🔄"), press("Vary (Strong)"), submit, edit, react, reply)
"""How something is asked for under a picture."""


@pytest.mark.parametrize("ask", WAYS)
async def test_every_way_to_ask_meets_the_limit(house: House, ask: Ask) -> None:
    grid = await house.drawn("a cat")
    single = await house.playground.press("mira", grid, label="U1")
    picture = await house.finished((await house.accepted(1))[0])
    await house.decide(ServerChoices(unfinished=1))
    await house.imagine("an owl")
    (waiting,) = await house.accepted(1)
    await ask(house, picture)
    refusal = await house.playground.message(
        lambda m: m.id > single.id and "1 job queued or running, which is the limit" in m.content
    )
    assert await house.jobs.waiting() == [waiting.id]
    assert [m for m in house.public(waiting.message_id or 0) if m.id != refusal.id] == []


async def test_a_days_limit_of_the_host_counts_everywhere(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited = house.jobs._settings.model_copy(update={"max_jobs_per_day": 2})
    monkeypatch.setattr(house.jobs, "_settings", limited)
    await house.decide(ServerChoices(daily=500))
    await house.drawn("a cat")
    asked = await house.imagine("a {red,green} dog")
    await house.refusal(asked, "you have room for 1: whoever runs me allows 2 per person")
    await house.drawn("a dog", channel="dm")
    info = await house.playground.command("mira", "info")
    assert "2 of 2" in (await house.refusal(info, "**Queue**")).content
    asked = await house.imagine("a bird")
    await house.refusal(asked, "over all servers, and you have asked for 2")


@dataclass(frozen=True)
class Place:
    """Where somebody asks, and what is allowed there."""

    channel: str
    person: str
    server: ServerChoices
    unfinished: int
    batch: int


DIRECT = Place("dm", "mira", ServerChoices(), unfinished=10, batch=99)


@st.composite
def places(draw: st.DrawFn) -> Place:
    """Direct messages, a server, or a server with a role."""
    if draw(st.booleans()):
        return DIRECT
    everyone, role, batch = (draw(st.integers(1, 7)) for _ in range(3))
    server = ServerChoices(
        unfinished=everyone, repeat=batch, limits={MANAGER: Limits(unfinished=role)}
    )
    person = draw(st.sampled_from(["mira", "otto"]))
    return Place("general", person, server, role if person == "otto" else everyone, batch)


@given(place=places(), waiting=st.integers(0, 5), count=st.integers(1, 7))
@hypothesis_settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_all_is_queued_or_nothing(
    house: House, place: Place, waiting: int, count: int
) -> None:
    await house.reset()
    for number in range(waiting):
        await house.imagine(f"owl {number}", person=place.person, channel="dm")
    before = await house.accepted(waiting)
    await house.decide(place.server)
    before_it = max((m.id for m in house.playground.messages), default=0)
    fits = count <= place.batch and waiting + count <= place.unfinished
    asked = await house.imagine(f"a cat --r {count}", person=place.person, channel=place.channel)
    assert asked.message
    if not fits:
        await house.refusal(asked, str(count))
    elif count >= ASK_FROM:
        await queue_them(house, place.person, await asked.message.until(lambda m: m.buttons))
    jobs = await house.accepted(waiting + count * fits)
    assert [job.id for job in jobs[:waiting]] == [job.id for job in before]
    shown = {job.message_id for job in jobs[waiting:]}
    assert len(shown) == count * fits
    # A refusal stands in the place of what was promised to everybody.
    refused = set() if fits else {asked.message.id}
    assert {m.id for m in house.public(before_it)} - refused == shown


async def test_without_room_to_keep_pictures_nothing_is_taken_and_everybody_is_told_why(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = await house.drawn()
    monkeypatch.setattr(space, "measure_space", lambda _: 10**6)
    asked = await house.imagine("a green pear")
    await house.refusal(asked, "not enough free space")
    pressed = await house.playground.press("mira", drawn, label="🔄")
    await house.refusal(pressed, "not enough free space")
    assert await house.jobs.waiting() == []
    info = await house.playground.command("mira", "info")
    await house.refusal(info, "until the admin")
    monkeypatch.undo()
    await house.imagine("a green pear")
    await house.accepted(1)


@pytest.mark.parametrize(
    ("trouble", "said"), [("device", "several times in a row"), ("store", "cannot be stored")]
)
async def test_what_keeps_workers_from_taking_jobs_is_told(
    house: House, trouble: Trouble, said: str
) -> None:
    await house.jobs.sign_on()
    await house.jobs.records.write(presence.beat, WORKER, "", trouble)
    info = await house.playground.command("mira", "info")
    assert said in (await house.refusal(info, "**Queue**")).content
