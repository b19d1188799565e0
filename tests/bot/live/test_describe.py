"""Pictures described and prompts shortened, through the front door."""

import io
from collections.abc import AsyncIterator

import pytest_asyncio
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from generation.questions.question import Question
from generation.recipe import Recipe
from playground import Interaction, Message
from prompt.describing.targets import TARGETS
from storage.decisions.choices import ServerChoices
from storage.queue.jobs import Job
from storage.queue.order import ModelName
from tests.bot.live.house import House

UNKNOWN = "What it shows I cannot tell"
SEEN = {"thing": "apple", "medium": "3d", "colour": "red"}


def red_disc() -> bytes:
    picture = Image.new("RGB", (300, 200), "white")
    ImageDraw.Draw(picture).ellipse((100, 50, 200, 150), fill="#d81f26")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


async def described(house: House, data: bytes | None = None, who: str = "mira") -> Message:
    """A picture that was described."""
    files = {"image": ("a.png", data or red_disc())}
    await (await house.playground.command(who, "describe", files=files)).ended()
    (job,) = await house.accepted(1)
    return await house.finished(job)


async def question_of(house: House, message: Message) -> Job:
    wanted = next(i for i in ids(message) if i.startswith("easel:card:"))
    return await house.job(wanted.split(":")[3])


def ids(message: Message) -> list[str]:
    return [part["custom_id"] for row in message.components for part in row.get("components", ())]


@pytest_asyncio.fixture(loop_scope="session")
async def knowing(house: House) -> AsyncIterator[House]:
    """A worker whose judge knows the apple."""
    house.jobs.answer = SEEN
    yield house
    house.jobs.answer = {}


async def test_what_is_measured_is_told_at_once_and_nothing_is_guessed(house: House) -> None:
    files = {"image": ("a.png", red_disc())}
    await (await house.playground.command("mira", "describe", files=files)).ended()
    (job,) = await house.accepted(1)
    shown = house.shown(job)
    assert "white, red" in shown.content
    assert "*measured*" in shown.content
    await house.jobs.finish(job.id, house.files)
    card = await house.delivered(job)
    assert "**1** `plain white background" in card.content
    assert UNKNOWN in card.content
    assert "guessed" not in card.content
    assert card.content.count("--ar 3:2`") == 4
    (strip,) = card.attachments
    assert strip.filename.endswith("palette.png")
    assert list(card.buttons) == ["1", "2", "3", "4", "🔄", "Imagine all", "Use its style",
                                  "Say what it shows"]  # fmt: skip


async def test_what_the_judge_knows_is_marked_as_guessed(knowing: House) -> None:
    card = await described(knowing)
    assert "**1** `a red apple, 3d" in card.content
    assert "**Subject** apple · *guessed*" in card.content
    assert UNKNOWN not in card.content


async def test_the_same_picture_is_not_looked_at_twice(knowing: House) -> None:
    await described(knowing)
    knowing.jobs.answer = {}
    files = {"image": ("b.png", red_disc())}
    again = await (await knowing.playground.command("otto", "describe", files=files)).ended()
    assert again.message
    await again.message.until(lambda now: "a red apple" in now.content)
    assert await knowing.jobs.waiting() == []


FOX = {
    "thing": "a red fox",
    "action": "sleeping",
    "medium": "painting",
    "setting": "an autumn forest",
    "words": "SALE **50",
    "prose": "A red fox sleeps in an autumn forest, below the words SALE **50.",
    "by": "owner/eye",
}


@pytest_asyncio.fixture(loop_scope="session")
async def seeing(house: House) -> AsyncIterator[House]:
    """A worker with an eye."""
    await house.jobs.sign_on(ModelName("eyes", "owner/eye"), ModelName("easel", "easel-1"))
    house.jobs.answer = FOX
    yield house
    house.jobs.answer = {}
    await house.jobs.sign_on()


async def test_what_an_eye_sees_is_told_and_each_value_marked(seeing: House) -> None:
    card = await described(seeing)
    job = await question_of(seeing, card)
    assert (job.family, job.model) == ("eyes", "owner/eye")
    assert "**1** `a red fox sleeping" in card.content
    for told in ("Subject", "Action", "Setting"):
        assert f"**{told}** " in card.content
    assert "**Medium** painting · *guessed*" in card.content
    assert r"SALE \*\*50 · *guessed*" in card.content
    assert "**Ground** plain white" in card.content
    menu = next(i for i in ids(card) if ":target:" in i)
    await seeing.playground.select("otto", card, ["flux"], custom_id=menu)
    await card.until(lambda now: "A red fox sleeps in an autumn forest" in now.content)


async def test_every_target_is_written_for_however_much_was_seen(seeing: House) -> None:
    long = {name: f"{name} " * 18 for name in FOX if name not in {"medium", "prose", "by"}}
    seeing.jobs.answer = {**FOX, **long}
    card = await described(seeing)
    menu = next(i for i in ids(card) if ":target:" in i)
    for target in TARGETS:
        await seeing.playground.select("otto", card, [target], custom_id=menu)
        await card.until(lambda now, target=target: f":{target}:0:" in str(now.components))  # type: ignore[misc]
        assert "**4**" in card.content
        assert "**Words in it**" in card.content
        menu = next(i for i in ids(card) if ":target:" in i)


async def test_an_eye_that_came_later_is_asked_anew(knowing: House) -> None:
    await described(knowing)
    await knowing.jobs.sign_on(ModelName("eyes", "owner/eye"))
    again = await described(knowing)
    assert Question.from_json((await question_of(knowing, again)).recipe).eye == "owner/eye"
    await knowing.jobs.sign_on()


async def test_a_word_completes_the_prompt_and_outlives_a_restart(house: House) -> None:
    card = await described(house)
    press = await house.playground.press("mira", card, label="Say what it shows")
    await press.acknowledged()
    assert press.modal
    await house.restart()
    await house.playground.submit("mira", press, {"word": "a **red** --no balloon"})
    await card.until(lambda now: "a red no balloon" in now.content)
    assert UNKNOWN not in card.content
    assert "*exact*" in card.content
    question = Question.from_json((await question_of(house, card)).recipe)
    assert question.word == "a red no balloon"


async def test_only_who_asked_says_what_it_shows(house: House) -> None:
    card = await described(house)
    press = await house.playground.press("otto", card, label="Say what it shows")
    await house.refusal(await press.ended(), "Only the person who asked")


async def test_a_number_opens_the_form_and_the_form_draws(knowing: House) -> None:
    card = await described(knowing)
    press = await knowing.playground.press("otto", card, label="4")
    await press.acknowledged()
    assert press.modal
    assert "a red apple, 3d" in str(press.modal)
    sent = await knowing.playground.submit("otto", press, {"prompt": "a red apple --ar 3:2"})
    await sent.ended()
    (job,) = await knowing.accepted(1)
    assert Recipe.from_json(job.recipe).prompt == "a red apple"


async def test_all_four_are_drawn_after_a_yes(knowing: House) -> None:
    card = await described(knowing)
    press = await (await knowing.playground.press("mira", card, label="Imagine all")).ended()
    assert press.message
    question = await press.message.until(lambda now: now.buttons or "apple" in now.content)
    # Four are asked about first; of a model of few words some of them are the same.
    if "Queue them" in question.buttons:
        await knowing.playground.press("mira", question, label="Queue them")
    await knowing.until(knowing.jobs.waiting)


async def test_other_words_and_other_targets(knowing: House) -> None:
    card = await described(knowing)
    menu = next(i for i in ids(card) if ":target:" in i)
    await knowing.playground.select("otto", card, ["midjourney"], custom_id=menu)
    await card.until(lambda now: ":midjourney:0:" in str(now.components))
    assert "palette of white and red" in card.content
    await knowing.playground.press("otto", card, label="🔄")
    await card.until(lambda now: "bright light throughout" in now.content)
    assert any(":midjourney:1:" in i for i in ids(card))


async def test_its_style_on_other_words_and_on_another_picture(knowing: House) -> None:
    card = await described(knowing)
    press = await knowing.playground.press("otto", card, label="Use its style")
    await press.acknowledged()
    sent = await knowing.playground.submit("otto", press, {"word": "a cat"})
    await sent.ended()
    (job,) = await knowing.accepted(1)
    drawn = Recipe.from_json(job.recipe).prompt
    assert drawn.startswith("a cat, 3d render")
    assert "apple" not in drawn
    press = await knowing.playground.press("otto", card, label="Use its style")
    await press.acknowledged()
    empty = await knowing.playground.submit("otto", press, {"word": ""})
    await knowing.refusal(await empty.ended(), "Say what to draw in this style")


async def test_a_picture_that_was_drawn_here_tells_its_true_prompt(house: House) -> None:
    grid = await house.drawn("a red apple, ink --seed 7")
    await house.playground.press("mira", grid, label="U1")
    (job,) = await house.accepted(1)
    picture = await house.finished(job)
    press = await (await house.playground.press("otto", picture, label="Describe")).ended()
    assert press.message
    card = await press.message.until(lambda now: "easel:card:" in str(now.components))
    assert "**1** `a red apple, ink" in card.content
    assert "**Prompt** exact" in card.content
    assert "Say what it shows" not in card.buttons


async def test_what_a_file_says_comes_before_anything_measured(house: House) -> None:
    said = PngInfo()
    said.add_text("parameters", "an owl, (ink:1.2)\nSteps: 20, Seed: 7, Size: 512x768")
    buffer = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(buffer, "PNG", pnginfo=said)
    files = {"image": ("a.png", buffer.getvalue())}
    asked = await (await house.playground.command("mira", "describe", files=files)).ended()
    assert asked.message
    card = await asked.message.until(lambda now: "easel:card:" in str(now.components))
    assert "**1** `an owl, (ink:1.2)" in card.content
    assert "**Prompt** exact" in card.content
    assert await house.jobs.waiting() == []


async def test_any_picture_of_a_message_is_described(house: House) -> None:
    said = await house.playground.say("otto", "general", "look", files=[("a.png", red_disc())])
    menu = await (await house.playground.command("mira", "Use image…", target=said)).ended()
    assert menu.message
    press = await (await house.playground.press("mira", menu.message, label="Describe")).ended()
    (job,) = await house.accepted(1)
    assert press.message
    assert Question.from_json(job.recipe).kind == "describe"


async def test_questions_are_cancelled_and_held_to_limits_like_jobs(house: House) -> None:
    await house.decide(ServerChoices(unfinished=1, daily=1))
    files = {"image": ("a.png", red_disc())}
    await (await house.playground.command("mira", "describe", files=files)).ended()
    (job,) = await house.accepted(1)
    second = await house.playground.command("mira", "shorten", {"prompt": "a red apple"})
    await house.refusal(await second.ended(), "which is the limit")
    shown = house.shown(job)
    await house.playground.press("mira", shown, label="Cancel")
    await shown.until(lambda now: "cancelled" in now.content)
    # A question is no picture, so the one of the day is still to be had.
    await house.imagine("a red apple")
    assert len(await house.accepted(1)) == 1
    await house.decide(ServerChoices())


async def test_where_the_judge_fails_what_was_measured_stays(house: House) -> None:
    files = {"image": ("a.png", red_disc())}
    await (await house.playground.command("mira", "describe", files=files)).ended()
    (job,) = await house.accepted(1)
    await house.jobs.fail(job.id, "internal")
    card = await house.delivered(job)
    assert "could not be looked at" in card.content
    assert "**1** `plain white background" in card.content


async def test_what_words_do_and_ever_shorter_prompts(house: House) -> None:
    words = ["please", "draw", "a", "red", "apple", "masterpiece"]
    shares = [0.02, 0.2, 0.1, 1.0, 0.6, 0.05]
    house.jobs.answer = {"effects": [list(pair) for pair in zip(words, shares, strict=True)]}
    asked = await house.playground.command(
        "mira", "shorten", {"prompt": "please draw a red apple, masterpiece --ar 3:2"}
    )
    await asked.ended()
    (job,) = await house.accepted(1)
    shown = await house.finished(job)
    house.jobs.answer = {}
    assert "~~please~~" in shown.content
    assert "**red** **apple**, ~~masterpiece~~" in shown.content
    press = await house.playground.press("otto", shown, label="1")
    await press.acknowledged()
    assert "--ar 3:2" in str(press.modal)


async def test_a_question_is_no_picture(house: House) -> None:
    card = await described(house)
    for menu in ("Recipe", "Vary or upscale"):
        press = await (await house.playground.command("mira", menu, target=card)).ended()
        await house.refusal(press, "shows no pictures of mine")
    shown: Interaction = await house.playground.command("mira", "show")
    await shown.ended()
    assert shown.message
    await shown.message.until(lambda now: "no pictures yet" in now.content)


async def test_what_is_no_picture_and_what_has_no_words_is_refused(house: House) -> None:
    nothing = await house.playground.command("mira", "describe")
    await house.refusal(await nothing.ended(), "Attach a picture")
    broken = await house.playground.command(
        "mira", "describe", files={"image": ("a.png", b"GIF8 not")}
    )
    await house.refusal(await broken.ended(), "image")
    bare = await house.playground.command("mira", "shorten", {"prompt": "--ar 3:2"})
    await house.refusal(await bare.ended(), "no words to shorten")
