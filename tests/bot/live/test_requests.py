"""What people ask for: prompts, many at once, buttons, forms, menus, and what is refused."""

import io
import json
from dataclasses import replace

import pytest
from PIL import Image

from bot.panels.help import EXAMPLES
from generation.recipe import Recipe
from playground import Interaction, Message
from storage.decisions.choices import PersonChoices, ServerChoices
from storage.queue import queries
from storage.queue.jobs import Job
from tests.bot.live.house import House
from tests.bot.samples import recipe as sample
from tests.journeys.studio import offered

EVERY = {
    "U1": "Image #1",
    "V2": "of image #2",
    "🔄": "Rerolled",
}


def picture(shade: int) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (64, 64), (shade, 40, 40)).save(data, "PNG")
    return data.getvalue()


async def asked_about(house: House, prompt: str) -> Message:
    """The question about many jobs."""
    asked = await house.imagine(prompt)
    assert asked.message
    return await asked.message.until(lambda now: now.buttons)


async def pressed(house: House, message: Message, label: str, person: str = "mira") -> Interaction:
    return await (await house.playground.press(person, message, label=label)).ended()


async def single(house: House) -> Message:
    """A picture alone, with every button."""
    grid = await house.drawn("a red apple --seed 7")
    await pressed(house, grid, "U2")
    return await house.finished((await house.accepted(1))[0])


def answer(interaction: Interaction) -> Message:
    """The message that was promised."""
    assert interaction.message is not None
    return interaction.message


async def count_drafts(house: House) -> int:
    return int(
        await house.jobs.records.read(
            lambda it: it.exec_driver_sql("SELECT count(*) FROM drafts").scalar_one()
        )
    )


async def has_drafts(house: House) -> bool:
    return await count_drafts(house) > 0


def recipe_of(job: Job) -> Recipe:
    return Recipe.from_json(job.recipe)


async def test_a_prompt_becomes_a_job_that_says_whose_it_is_and_where(house: House) -> None:
    asked = await house.imagine("a red apple --seed 7 --ar 3:2 --relax")
    (job,) = await house.accepted(1)
    assert job.message_id == answer(asked).id
    assert job.person_id == house.playground.people["mira"].id
    assert (job.server_id, job.channel_id) == (house.playground.guild, answer(asked).channel_id)
    assert (job.speed, job.title, job.locale) == ("relax", "imagine", "en-US")
    assert job.interaction_token == asked.token
    made = recipe_of(job)
    assert made.prompt == "a red apple"
    assert made.size.width > made.size.height
    assert made.noise[0].seed == 7


async def test_a_prompt_that_cannot_be_read_comes_back_in_private(house: House) -> None:
    asked = await house.imagine("a cat --seed x")
    said = await house.refusal(asked, "--seed")
    assert "```\na cat\n```" in said.content
    assert await house.jobs.waiting() == []


async def test_a_suggestion_is_drawn_by_its_button_once_and_by_nobody_else(house: House) -> None:
    asked = await house.playground.command(
        "mira",
        "imagine",
        {"prompt": "a cat --iw 2 --chaoss 5"},
        files={"image": ("a.png", picture(9))},
    )
    said = await house.refusal(await asked.ended(), "This would work")
    assert (said.ephemeral_to, list(said.buttons)) == ("mira", ["Draw that"])
    await house.until(lambda: has_drafts(house))
    await house.stop()
    await house.start()
    await pressed(house, said, "Draw that")
    await said.until(lambda now: now.content == "Queued 1 job." and not now.buttons)
    (job,) = await house.accepted(1)
    assert recipe_of(job).prompt == "a cat"
    assert recipe_of(job).inputs.start
    assert await count_drafts(house) == 0


async def test_a_suggestion_of_many_is_asked_about_first(house: House) -> None:
    asked = await house.imagine("a {red, green} {cat, dog} --chaoss 5")
    said = await house.refusal(asked, "This would work")
    await house.until(lambda: has_drafts(house))
    await pressed(house, said, "Draw that")
    await said.until(lambda now: "4 jobs" in now.content)
    assert await house.jobs.waiting() == []
    await pressed(house, said, "Queue them")
    await house.accepted(4)


async def test_what_takes_a_person_to_put_right_has_no_button(house: House) -> None:
    asked = await house.imagine("--ar 3:2")
    assert not (await house.refusal(asked, "This is what you typed")).buttons


@pytest.mark.parametrize("channel", ["general", "dm"])
async def test_help_draws_its_examples_and_turns_to_its_topics(house: House, channel: str) -> None:
    asked = await house.playground.command("mira", "help", channel=channel)
    said = await house.refusal(await asked.ended(), "Press an example")
    assert list(said.buttons) == list(EXAMPLES.values())
    turned = await house.playground.select("mira", said, ["weights"])
    await turned.ended()
    await said.until(lambda now: "--repeat" in now.content)
    press = await pressed(house, said, "a sailboat, line art --ar 3:2")
    (job,) = await house.accepted(1)
    assert job.message_id == answer(press).id
    assert recipe_of(job).prompt == "a sailboat, line art"
    assert recipe_of(job).size.width > recipe_of(job).size.height


async def test_few_are_queued_at_once_in_their_order_with_seeds_that_follow(house: House) -> None:
    asked = await house.imagine("an {owl, fox} --seed 7")
    jobs = await house.accepted(2)
    assert [recipe_of(job).prompt for job in jobs] == ["an owl", "an fox"]
    assert [job.message_id for job in jobs] == sorted(job.message_id or 0 for job in jobs)
    assert jobs[0].message_id == answer(asked).id
    await house.jobs.clear()
    asked = await house.imagine("an owl --seed 7 --r 2")
    await house.refusal(asked, "first repetition")
    seeds = [recipe_of(job).noise[0].seed for job in await house.accepted(2)]
    assert seeds == [7, 11]


@pytest.mark.parametrize("restarted", [False, True])
async def test_many_are_asked_about_and_one_yes_counts_once(house: House, restarted: bool) -> None:
    question = await asked_about(house, "a {red, green, blue} {cat, dog}")
    if restarted:
        await house.stop()
        await house.start()
    assert "6 jobs" in question.content
    assert "a green dog" in question.content
    assert question.ephemeral_to == "mira"
    await pressed(house, question, "Queue them")
    await question.until(lambda now: "Queued 6 jobs." in now.content and not now.buttons)
    jobs = await house.accepted(6)
    assert len({job.message_id for job in jobs}) == 6


async def test_a_question_that_was_answered_is_gone(house: House) -> None:
    question = await asked_about(house, "a cat --r 5")
    await pressed(house, question, "Never mind")
    await question.until(lambda now: "Nothing was queued." in now.content and not now.buttons)

    async def forgotten() -> bool:
        return await count_drafts(house) == 0

    await house.until(forgotten)
    assert await house.jobs.waiting() == []


async def test_a_yes_that_is_refused_can_be_said_again(house: House) -> None:
    question = await asked_about(house, "a {red, green} {cat, dog}")
    await house.decide(ServerChoices(repeat=2))
    await house.refusal(await pressed(house, question, "Queue them"), "allows 2 per")
    assert await house.jobs.waiting() == []
    await house.decide(ServerChoices())
    await pressed(house, question, "Queue them")
    await question.until(lambda now: "Queued 4 jobs" in now.content)
    await house.accepted(4)


async def test_a_yes_after_the_draft_is_gone_says_so(house: House) -> None:
    question = await asked_about(house, "a cat --r 5")
    await house.jobs.clear()
    press = await pressed(house, question, "Queue them")
    await house.refusal(press, "already answered")


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        (ServerChoices(channels=(5,)), "<#5>"),
        (ServerChoices(roles=(5,)), "<@&5>"),
        (ServerChoices(families=("sdxl",)), "allows only `sdxl`"),
        (ServerChoices(largest=100), "this server allows 100"),
        (ServerChoices(repeat=1), "allows 1 per request"),
    ],
)
async def test_what_the_server_does_not_allow_is_refused_in_the_place_of_the_pictures(
    house: House, choices: ServerChoices, sentence: str
) -> None:
    await house.decide(choices)
    asked = await house.imagine("a {red, green} apple")
    said = await house.refusal(asked, sentence)
    assert said.id == answer(asked).id
    typed = await house.refusal(asked, "a {red, green} apple")
    assert (typed.ephemeral_to, typed.reference) == ("mira", said.id)
    assert [m.id for m in house.public(asked.id)] == [said.id]
    assert await house.jobs.waiting() == []
    picture = await asked_in_direct(house)
    assert picture.content


async def asked_in_direct(house: House) -> Message:
    """What holds on a server does not hold at home."""
    return await house.drawn("a red apple", channel="dm")


async def test_a_manager_needs_no_role(house: House) -> None:
    await house.decide(ServerChoices(roles=(5,)))
    await house.imagine("a bus", person="otto")
    await house.accepted(1)


@pytest.mark.parametrize("label", ["U1", "V2", "🔄"])
async def test_each_button_of_a_grid_makes_a_job_of_its_own(house: House, label: str) -> None:
    grid = await house.drawn("a red apple --seed 7")
    press = await pressed(house, grid, label)
    (job,) = await house.accepted(1)
    assert job.message_id == answer(press).id
    assert job.parent_id is not None
    shown = await house.finished(job)
    assert EVERY[label] in shown.content


async def test_every_button_of_a_single_picture_does_something(house: House) -> None:
    picture = await single(house)
    for label in picture.buttons:
        before = await house.jobs.waiting()
        press = await house.playground.press("mira", picture, label=label)
        await press.acknowledged()
        if press.modal is None and label not in {"⭐", "Recipe", "Describe", "History"}:
            (job,) = [j for j in await house.accepted(len(before) + 1) if j.id not in before]
            await house.jobs.cancel(job.id)
            await house.delivered(job)


async def test_forms_take_other_words(house: House) -> None:
    await house.prefer("mira", PersonChoices(remix=True))
    grid = await house.drawn("a red apple --seed 7")
    for label in ("V2", "🔄"):
        press = await house.playground.press("mira", grid, label=label)
        await press.acknowledged()
        assert press.modal
        sent = await house.playground.submit("mira", press, {"prompt": "a pear"})
        await sent.ended()
        (job,) = await house.accepted(1)
        assert recipe_of(job).prompt == "a pear"
        await house.finished(job)


async def test_a_wrong_word_in_a_form_is_said_and_nothing_is_queued(house: House) -> None:
    picture = await single(house)
    press = await house.playground.press("mira", picture, label="Custom Zoom")
    for values, sentence in (
        ({"prompt": "a cat --seed x", "zoom": "1.5"}, "--seed"),
        ({"prompt": "a cat", "zoom": "9"}, "9"),
    ):
        sent = await house.playground.submit("mira", press, values)
        await house.refusal(await sent.ended(), sentence)
    assert await house.jobs.waiting() == []


async def test_v_stays_close_for_people_who_like_it_so(house: House) -> None:
    await house.prefer("mira", PersonChoices(variability="subtle"))
    await pressed(house, await house.drawn("a red apple"), "V1")
    assert (await house.accepted(1))[0].title == "subtle:1"


async def test_buttons_of_a_job_that_is_gone_say_so(house: House) -> None:
    picture = await single(house)
    form = await house.playground.press("mira", picture, label="Custom Zoom")
    await form.acknowledged()
    await house.jobs.clear()
    press = await pressed(house, picture, "🔄")
    await house.refusal(press, "cannot find the job")
    sent = await house.playground.submit("mira", form, {"prompt": "a dog", "zoom": "1.5"})
    await house.refusal(await sent.ended(), "cannot find the job")


async def test_pictures_of_a_model_that_is_gone_say_so(house: House) -> None:
    grid = await house.drawn("a red apple")
    other = replace(sample(), family="sdxl", model="stabilityai/stable-diffusion-xl-base-1.0")
    changed = json.dumps(other.to_json())
    await house.jobs.records.write(
        lambda it: it.exec_driver_sql("UPDATE jobs SET recipe = ?", (changed,))
    )
    press = await pressed(house, grid, "V1")
    await house.refusal(press, "no longer installed")


async def test_a_button_of_another_version_says_so(house: House) -> None:
    grid = await house.drawn("a red apple")
    before = grid.buttons["V1"]["custom_id"]
    row = grid._message.components
    text = json.dumps(row).replace(before, before.replace("vary", "juggle"))
    grid._message.components = json.loads(text)
    press = await pressed(house, grid, "V1")
    await house.refusal(press, "another version")


async def test_a_prompt_too_long_for_a_form_is_said(house: House) -> None:
    await house.prefer("mira", PersonChoices(remix=True))
    grid = await house.drawn("an owl " + "very " * 850 + "wise")
    press = await pressed(house, grid, "V1")
    await house.refusal(press, "too long")


async def test_a_waiting_job_is_cancelled_by_its_owner_and_by_moderators_only(
    house: House,
) -> None:
    await house.imagine("a cat")
    (job,) = await house.accepted(1)
    message = house.shown(job)
    await house.refusal(await pressed(house, message, "Cancel", "gus"), "Only the person who")
    await pressed(house, message, "Cancel", "otto")
    shown = await house.delivered(job)
    assert "cancelled" in shown.content


async def test_a_cancel_that_comes_too_late_says_so(house: House) -> None:
    await house.imagine("a cat")
    (job,) = await house.accepted(1)
    message = house.shown(job)
    run = await house.jobs.begin(job.id)
    await house.jobs.records.write(queries.fail_run, run, "internal")
    await house.refusal(await pressed(house, message, "Cancel"), "already")


async def test_cancel_ends_all_of_ones_own(house: House) -> None:
    for person in ("mira", "mira", "otto"):
        await house.imagine("a cat", person=person)
    await house.accepted(3)
    otto = house.playground.people["otto"].id
    asked = await house.playground.command("mira", "cancel", {})
    await house.refusal(asked, "Cancelled 2")
    assert [job.person_id for job in await house.accepted(1)] == [otto]
    asked = await house.playground.command("mira", "cancel", {})
    await house.refusal(asked, "no jobs waiting")


async def test_images_are_blended_and_started_from(house: House) -> None:
    files = {"image1": ("a.png", picture(200)), "image2": ("b.png", picture(90))}
    asked = await house.playground.command("mira", "blend", {}, files=files)
    await asked.ended()
    (job,) = await house.accepted(1)
    assert len(recipe_of(job).inputs.blend) == 2
    await house.finished(job)
    asked = await house.playground.command(
        "mira", "img2img", {"prompt": "a dog"}, files={"image": ("a.png", picture(120))}
    )
    await asked.ended()
    (job,) = await house.accepted(1)
    assert recipe_of(job).inputs.start is not None


async def test_an_image_that_is_none_is_refused(house: House) -> None:
    asked = await house.playground.command(
        "mira", "img2img", {"prompt": "a dog"}, files={"image": ("a.png", b"GIF8 not")}
    )
    await house.refusal(await asked.ended(), "image")
    assert await house.jobs.waiting() == []


async def test_any_picture_in_the_channel_is_started_from(house: House) -> None:
    said = await house.playground.say("otto", "general", "look", files=[("a.png", picture(30))])
    press = await offered(house.playground, "mira", said)
    sent = await house.playground.submit("mira", press, {"prompt": "a dog"})
    await sent.ended()
    (job,) = await house.accepted(1)
    assert recipe_of(job).inputs.start is not None
    sent = await house.playground.submit("mira", press, {"prompt": "a dog"})
    await house.refusal(await sent.ended(), "already answered")
