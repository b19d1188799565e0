"""A database that answers nobody for a while: everything that is pressed is answered in time.

Discord gives an interaction up that is not answered within three seconds; so does the stand-in.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.interactions import patience
from playground import Interaction
from storage.database.records import Records
from storage.decisions.choices import PersonChoices
from tests.bot.live.house import House
from tests.journeys.studio import offered

HELD = 5.0
DEADLINE = 3.0


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
        for name in ("read", "write"):
            patch.setattr(Records, name, wait_first(getattr(Records, name)))
        yield
        free.set()


async def test_everything_that_can_be_pressed_is_answered_in_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = house.playground
    grid = await house.drawn("a cat")
    await play.press("mira", grid, label="U1")
    picture = await house.finished((await house.accepted(1))[0])
    many = await house.imagine("an {owl,fox,cat,dog,bee} --r 1")
    assert many.message
    question = await many.message.until(lambda now: now.buttons)
    await house.imagine("a dog")
    (waiting,) = await house.accepted(1)
    panels = [
        (await (await play.command(who, name)).ended()).message
        for who, name in (("mira", "settings"), ("otto", "server"), ("mira", "show"))
    ]
    await house.until(lambda: asyncio.sleep(0, all(p and list(p.components) for p in panels)))
    settings, server, show = panels
    zoom = await play.press("mira", picture, label="Custom Zoom")
    start = await offered(play, "mira", picture)
    await zoom.acknowledged()
    await house.prefer("otto", PersonChoices(remix=True))
    shown = house.shown(waiting)
    assert settings
    assert server
    assert show
    async with held(monkeypatch):
        began = asyncio.get_running_loop().time()
        asked: list[Interaction] = []
        prompts = ["a cat", "a cat --mine", "a cat --ar x", "--preset ink", "a {b,c,d,e}"]
        asked += [await play.command("mira", "imagine", {"prompt": p}) for p in prompts]
        commands: list[tuple[str, dict[str, Any]]] = [
            ("info", {}),
            ("help", {}),
            ("cancel", {}),
            ("settings", {}),
            ("show", {}),
            ("show", {"id": waiting.id}),
            ("prefer remix", {}),
            ("prefer suffix", {"new_value": "ink"}),
            ("prefer option set", {"option": "mine", "value": "ink"}),
            ("prefer option list", {}),
            ("preset list", {}),
            ("preset save", {"name": "ink", "text": "ink"}),
            ("preset use", {"name": "ink"}),
            ("preset delete", {"name": "ink"}),
            ("preset export", {}),
        ]
        asked += [await play.command("mira", name, given) for name, given in commands]
        asked.append(await play.command("otto", "server"))
        for name in ("Recipe", "Delete", "Vary", "Upscale", "Use image…"):
            asked.append(await play.command("mira", name, target=picture))
        for label in picture.buttons:
            asked.append(await play.press("mira", picture, label=label))
        for label in grid.buttons:
            asked.append(await play.press("otto", grid, label=label))
        for message, label in (
            (question, "Queue them"),
            (question, "Never mind"),
            (shown, "Cancel"),
        ):
            asked.append(await play.press("mira", message, label=label))
        asked.append(await play.press("mira", settings, label="Remix"))
        for topic in ("limits", "changes", "language"):
            asked.append(
                await play.select("otto", server, [topic], custom_id="easel:panel:server:open")
            )
        asked.append(await play.submit("mira", zoom, {"prompt": "a dog", "zoom": "1.5"}))
        asked.append(await play.submit("mira", start, {"prompt": "a dog"}))
        typing: list[tuple[str, dict[str, object], str]] = [
            ("show", {"id": "a"}, "id"),
            ("imagine", {"prompt": "a --preset i"}, "prompt"),
            ("imagine", {"prompt": "a", "preset": "i"}, "preset"),
            ("prefer option set", {"option": "m"}, "option"),
            ("preset show", {"name": "i"}, "name"),
        ]
        completions = [play.ask_completions("mira", *each) for each in typing]
        await asyncio.gather(*(each.acknowledged() for each in (*asked, *completions)))
        took = asyncio.get_running_loop().time() - began
        assert all(each.choices is not None for each in completions)
    assert took < DEADLINE
    assert patience.PATIENCE < DEADLINE / 2
    # Whatever was asked for goes on by itself.
    await asyncio.gather(*(each.ended() for each in asked if each is not None))
    # It goes on behind its first answer, too, and would come to the next test.
    await house.until(lambda: asyncio.sleep(0, not any(map(is_pressed, asyncio.all_tasks()))))


def is_pressed(task: asyncio.Task[Any]) -> bool:
    """Whether a task does what somebody pressed or sent, by the name that discord.py gives it."""
    return task.get_name().startswith(("discord-ui", "discord.py: ", "CommandTree"))
