"""Every way by which somebody's image comes in: all lead through the door, and nowhere else.

What is sent is a file that the door refuses, so that nothing is drawn and the answer is the same
everywhere. Whatever opens a picture in the bot's own process is looked at meanwhile.
"""

import inspect
import io
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from PIL import ImageFile
from typer.testing import CliRunner

from cli import app
from generation.untrusted.door import Decoder
from playground import Interaction
from tests import hostile
from tests.bot.live.house import House
from tests.bot.live.test_painting import page  # noqa: F401 - a fixture
from tests.journeys.studio import Studio, answer, offered
from tests.journeys.test_canvas import single
from tests.journeys.test_region import link

REFUSED: Final = "takes too much work to read"
TRACE: Final = b"a stranger's own bytes"
SENT: Final = hostile.jpeg_with_scans(100, 16).replace(
    b"\xff\xd9", b"\xff\xfe\0\x18" + TRACE + b"\xff\xd9"
)
STAND_IN: Final = str(Path(__file__).parents[3] / "playground")


def is_stand_in() -> bool:
    """Whether the stand-in is at work here, by what has called what."""
    frame = inspect.currentframe()
    while frame and not frame.f_code.co_filename.startswith(STAND_IN):
        frame = frame.f_back
    return frame is not None


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What came to the door; fails where a picture that did not is opened in this process."""
    came: list[bytes] = []
    ask, begin = Decoder._ask, ImageFile.ImageFile.__init__

    def look(decoder: Decoder, head: Any, data: bytes, side: int) -> Any:
        came.append(bytes(data))
        return ask(decoder, head, data, side)

    def open_here(image: Any, fp: Any, *rest: Any) -> None:
        data = fp.getvalue() if isinstance(fp, io.BytesIO) else b""
        # The stand-in, in this process as well, measures attachments as Discord does.
        assert TRACE not in data or is_stand_in(), "a stranger's bytes were opened by the bot"
        begin(image, fp, *rest)

    monkeypatch.setattr(Decoder, "_ask", look)
    monkeypatch.setattr(ImageFile.ImageFile, "__init__", open_here)
    yield
    assert any(TRACE in data for data in came)


Way = Callable[[House], Awaitable[Interaction]]


def attach(command: str, option: str = "image", **options: object) -> Way:
    """An image given to a command."""

    async def send(house: House) -> Interaction:
        files = {option: ("holiday.txt", SENT)}
        return await house.playground.command("mira", command, options, files=files)

    return send


def type_link(command: str, option: str = "prompt", text: str = "{}", **options: object) -> Way:
    """A link typed somewhere."""

    async def send(house: House) -> Interaction:
        typed = text.format(house.playground.host("a.png", SENT))
        return await house.playground.command("mira", command, {**options, option: typed})

    return send


async def blend(house: House) -> Interaction:
    files = {"image1": ("a.png", SENT), "image2": ("b.png", hostile.png(9, 9))}
    return await house.playground.command("mira", "blend", {}, files=files)


async def compare(house: House) -> Interaction:
    asked = await attach("compare", prompt="a cat", dial="red, blue")(house)
    question = await answer(asked)
    if "Draw the sheet" not in question.buttons:
        return asked
    return await house.playground.press("mira", question, label="Draw the sheet")


async def post(house: House) -> Any:
    return await house.playground.say("otto", "general", "look", files=[("a.png", SENT)])


async def use_as_prompt(house: House) -> Interaction:
    press = await offered(house.playground, "mira", await post(house))
    return await house.playground.submit("mira", press, {"prompt": "a dog"})


async def press_in_menu(house: House, label: str) -> Interaction:
    menu = await answer(
        await house.playground.command("mira", "Use image…", target=await post(house))
    )
    return await house.playground.press("mira", menu, label=label)


async def ask_for_recipe(house: House) -> Interaction:
    return await house.playground.command("mira", "Recipe", target=await post(house))


async def edit(house: House) -> Interaction:
    form = await house.playground.command("mira", "Edit", target=await post(house))
    await form.acknowledged()
    return await house.playground.submit("mira", form, {"prompt": "sepia"})


async def start_from_mention(house: House) -> Interaction:
    standin = house.playground
    words = f"<@{standin.world.bot.id}>"
    said = await standin.say("mira", "general", words, files=[("a.png", SENT)])
    shown = await standin.message(lambda m: m.reference == said.id and m.author == "bot")
    press = await standin.press("mira", shown, label="Start from it")
    await press.acknowledged()
    return await standin.submit("mira", press, {"prompt": "a dog"})


async def upload_in_form(house: House) -> Interaction:
    grid = await house.drawn()
    await house.playground.press("mira", grid, label="U1")
    (job,) = await house.accepted(1)
    press = await house.playground.press("mira", await house.finished(job), label="Edit")
    await press.acknowledged()
    values, files = {"prompt": "add a hat"}, {"second": ("hat.png", SENT)}
    return await house.playground.submit("mira", press, values, files=files)


async def upload_for_style(house: House) -> Interaction:
    files = {"image": ("a.png", hostile.png(64, 64))}
    await (await house.playground.command("mira", "describe", files=files)).ended()
    (job,) = await house.accepted(1)
    card = await house.finished(job)
    press = await house.playground.press("mira", card, label="Use its style")
    await press.acknowledged()
    sent = {"picture": ("a.png", SENT)}
    return await house.playground.submit("mira", press, {"word": "a cat"}, files=sent)


WAYS: Final[dict[str, Way]] = {
    **{
        f"/{command}, {option}": attach(command, option, **options)
        for command, option, options in (
            ("imagine", "image", {"prompt": "a cat"}),
            ("imagine", "style", {"prompt": "a cat"}),
            ("imagine", "character", {"prompt": "a cat"}),
            ("img2img", "image", {"prompt": "a cat"}),
            ("sketch", "drawing", {"prompt": "a cat"}),
            ("describe", "image", {}),
            ("verify", "image", {}),
        )
    },
    "/blend": blend,
    "/compare": compare,
    "link before a prompt": type_link("imagine", text="{} a cat"),
    **{
        f"link behind {flag}": type_link("imagine", text=f"a cat {flag} {{}}")
        for flag in ("--sref", "--cref", "--oref")
    },
    "link to describe": type_link("describe", "link"),
    "link to verify": type_link("verify", "link"),
    "another's, as image prompt": use_as_prompt,
    "another's, described": partial(press_in_menu, label="Describe"),
    "another's, its recipe": ask_for_recipe,
    "another's, edited": edit,
    "mention": start_from_mention,
    "form of an edit": upload_in_form,
    "form of a style": upload_for_style,
}


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("way", WAYS)
async def test_every_way_leads_through_the_door(house: House, way: str) -> None:
    await house.refusal(await (await WAYS[way](house)).ended(), REFUSED)
    assert await house.jobs.waiting() == []


@pytest.mark.usefixtures("page", "watched")
async def test_the_page_s_mask_does_too(studio: Studio) -> None:
    address, _, text = (await link(studio, await single(studio))).partition("#")
    form = aiohttp.FormData({"prompt": "a hat"})
    form.add_field("mask", SENT, filename="mask.png")
    headers = {"Authorization": f"Bearer {text}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{address.partition('?')[0]}job", data=form) as response,
    ):
        assert (response.status, REFUSED in (await response.json())["said"]) == (422, True)


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize(
    "words",
    [["describe"], ["verify"], ["parse", "--picture"], ["imagine", "a cat", "--image"]],
)
async def test_so_do_files_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EASEL_DATA", str(tmp_path / "data"))
    file = tmp_path / "a.png"
    file.write_bytes(SENT)
    result = CliRunner().invoke(app.app, [*words, str(file)])
    assert (result.exit_code, REFUSED in result.output) == (1, True), result.output
