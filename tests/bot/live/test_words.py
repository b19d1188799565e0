"""Words that are not drawn: nowhere, not on a server, not in every channel."""

from storage.decisions.choices import ServerChoices
from tests.bot.live.house import House

LISTS = ServerChoices(refused=("pear",), restricted=("sword*",))


async def refused(house: House, prompt: str, said: str, channel: str = "general") -> None:
    sent = await house.playground.command("mira", "imagine", {"prompt": prompt}, channel=channel)
    await house.refusal(await sent.ended(), said)
    assert await house.jobs.waiting() == []


async def test_what_a_server_lists_is_refused_however_it_is_spelled(house: House) -> None:
    await house.decide(LISTS)
    await refused(house, "a red p e a r", "||pear|| is not drawn on this server")
    await refused(house, "a sword", "only in channels that are restricted to adults")
    await house.imagine("an apple --no pear")
    sent = await house.playground.command(
        "mira", "imagine", {"prompt": "a sword"}, channel="after-dark"
    )
    await sent.ended()
    assert len(await house.accepted(2)) == 2


async def test_buttons_edits_and_sheets_are_looked_at_too(house: House) -> None:
    grid = await house.drawn("a pear")
    await house.decide(LISTS)
    press = await house.playground.press("mira", grid, label="V1")
    await house.refusal(await press.ended(), "||pear|| is not drawn on this server")
    sent = await house.playground.command("mira", "compare", {"prompt": "a {pear, apple}"})
    answer = await sent.ended()
    assert answer.message
    question = await answer.message.until(lambda now: now.buttons)
    press = await house.playground.press("mira", question, label="Draw the sheet")
    await house.refusal(await press.ended(), "||pear|| is not drawn on this server")


async def test_a_host_lists_words_for_everywhere_and_nobody_draws_minors_so(house: House) -> None:
    async with house.set_up(refused_words="pear, ap*"):
        await refused(house, "a pear", "||pear|| is not drawn here")
        await refused(house, "an apple", "||ap\\*|| is not drawn here", channel="dm")
        await refused(house, "a nude child with a star", "which is drawn nowhere")


async def test_managers_fill_in_the_lists(house: House) -> None:
    panel = await (await house.playground.command("otto", "server")).ended()
    assert panel.message
    shown = await panel.message.until(lambda now: "**Words**" in now.content)
    assert "has no list of words of its own" in shown.content
    press = await house.playground.select("otto", shown, ["words"])
    await press.acknowledged()
    assert press.modal
    given = {"refused": "pear,  green  star\npear", "restricted": "sword*"}
    await house.playground.submit("otto", press, given)
    await shown.until(lambda now: "2 words or phrases of this server's" in now.content)
    await refused(house, "a pear", "||pear|| is not drawn on this server")
