"""A database that answers nobody for a while: everything that is pressed is answered in time.

Discord gives an interaction up that is not answered within three seconds; so does the stand-in.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from PIL import Image

from bot.interactions import patience
from playground import Interaction, Message, Playground
from playground.state import components
from storage.database.records import Records
from storage.decisions.choices import PersonChoices
from tests.bot.live.house import House
from tests.hostile import encoded
from tests.journeys.studio import offered

AT_ONCE = 10
Use = Callable[[], Awaitable[Interaction]]
SHEET = {"prompt": "a cat", "dial": "watercolour, oil painting"}
PICTURE = ("a.png", encoded(Image.new("RGB", (64, 64), "red"), "PNG"))
Sent = tuple[str, Interaction, dict[str, object]]


@asynccontextmanager
async def held(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """While this is entered, nothing is read or written."""
    free = asyncio.Event()

    def wait_first(action: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def waited(*given: object, **named: object) -> object:
            await free.wait()
            return await action(*given, **named)

        return waited

    with monkeypatch.context() as patch:
        patch.setattr(patience, "PATIENCE", patience.PATIENCE / 10)
        for name in ("read", "read_apart", "write", "write_apart"):
            patch.setattr(Records, name, wait_first(getattr(Records, name)))
        yield
        free.set()


PROMPTS = ("a cat", "a cat --mine", "a cat --ar x", "--preset ink", "a {b,c,d,e}")
COMMANDS: tuple[tuple[str, dict[str, Any]], ...] = (
    *(("imagine", {"prompt": prompt}) for prompt in PROMPTS),
    ("img2img", {"prompt": "a cat", "image": PICTURE}),
    ("sketch", {"prompt": "a cat", "drawing": PICTURE}),
    ("blend", {"image1": PICTURE, "image2": PICTURE}),
    ("describe", {"image": PICTURE}),
    ("verify", {"image": PICTURE}),
    ("compare", SHEET),
    ("shorten", {"prompt": "a red apple on a table"}),
    ("translate", {"prompt": "a cat", "target": "midjourney"}),
    ("info", {}),
    ("help", {}),
    ("cancel", {}),
    ("settings", {}),
    ("privacy", {}),
    ("show", {}),
    ("show", {"id": "0" * 32}),
    ("prefer remix", {}),
    ("prefer suffix", {"new_value": "ink"}),
    ("prefer flags", {"new_value": "--ar 3:2"}),
    ("prefer variability", {"strength": "subtle"}),
    ("prefer option set", {"option": "mine", "value": "ink"}),
    ("prefer option list", {}),
    ("preset list", {}),
    ("preset show", {"name": "ink"}),
    ("preset save", {"name": "ink", "text": "ink"}),
    ("preset use", {"name": "ink"}),
    ("preset default", {"name": "ink"}),
    ("preset delete", {"name": "ink"}),
    ("preset export", {}),
    ("preset import", {"file": ("presets.json", b'{"version": 1, "presets": {}}')}),
    ("server", {}),
    ("mod", {}),
)
"""Every command, each with what it can be asked in one way; files stand in the place of options."""

MENUS = ("Recipe", "Delete", "Vary or upscale", "Edit", "Use image…")
TYPING: tuple[tuple[str, dict[str, object], str], ...] = (
    ("show", {"id": "a"}, "id"),
    ("imagine", {"prompt": "a --preset i"}, "prompt"),
    ("imagine", {"prompt": "a", "preset": "i"}, "preset"),
    ("prefer option set", {"option": "m"}, "option"),
    ("preset show", {"name": "i"}, "name"),
)


def list_commands(play: Playground) -> Iterator[str]:
    """Names of all commands that are registered, each with its subcommand's."""
    found = [(command["name"], command) for command in play.world.commands.all()]
    while found:
        name, command = found.pop()
        inner = [one for one in command.get("options") or () if one["type"] in (1, 2)]
        found += [(f"{name} {one['name']}", one) for one in inner]
        if not inner:
            yield name


async def use_command(play: Playground, name: str, given: dict[str, Any]) -> Interaction:
    files = {key: value for key, value in given.items() if isinstance(value, tuple)}
    options = {key: value for key, value in given.items() if key not in files}
    # Those of the server are for who manages it.
    who = "otto" if name in {"server", "mod", "preset default"} else "mira"
    return await play.command(who, name, options, files=files)


def list_uses(play: Playground, person: str, message: Message) -> Iterator[Use]:
    """Presses on everything under a message, and the choice of the first in every menu."""
    for part in components.walk(message.components):
        if part["type"] == components.BUTTON:
            yield partial(play.press, person, message, custom_id=part["custom_id"])
        elif part["type"] == components.STRING_SELECT:
            value, name = part["options"][0]["value"], part["custom_id"]
            yield partial(play.select, person, message, [value], custom_id=name)


async def ask_completions(play: Playground, *typed: Any) -> Interaction:
    return play.ask_completions("mira", *typed)


async def shown_to(play: Playground, asked: Interaction) -> Message:
    """An answer, once there is something to press."""
    message = (await asked.ended()).message
    assert message
    return await message.until(lambda now: now.components)


async def open_forms(house: House, picture: Message, grid: Message, card: Message) -> list[Sent]:
    """Every form there is, and what it is submitted with."""
    play = house.playground
    await house.prefer("otto", PersonChoices(remix=True))
    panel = await shown_to(play, await play.command("otto", "server"))
    topic = "easel:panel:server:open"
    opened: list[Sent] = [
        ("mira", await play.press("mira", picture, label="Custom Zoom"), {"prompt": "a dog"}),
        ("mira", await offered(play, "mira", picture), {"prompt": "a dog"}),
        ("mira", await play.press("mira", picture, label="Edit"), {"prompt": "warmer"}),
        ("mira", await play.press("mira", picture, label="Edit"), {"prompt": "undo"}),
        ("otto", await play.press("otto", grid, label="V1"), {"prompt": "a dog"}),
        ("mira", await play.press("mira", card, label="1"), {"prompt": "a dog"}),
        ("mira", await play.press("mira", card, label="Say what it shows"), {"word": "a dog"}),
        ("mira", await play.press("mira", card, label="Use its style"), {"word": "a dog"}),
        ("otto", await play.select("otto", panel, ["limits"], custom_id=topic), {}),
    ]
    for _, form, _ in opened:
        await form.acknowledged()
        assert form.modal
    return opened


async def test_everything_that_can_be_pressed_is_answered_in_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = house.playground
    assert {*list_commands(play)} == {*MENUS, *(name for name, _ in COMMANDS)}
    grid = await house.drawn("a cat")
    await play.press("mira", grid, label="U1")
    picture = await house.finished((await house.accepted(1))[0])
    await play.command("mira", "describe", files={"image": PICTURE})
    card = await house.finished((await house.accepted(1))[0])
    many = await house.imagine("an {owl,fox,cat,dog,bee} --r 1")
    refused = await house.imagine("a cat --ar x")
    await house.imagine("a dog")
    (waiting,) = await house.accepted(1)
    panels = [
        ("mira", await shown_to(play, many)),
        ("mira", await shown_to(play, await play.command("mira", "settings"))),
        ("mira", await shown_to(play, await play.command("mira", "privacy"))),
        ("mira", await shown_to(play, await play.command("mira", "show"))),
        ("mira", await shown_to(play, await play.command("mira", "help"))),
        ("mira", await shown_to(play, await play.command("mira", "Recipe", target=picture))),
        (
            "mira",
            await shown_to(play, await play.command("mira", "Vary or upscale", target=picture)),
        ),
        ("mira", await shown_to(play, await play.command("mira", "Use image…", target=picture))),
        ("mira", await shown_to(play, await play.command("mira", "compare", SHEET))),
        ("otto", await shown_to(play, await play.command("otto", "server"))),
        ("mira", house.shown(waiting)),
        ("mira", card),
        ("mira", picture),
        ("otto", grid),
    ]
    assert refused.response is not None
    server = next(shown for who, shown in panels if who == "otto")
    forms = await open_forms(house, picture, grid, card)
    assert house.bot
    house.bot._conversation._answered.clear()
    async with held(monkeypatch):
        topic = "easel:panel:server:open"
        uses: list[Use] = [
            *(partial(use_command, play, *each) for each in COMMANDS),
            *(partial(play.command, "mira", name, target=picture) for name in MENUS),
            *(use for each in panels for use in list_uses(play, *each)),
            *(
                partial(play.select, "otto", server, [what], custom_id=topic)
                for what in ("limits", "changes", "language", "usage")
            ),
            *(partial(play.submit, *each) for each in forms),
            *(partial(ask_completions, play, *each) for each in TYPING),
        ]
        name = f"<@{play.world.bot.id}>"
        said = [
            await play.say("mira", "general", f"{name} a blue cat"),
            await play.say("otto", "general", "warmer", reply_to=picture),
        ]
        # The stand-in waits as long as Discord; all at once would be a matter of the machine.
        for first in range(0, len(uses), AT_ONCE):
            asked = [await use() for use in uses[first : first + AT_ONCE]]
            await asyncio.gather(*(each.acknowledged() for each in asked))
    # What was said has no first answer, and gets its only one.
    left = {each.id for each in said}
    await play.until(lambda: left <= {message.reference for message in play.messages})
    # It goes on behind its first answer, and would come to the next test.
    await house.until(lambda: asyncio.sleep(0, not any(map(is_pressed, asyncio.all_tasks()))))


def is_pressed(task: asyncio.Task[Any]) -> bool:
    """Whether a task does what somebody pressed or sent, by the name that discord.py gives it."""
    return task.get_name().startswith(("discord-ui", "discord.py: ", "CommandTree"))
