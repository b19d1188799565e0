"""What is held or reported: nobody sees it by any way, moderators decide, and appeals are one."""

import io
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest import mock

import discord
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import Connection, select

from bot.access import audience
from playground import Interaction, Message
from playground.client.options import NotPossibleError
from playground.state.records import Attachment, Permission, Upload
from storage.database.tables import JobRow
from storage.decisions.choices import PersonChoices, ServerChoices
from storage.queue import books
from storage.queue.jobs import Job
from storage.queue.moderation import report
from tests.bot.live.house import House

HELD = "held back for now"


def glares(data: bytes) -> bool:
    """Whether a picture has the colour of what the toy classifier finds explicit."""
    with Image.open(io.BytesIO(data)) as picture:
        levels = np.asarray(picture.convert("RGB"), dtype=int)
    return bool(((levels[..., 0] > 180) & (levels[..., 1] < 90) & (levels[..., 2] > 180)).any())


@contextmanager
def watching(house: House) -> Iterator[list[tuple[str, bytes, int]]]:
    """Names, bytes and channels of all files that are sent meanwhile, whatever becomes of them."""
    sent: list[tuple[str, bytes, int]] = []
    files = house.playground.world.files
    store = files.store

    def note(upload: Upload, channel_id: int, *, ephemeral: bool = False) -> Attachment:
        sent.append((upload.filename, upload.data, channel_id))
        return store(upload, channel_id, ephemeral=ephemeral)

    with mock.patch.object(files, "store", note):
        yield sent


def leaked(sent: list[tuple[str, bytes, int]]) -> list[str]:
    """Names of pictures among those that show what is held."""
    pictures = (".png", ".webp", ".jpg")
    return [name for name, data, _ in sent if name.endswith(pictures) and glares(data)]


async def held(house: House, prompt: str = "a glaring apple", **more: str) -> tuple[Job, Message]:
    """A job whose pictures are held, and its message."""
    await house.imagine(prompt, **more)
    (job,) = await house.accepted(1)
    message = await house.finished(job)
    found = await house.job(job.id)
    assert (found.state, found.failure, found.images) == ("failed", "held", ())
    return found, message


def find_latest(connection: Connection) -> str:
    latest = select(JobRow.id).order_by(JobRow.created_at.desc()).limit(1)
    return str(connection.execute(latest).scalar_one())


async def ask(house: House, person: str, name: str, options: dict[str, Any]) -> Interaction:
    return await (await house.playground.command(person, name, options)).ended()


async def appeal(house: House, message: Message, person: str = "mira") -> Message:
    press = await house.playground.press(person, message, label="Appeal")
    await press.acknowledged()
    assert press.modal
    sent = await house.playground.submit(person, press, {"reason": "it is a sunset"})
    said = (await sent.ended()).message
    assert said
    assert said.ephemeral_to == person
    return await said.until(lambda now: now.content)


async def queue(house: House, person: str = "otto") -> Message:
    """What a moderator sees by `/mod`."""
    opened = (await ask(house, person, "mod", {})).message
    assert opened
    assert opened.ephemeral_to == person
    return await opened.until(lambda now: now.content)


async def decide(house: House, panel: Message, decision: str, reason: str = "") -> None:
    chosen = await house.playground.select("otto", panel, [decision])
    await chosen.acknowledged()
    assert chosen.modal
    await (await house.playground.submit("otto", chosen, {"reason": reason})).acknowledged()


async def show_by_id(house: House, job: Job, message: Message) -> None:
    await ask(house, "mira", "show", {"id": job.id})


async def show_latest(house: House, job: Job, message: Message) -> None:
    await ask(house, "mira", "show", {})


async def mark(house: House, job: Job, message: Message) -> None:
    await house.playground.react("mira", message, "⭐")
    await ask(house, "mira", "show", {})


async def send_home(house: House, job: Job, message: Message) -> None:
    await house.playground.react("mira", message, "✉️")


async def draw_again(house: House, job: Job, message: Message) -> None:
    await house.playground.react("mira", message, "🔄")


async def export(house: House, job: Job, message: Message) -> None:
    panel = (await ask(house, "mira", "privacy", {})).message
    assert panel
    await panel.until(lambda now: now.buttons)
    await (await house.playground.press("mira", panel, label="Get a copy")).ended()


async def tell_recipe(house: House, job: Job, message: Message) -> None:
    await (await house.playground.command("mira", "Recipe", target=message)).ended()


async def vary_menu(house: House, job: Job, message: Message) -> None:
    await (await house.playground.command("mira", "Vary or upscale", target=message)).ended()


WAYS: dict[str, Callable[[House, Job, Message], Awaitable[None]]] = {
    "show": show_by_id,
    "latest": show_latest,
    "favourites": mark,
    "direct message": send_home,
    "again": draw_again,
    "export": export,
    "recipe": tell_recipe,
    "menu": vary_menu,
}


@pytest.mark.parametrize(
    ("prompt", "channel", "choices", "person"),
    [
        ("a glaring apple", "general", ServerChoices(), PersonChoices()),
        ("a glaring apple", "dm", ServerChoices(), PersonChoices()),
        ("a glaring apple", "general", ServerChoices(results=-1), PersonChoices()),
        ("a glaring apple", "general", ServerChoices(), PersonChoices(private=True)),
    ],
)
async def test_held_pictures_are_in_no_request(
    house: House, prompt: str, channel: str, choices: ServerChoices, person: PersonChoices
) -> None:
    if choices.results:
        choices = ServerChoices(results=house.playground.channel("art"))
    await house.decide(choices)
    await house.prefer("mira", person)
    with watching(house) as sent:
        job, message = await held(house, prompt, channel=channel)
        assert HELD in message.content
        assert list(message.buttons) == ["Appeal"]
        assert not message.attachments
        for way, take in WAYS.items():
            await take(house, job, message)
            assert not leaked(sent), way
        # What follows without an answer has been done by the time that something later has.
        await house.drawn("a red apple", person="otto")
    assert not leaked(sent)
    assert sent


async def test_a_sheet_with_one_such_picture_is_held_whole(house: House) -> None:
    with watching(house) as sent:
        asked = await house.playground.command(
            "mira", "compare", {"prompt": "a {glaring, red} apple"}
        )
        answer = (await asked.ended()).message
        assert answer
        question = await answer.until(lambda now: now.buttons)
        await (await house.playground.press("mira", question, label="Draw the sheet")).ended()
        (job,) = await house.accepted(1)
        assert HELD in (await house.finished(job)).content
    assert not leaked(sent)


async def test_a_moderator_releases_what_was_held_after_one_appeal(house: House) -> None:
    job, message = await held(house)
    assert "one appeal" not in (await appeal(house, message)).content
    assert "one appeal for each request" in (await appeal(house, message)).content
    said = await appeal(house, message, person="otto")
    assert "Only the person who asked" in said.content
    with pytest.raises(NotPossibleError):
        await ask(house, "mira", "mod", {})
    with watching(house) as sent:
        panel = await queue(house)
        await panel.until(lambda now: now.attachments)
        assert "1 case waits" in panel.content
        assert "it is a sunset" in panel.content
        (blurred,) = panel.attachments
        assert blurred.filename.startswith("SPOILER_")
        await decide(house, panel, "release")
        await message.until(lambda now: now.attachments)
        await panel.until(lambda now: "Nothing waits" in now.content and not now.attachments)
    # Seen by the moderator alone, and then by everybody.
    assert len(leaked(sent)) == 2
    assert "U1" in message.buttons
    assert (await house.job(job.id)).state == "done"


async def test_a_reported_picture_is_taken_back_wherever_it_is_shown(house: House) -> None:
    grid = await house.drawn("a red apple")
    await house.playground.react("mira", grid, "✉️")
    home = await house.playground.message(
        lambda m: m.channel_id == house.playground.channel("@mira") and m.id > grid.id
    )
    for person in ("otto", "mira"):
        said = (await ask_menu(house, person, "Recipe", grid)).message
        assert said
        await said.until(lambda now: "Report…" in now.buttons)
        press = await house.playground.press(person, said, label="Report…")
        reasons = (await press.ended()).message
        assert reasons
        await reasons.until(lambda now: now.components)
        await (await house.playground.select(person, reasons, ["violence"])).acknowledged()
        await reasons.until(lambda now: "It is reported" in now.content)
    assert grid.attachments
    kept = (await ask_menu(house, "mira", "Vary or upscale", grid)).message
    assert kept
    await kept.until(lambda now: "U1" in now.buttons)
    panel = await queue(house)
    assert panel.content.count("Violence or hatred") == 2
    await decide(house, panel, "warn", "too much blood")
    await grid.until(lambda now: "A moderator decided" in now.content and not now.attachments)
    await home.until(lambda now: now.deleted)
    told = await house.playground.message(
        lambda m: m.channel_id == home.channel_id and "warns you" in m.content
    )
    assert "> too much blood" in told.content
    # Buttons that were still open lead nowhere.
    press = await house.playground.press("mira", kept, label="U1")
    await house.refusal(await press.ended(), "are held back")


async def ask_menu(house: House, person: str, menu: str, target: Message) -> Interaction:
    return await (await house.playground.command(person, menu, target=target)).ended()


def says(text: str, now: Message) -> bool:
    return text in now.content


async def test_too_many_warnings_block_for_a_week(house: House) -> None:
    for _ in range(3):
        await held(house)
    for left in ("2 cases wait", "1 case waits", "Nothing waits"):
        panel = await queue(house)
        await decide(house, panel, "warn")
        await panel.until(partial(says, left))
    mira = house.playground.people["mira"].id
    blocks = await house.jobs.records.read(books.read_blocks, mira, house.playground.guild)
    assert list(blocks) == [house.playground.guild]
    said = await house.imagine("a red apple")
    await house.refusal(said, "let you ask for pictures here again")


async def test_what_may_show_a_minor_is_for_the_host_alone(house: House) -> None:
    with watching(house) as sent:
        # In a channel for adults, too.
        await house.imagine("a glaring apple and a child", channel="after-dark")
        (job,) = await house.accepted(1)
        message = await house.finished(job)
        assert "may sexualize a minor" in message.content
        assert "apple" not in message.content
        assert not message.buttons
        told = await house.playground.message(lambda m: f"easel cases show {job.id}" in m.content)
        assert told.channel_id != message.channel_id
        panel = await queue(house)
        assert "Nothing waits" in panel.content
        # So is what somebody reports as such.
        grid = await house.drawn("a glaring apple", channel="after-dark")
        assert len(leaked(sent)) == 1
        shown = await house.job(await house.jobs.records.read(find_latest))
        gus = house.playground.people["gus"].id
        await house.jobs.records.write(report, shown.id, gus, "minors", minors=True)
        house.jobs.wake()
        await grid.until(lambda now: "may sexualize" in now.content and not now.attachments)
        assert "Nothing waits" in (await queue(house)).content
    assert len(leaked(sent)) == 1


async def test_pictures_from_among_adults_are_shown_among_adults_alone(house: House) -> None:
    grid = await house.drawn("a glaring apple", channel="after-dark")
    job = await house.job(await house.jobs.records.read(find_latest))
    assert job.adult
    with watching(house) as sent:
        for way in WAYS.keys() - {"again"}:
            await WAYS[way](house, job, grid)
            assert not leaked(sent), way
        await house.playground.message(
            lambda m: m.id > grid.id and "restricted to adults" in m.content
        )
        # Nothing is made of them elsewhere either, and what the server collects stays where it is.
        await house.decide(ServerChoices(results=house.playground.channel("art")))
        again = await house.drawn("a glaring pear", channel="after-dark")
        assert again.channel_id == grid.channel_id
        assert len(leaked(sent)) == 1
        shown = (
            await (
                await house.playground.command("mira", "show", {"id": job.id}, channel="after-dark")
            ).ended()
        ).message
        assert shown
        await shown.until(lambda now: now.attachments)


async def test_no_direct_message_takes_the_place_of_a_channel_for_adults(house: House) -> None:
    await house.imagine("a glaring apple", channel="after-dark")
    (job,) = await house.accepted(1)
    with watching(house) as sent:
        await house.playground.delete("otto", house.shown(job))
        house.playground.forbid("bot", "after-dark", Permission.SEND_MESSAGES)
        await house.jobs.finish(job.id, house.files)
        told = await house.playground.message(lambda m: "none is left that takes them" in m.content)
        house.playground.permit("bot", "after-dark", Permission.SEND_MESSAGES)
    assert told.channel_id == house.playground.channel("@mira")
    assert not leaked(sent)


PLACES = ("general", "thread", "after-dark", "dark thread", "adult server", "direct")


def make_place(name: str) -> Any:
    """A channel as discord.py gives it."""
    if name == "direct":
        return None
    level = "explicit" if name == "adult server" else "default"
    guild = mock.Mock(nsfw_level=discord.NSFWLevel[level])
    dark = name in {"after-dark", "dark thread"}
    return mock.Mock(guild=guild, is_nsfw=lambda: dark)


@pytest.mark.parametrize("shown", PLACES)
@pytest.mark.parametrize("made", PLACES)
async def test_every_pair_of_places(made: str, shown: str) -> None:
    adults = {"after-dark", "dark thread", "adult server"}
    wanted = made not in adults or shown in adults
    here = audience.is_age_restricted(make_place(made))
    client = mock.Mock(get_channel=lambda _: make_place(made))
    # Jobs of before say nothing of it; their channel does.
    for adult in (here, None):
        job = mock.Mock(adult=adult, channel_id=5, failure=None)
        assert audience.may_appear(client, job, make_place(shown)) == wanted
