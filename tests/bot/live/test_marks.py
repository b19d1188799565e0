"""Marks on what leaves, and what is told of them, through the front door."""

import io
import struct
import zlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from PIL import Image

from bot.delivery.marking import load_known
from cli import provenance
from generation.pictures.grid import compose
from generation.pictures.metadata import encode_png
from generation.provenance.identity import make_identity
from generation.provenance.manifest import Claim, Statement, read, sign
from generation.recipe import Recipe
from playground import Message
from storage.files import Files
from storage.queue.jobs import Job, Made
from tests.bot.live.house import House
from tests.photographs import ASTRONAUT, COFFEE

CLAIM = Claim(title="holiday", job="00000000", digest="0" * 64, model="camera")


def photograph(side: int = 256) -> Image.Image:
    return Image.open(ASTRONAUT.path).convert("RGB").resize((side, side))


def paint(recipe: Recipe, index: int | None, files: Files) -> Made:
    """A photograph in the place of what a worker draws."""
    picture = photograph() if index is not None else compose([photograph()] * len(recipe.noise))
    sha256 = files.put(encode_png(picture, recipe, index=index))
    return Made(sha256=sha256, width=256, height=256, digest=f"astronaut-{index}")


def preview(data: bytes) -> bytes:
    """What Discord shows of a file, at half its size."""
    buffer, image = io.BytesIO(), Image.open(io.BytesIO(data)).convert("RGB")
    image.resize((image.width // 2, image.height // 2)).save(buffer, "WEBP", quality=80)
    return buffer.getvalue()


@pytest_asyncio.fixture(loop_scope="session")
async def marking(house: House, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """A bot that marks, as it does unless told otherwise."""
    await house.stop()
    await house.start(watermark=True)
    monkeypatch.setattr(house.jobs, "_paint", paint)
    yield house
    # The next test starts one as the others have it.
    await house.stop()


async def drawn(
    house: House, prompt: str = "a red apple --batch 1", **more: str
) -> tuple[Job, bytes]:
    """A job, and the file in which its pictures came."""
    await house.imagine(prompt, **more)
    (job,) = await house.accepted(1)
    message = await house.finished(job)
    data = await house.playground.read(message.attachments[0])
    return await house.job(job.id), data


async def said_of(house: House, data: bytes, who: str = "mira", name: str = "a.png") -> str:
    """What somebody is told of a file."""
    files = {"image": (name, data)}
    press = await (await house.playground.command(who, "verify", files=files)).ended()
    assert press.message
    assert press.message.ephemeral_to == who
    return (await press.message.until(lambda now: now.content)).content


async def signed_in(house: House, data: bytes, kind: str = "png") -> Statement:
    known = await house.jobs.records.read(load_known, house.jobs._settings)
    found = read(data, kind, known.trust)
    assert found
    return found


async def test_what_leaves_is_marked_and_what_is_stored_is_not(marking: House) -> None:
    job, data = await drawn(marking, "a red apple")
    assert job.grid
    stored = marking.files.get(job.grid.sha256)
    assert read(stored, "png") is None
    assert data != stored
    statement = await signed_in(marking, data)
    assert (statement.state, statement.job) == ("ours", job.id[:8])
    assert statement.source == "trainedAlgorithmicMedia"
    said = await said_of(marking, data)
    assert said.startswith("**Made here with AI, and unchanged since**")
    assert job.id[:8] in said
    # Where all of it is lost but the pixels, and of these a part.
    for image in (data, cut(data)):
        said = await said_of(marking, preview(image), name="a.webp")
        assert said.startswith("**Made here with AI, and perhaps changed since**")
        assert "Signature: none" in said
        assert f"job `{job.id[:8]}` was asked for" in said


async def test_prints_and_what_was_before_are_marked(marking: House) -> None:
    played = marking.playground
    await marking.imagine("a red apple")
    (job,) = await marking.accepted(1)
    grid = await marking.finished(job)
    press = await played.press("mira", grid, label="U1")
    await press.acknowledged()
    (single,) = await marking.accepted(1)
    shown = await marking.finished(single)
    form = await (await played.press("mira", shown, label="Print…")).acknowledged()
    paper = await (await played.submit("mira", form, {"length": "12"})).ended()
    form = await (await played.press("mira", shown, label="Edit")).acknowledged()
    await (await played.submit("mira", form, {"prompt": "warmer"})).acknowledged()
    (warm,) = await marking.accepted(1)
    press = await played.press("mira", await marking.finished(warm), label="Before/after")
    both = await press.ended()
    for made, kind, of in ((paper, "jpeg", single), (both, "webp", warm)):
        assert made.message
        (file,) = (await made.message.until(lambda now: now.attachments)).attachments
        data = await played.read(file)
        statement = await signed_in(marking, data, kind)
        assert (statement.state, statement.job) == ("ours", of.id[:8])
        said = await said_of(marking, preview(data), name="a.webp")
        assert f"job `{of.id[:8]}` was asked for" in said


def cut(grid: bytes) -> bytes:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(grid)).crop((256, 0, 512, 256)).save(buffer, "PNG")
    return buffer.getvalue()


async def test_the_prompt_is_told_to_who_asked_for_it_alone(marking: House) -> None:
    _, data = await drawn(marking)
    shown = preview(data)
    assert "a red apple" in await said_of(marking, shown, name="a.webp")
    assert "a red apple" not in await said_of(marking, shown, "otto", name="a.webp")


async def test_what_is_changed_or_of_others_is_told_apart(marking: House) -> None:
    _, data = await drawn(marking)
    note = b"tEXtAuthor\0Somebody"
    chunk = struct.pack(">I", len(note) - 4) + note + struct.pack(">I", zlib.crc32(note))
    said = await said_of(marking, data[:-12] + chunk + data[-12:])
    assert "Signature: mine, but it does not fit the file" in said
    forged = sign(COFFEE.read(), "png", CLAIM, make_identity("Somebody"))
    said = await said_of(marking, forged)
    assert said.startswith("**Signed by somebody else, and unchanged since**")
    assert "of Somebody" in said
    assert "none of mine" in said
    said = await said_of(marking, COFFEE.read())
    assert said.startswith("**Nothing tells where this picture is from, which proves nothing**")


async def test_an_edit_names_what_it_was_made_from(marking: House) -> None:
    upload = sign(COFFEE.read(), "png", CLAIM, make_identity("Camera"))
    files = {"image": ("coffee.png", upload)}
    options = {"prompt": "tea --batch 1", "strength": 0.5}
    await (await marking.playground.command("mira", "img2img", options, files=files)).ended()
    (job,) = await marking.accepted(1)
    data = await marking.playground.read((await marking.finished(job)).attachments[0])
    statement = await signed_in(marking, data)
    assert statement.ingredients == ("upload",)
    assert statement.source == "compositeWithTrainedAlgorithmicMedia"
    # With it go the statements of the upload, by whoever signed them.
    assert b"Camera" in data
    assert "It names what the picture was made from: upload" in await said_of(marking, data)


async def test_a_picture_of_ours_that_is_sent_back_is_known_again(marking: House) -> None:
    first, data = await drawn(marking, "a red apple")
    files = {"image": ("a.webp", preview(cut(data)))}
    options = {"prompt": "a green apple --batch 1", "strength": 0.5}
    await (await marking.playground.command("otto", "img2img", options, files=files)).ended()
    (job,) = await marking.accepted(1)
    again = await marking.playground.read((await marking.finished(job)).attachments[0])
    assert (await signed_in(marking, again)).ingredients == (f"easel-{first.id[:8]}",)


async def test_a_message_is_asked_where_its_picture_is_from(marking: House) -> None:
    await marking.imagine("a red apple --batch 1")
    (job,) = await marking.accepted(1)
    message: Message = await marking.finished(job)
    menu = await (await marking.playground.command("otto", "Use image…", target=message)).ended()
    assert menu.message
    press = await marking.playground.press("otto", menu.message, label="Where is it from?")
    said = await marking.refusal(press, "Made here with AI, and unchanged since")
    assert job.id[:8] in said.content


async def test_the_command_line_tells_the_same(
    marking: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, data = await drawn(marking)
    file = marking.jobs._settings.data / "shown.png"
    file.write_bytes(data)
    # The tables here are made at once, by no migration.
    monkeypatch.setattr(provenance, "require_current", lambda _: None)
    said = provenance.inspect_file(file, marking.jobs._settings)
    assert "Made here with AI, and unchanged since" in said
    assert job.id[:8] in said


async def test_a_host_may_do_without(house: House) -> None:
    await house.stop()
    await house.start(sign=False)
    try:
        job, data = await drawn(house, "a red apple")
        assert job.grid
        assert data == house.files.get(job.grid.sha256)
    finally:
        await house.stop()
