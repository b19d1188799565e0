"""Quotas, fast time, blocks and the books, as people meet them."""

from playground import Message
from storage.decisions.choices import ServerChoices
from storage.queue import queries
from tests.bot.live.house import House

PANEL = "easel:panel:server"


async def draw_for(house: House, seconds: float) -> None:
    """Has mira's next picture take so long."""
    await house.imagine("a cat")
    (job,) = await house.accepted(1)
    run = await house.jobs.begin(job.id)
    pictures = house.jobs.paint(run, house.files)
    await house.jobs.records.write(queries.finish_run, run, pictures, seconds)
    house.jobs.wake()
    await house.delivered(job)


async def tell(house: House, *fields: str) -> Message:
    """What otto is told after filling in the form about mira."""
    panel = await open_panel(house, "person")
    await panel.until(lambda now: f"{PANEL}:person" in str(list(now.components)))
    mira = str(house.playground.people["mira"].id)
    form = await house.playground.select("otto", panel, [mira], custom_id=f"{PANEL}:person")
    words = dict(zip(("grant", "block"), fields, strict=True))
    await (await house.playground.submit("otto", form, words)).ended()
    return panel


async def open_panel(house: House, topic: str) -> Message:
    asked = await house.playground.command("otto", "server")
    panel = await house.refusal(asked, "**Channels**")
    press = await house.playground.select("otto", panel, [topic], custom_id=f"{PANEL}:open")
    await press.ended()
    return panel


async def test_fast_time_that_is_used_up_is_followed_by_an_offer_of_relaxed(house: House) -> None:
    await house.decide(ServerChoices(quotas="1 fast minute/week, 90 pictures/month"))
    await draw_for(house, 61.0)
    info = await house.playground.command("mira", "info")
    said = await house.refusal(info, "**Left**")
    assert "0 of 1 fast minute this week; 86 of 90 pictures this month" in said.content
    asked = await house.imagine("a dog")
    await house.refusal(asked, "Your fast time is used up: 2 of 1 fast minute this week.")
    offer = await house.playground.message(lambda m: m.id > asked.id and _offers(m))
    assert offer.ephemeral_to == "mira"
    assert await house.jobs.waiting() == []
    await (await house.playground.press("mira", offer, label="Draw it relaxed")).ended()
    (job,) = await house.accepted(1)
    assert (job.speed, job.title) == ("relax", "imagine")
    grid = await house.finished(job)
    press = await house.playground.press("mira", grid, label="🔄")
    await press.ended()
    again = await house.playground.message(lambda m: m.id > press.id and _offers(m))
    await (await house.playground.press("mira", again, label="Draw it relaxed")).ended()
    assert (await house.accepted(1))[0].speed == "relax"


def _offers(message: Message) -> bool:
    return "Draw it relaxed" in str(list(message.components))


async def test_a_quota_holds_until_a_manager_gives_more_or_resets_it(house: House) -> None:
    await house.decide(ServerChoices(quotas="1 job/day"))
    await draw_for(house, 5.0)
    asked = await house.imagine("a dog")
    await house.refusal(asked, "This server allows you 1 job today, and you have used or queued 1")
    panel = await tell(house, "1 job/day", "")
    await panel.until(lambda now: "1 job a day more" in now.content)
    await draw_for(house, 5.0)
    asked = await house.imagine("a dog")
    await house.refusal(asked, "This server allows you 1 job today")
    panel = await tell(house, "reset", "")
    await panel.until(lambda now: "nothing counts as used" in now.content)
    await draw_for(house, 5.0)


async def test_a_server_has_quotas_of_its_own(house: House) -> None:
    async def fill(quotas: str) -> Message:
        asked = await house.playground.command("otto", "server")
        panel = await house.refusal(asked, "**Channels**")
        form = await house.playground.select("otto", panel, ["quotas"], custom_id=f"{PANEL}:open")
        sent = await house.playground.submit("otto", form, {"quotas": quotas})
        await sent.ended()
        return panel

    await fill("5 cats")
    await house.playground.message(lambda m: "`5 cats` is no limit like" in m.content)
    panel = await fill("9 jobs per month, 1 picture/day")
    await panel.until(lambda now: "make up to 1 picture a day" in now.content)
    asked = await house.imagine("a dog")
    await house.refusal(asked, "This server allows you 1 picture today, and you have used")


async def test_a_manager_blocks_somebody_for_some_days_and_lets_them_in_again(house: House) -> None:
    panel = await tell(house, "", "3")
    await panel.until(lambda now: "blocked for 3 days" in now.content)
    asked = await house.imagine("a dog")
    await house.refusal(asked, "let you ask for pictures here again")
    panel = await tell(house, "", "0")
    await panel.until(lambda now: "not blocked" in now.content)
    await draw_for(house, 5.0)
    panel = await open_panel(house, "changes")
    await panel.until(lambda now: "blocked for 3 days" in now.content)


async def test_a_manager_sees_who_used_what(house: House) -> None:
    panel = await open_panel(house, "usage")
    await panel.until(lambda now: "Nothing was used here" in now.content)
    await draw_for(house, 150.0)
    panel = await open_panel(house, "usage")
    mira = house.playground.people["mira"].id
    wanted = f"`████████████` <@{mira}>: 3 GPU minutes, 1 job, 4 pictures"
    await panel.until(lambda now: wanted in now.content)
