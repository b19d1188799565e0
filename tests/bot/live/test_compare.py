"""Sheets: asked about, drawn as one job, and seen picture by picture."""

from generation.recipe import Recipe
from generation.recipe.sheet import Sheet
from playground import Interaction, Message
from storage.decisions.choices import ServerChoices
from storage.queue.jobs import Job
from tests.bot.live.house import House


async def asked(house: House, prompt: str, who: str = "mira", **dials: str) -> Message:
    """The question before a sheet."""
    options = {"prompt": prompt, **dials}
    interaction = await (await house.playground.command(who, "compare", options)).ended()
    assert interaction.message
    return await interaction.message.until(lambda now: now.buttons)


async def drawn(house: House, prompt: str, **dials: str) -> tuple[Job, Message]:
    """A sheet that is done."""
    question = await asked(house, prompt, **dials)
    await house.playground.press("mira", question, label="Draw the sheet")
    (job,) = await house.accepted(1)
    return job, await house.finished(job)


def menu_of(message: Message) -> dict[str, str]:
    """The labels of a sheet's menu, by value."""
    (menu,) = (
        part for row in message.components for part in row["components"] if "options" in part
    )
    return {option["value"]: option["label"] for option in menu["options"]}


async def pick(house: House, sheet: Message, value: str, who: str = "mira") -> Interaction:
    menu = next(
        part["custom_id"]
        for row in sheet.components
        for part in row["components"]
        if "options" in part
    )
    return await house.playground.select(who, sheet, [value], custom_id=menu)


async def test_a_sheet_is_asked_about_and_drawn_from_one_noise(house: House) -> None:
    question = await asked(house, "an apple", dial="--stylize 0..1000 x3", second="red, blue")
    assert question.ephemeral_to == "mira"
    assert "6 pictures" in question.content
    assert "`red`, `blue`" in question.content
    assert "`--stylize 0`, `--stylize 500`, `--stylize 1000`" in question.content
    await house.playground.press("mira", question, label="Draw the sheet")
    (job,) = await house.accepted(1)
    sheet = Sheet.from_json(job.recipe)
    assert (job.title, job.picture_count) == ("compare", 6)
    assert sheet.columns == ("red", "blue")
    assert [cell.prompt for cell in sheet.cells] == ["an apple, red", "an apple, blue"] * 3
    assert len({cell.noise for cell in sheet.cells}) == 1
    shown = await house.finished(job)
    assert "an apple, {red, blue}" in shown.content
    assert "Compared for" in shown.content
    assert len(shown.attachments) == 1
    assert menu_of(shown)["3"] == "blue · --stylize 500"


async def test_a_picture_is_seen_alone_with_its_buttons_and_counts_as_nothing(
    house: House,
) -> None:
    await house.decide(ServerChoices(daily=1))
    job, sheet = await drawn(house, "a {red, blue} apple --seed 7")
    interaction = await (await pick(house, sheet, "1")).ended()
    assert interaction.message
    alone = await interaction.message.until(lambda now: now.attachments)
    assert "a blue apple" in alone.content
    assert "Vary (Strong)" in alone.buttons
    shown = await house.job(alone.buttons["Vary (Strong)"]["custom_id"].split(":")[2])
    assert shown.parent_id == job.id
    assert Recipe.from_json(shown.recipe) == Sheet.from_json(job.recipe).cells[1]
    done = await house.over(job)
    assert shown.pictures[0].sha256 == done.pictures[1].sha256
    # The day's one job was the sheet.
    again = await house.playground.command("mira", "imagine", {"prompt": "a pear"})
    await house.refusal(await again.ended(), "This server allows 1 job")


async def test_a_sheet_counts_as_the_grids_that_it_might_have_been(house: House) -> None:
    await house.decide(ServerChoices(daily=2))
    sent = await house.playground.command("mira", "compare", {"prompt": "a {1..9 x9} cat"})
    await house.refusal(await sent.ended(), "This makes 3 jobs, and you have room for 2")
    await asked(house, "a {1..8 x8} cat")


async def test_again_takes_other_noise_and_after_a_failure_the_same(house: House) -> None:
    job, sheet = await drawn(house, "a {red, blue} apple")
    before = Sheet.from_json(job.recipe)
    await house.playground.press("otto", sheet, label="🔄")
    (second,) = await house.accepted(1)
    after = Sheet.from_json(second.recipe)
    assert after.cells[0].noise != before.cells[0].noise
    assert after.cells[0].noise == after.cells[1].noise
    await house.jobs.fail(second.id, "out_of_memory")
    failed = await house.delivered(second)
    assert list(failed.buttons) == ["🔄"]
    await house.playground.press("mira", failed, label="🔄")
    (third,) = await house.accepted(1)
    assert third.recipe == second.recipe


async def test_what_is_no_sheet_is_refused_in_private(house: House) -> None:
    for prompt, dial, reason in (
        ("a cat", "", "nothing to compare"),
        ("a cat", "--stylize 0..9999 x3", "stylize"),
        ("a {a, b} cat --repeat 2", "", "--repeat"),
        ("a cat", "--stylize 0..100 x40", "40 pictures"),
    ):
        options = {"prompt": prompt, **({"dial": dial} if dial else {})}
        sent = await house.playground.command("mira", "compare", options)
        await house.refusal(await sent.ended(), reason)


async def test_a_sheet_is_no_picture_for_buttons_and_menus(house: House) -> None:
    job, sheet = await drawn(house, "a {red, blue} apple")
    sent = await house.playground.command("mira", "Vary or upscale", target=sheet)
    answer = await sent.ended()
    assert answer.message
    await answer.message.until(lambda now: now.content)
    assert not answer.message.buttons
    recipe = await house.playground.command("mira", "Recipe", target=sheet)
    answer = await recipe.ended()
    assert answer.message
    told = await answer.message.until(lambda now: now.attachments)
    assert "2 pictures" in told.content
    shown = await house.playground.command("mira", "show", {"id": job.id[:8]})
    again = await shown.ended()
    assert again.message
    assert menu_of(await again.message.until(lambda now: now.attachments))
