"""First answers whose confirmation is lost, that come too late, or that somebody else gave."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.interactions.pace import Pace
from playground import Interaction, Message
from tests.bot.live.house import House
from tests.conftest import Log

CALLBACK = r"^/interactions/"
LOST: list[dict[str, Any]] = [
    {"reset": "after"},
    {"status": 500, "after": True},
    {"status": 500},
    {"reset": "before"},
]


async def opened(press: Interaction) -> Interaction:
    await press.acknowledged()
    return press


async def complete(house: House) -> Interaction:
    return house.playground.ask_completions("mira", "show", {"id": ""}, "id")


Ask = Callable[[House, Message], Awaitable[object]]
KINDS: dict[str, Ask] = {
    "command": lambda house, _: house.playground.command("mira", "imagine", {"prompt": "a dog"}),
    "private command": lambda house, _: house.playground.command("mira", "settings"),
    "menu": lambda house, it: house.playground.command("mira", "Recipe", target=it),
    "press": lambda house, it: house.playground.press("mira", it, label="🔄"),
    "form": lambda house, it: house.playground.press("mira", it, label="Custom Zoom"),
    "mistake": lambda house, _: house.playground.command("mira", "imagine", {"prompt": "--ar x"}),
    "completion": lambda house, _: complete(house),
}


async def single(house: House) -> Message:
    grid = await house.drawn("a cat")
    await house.playground.press("mira", grid, label="U1")
    return await house.finished((await house.accepted(1))[0])


@pytest.mark.parametrize("lost", LOST, ids=str)
async def test_what_was_asked_for_is_made_once_although_no_answer_was_heard(
    house: House, lost: dict[str, Any]
) -> None:
    house.playground.faults.next("POST", CALLBACK, **lost)
    await house.playground.command("mira", "imagine", {"prompt": "a cat"})
    (job,) = await house.accepted(1)
    picture = await house.finished(job)
    house.playground.faults.next("POST", CALLBACK, **lost)
    await house.playground.press("mira", picture, label="U2")
    await house.finished((await house.accepted(1))[0])


@pytest.mark.parametrize("lost", LOST, ids=str)
async def test_a_form_and_a_panel_are_there_although_no_answer_was_heard(
    house: House, lost: dict[str, Any]
) -> None:
    picture = await single(house)
    house.playground.faults.next("POST", CALLBACK, **lost)
    form = await opened(await house.playground.press("mira", picture, label="Custom Zoom"))
    await house.playground.submit("mira", form, {"prompt": "a dog", "zoom": "1.5"})
    await house.finished((await house.accepted(1))[0])
    house.playground.faults.next("POST", CALLBACK, **lost)
    asked = await (await house.playground.command("mira", "settings")).ended()
    assert asked.message
    await asked.message.until(lambda now: "**Model**" in now.content)


ANSWERED = 40060
"""Discord's code for an interaction that has an answer already."""


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_late_or_answered_by_another_ends_without_a_word(
    house: House, logged: Log, kind: str
) -> None:
    picture = await single(house)
    for status, code in ((404, 10062), (400, ANSWERED)):
        fault = house.playground.faults.next("POST", CALLBACK, status=status, code=code, times=9)
        with capture_logs() as told, house.playground.notes.record() as asked:
            await KINDS[kind](house, picture)
            await house.until(lambda met=fault: asyncio.sleep(0, met.times < 9))  # type: ignore[misc]
            # Whatever follows a refused answer does so at once.
            await asyncio.sleep(0.1)
        house.playground.faults.clear()
        sent = [r.path.split("/")[1] for r in asked]
        assert sent.count("interactions") == 1
        assert not [r for r in logged.records if r.levelno >= logging.ERROR]
        grave = [line for line in told if line["log_level"] in {"error", "critical"}]
        # That another bot answers is said once to whoever runs this one.
        assert all("another bot answers" in line["event"] for line in grave)
        assert len(grave) <= (code == ANSWERED)
    assert await house.jobs.waiting() == []


@pytest.mark.parametrize(
    ("kind", "waits"), [("command", 1), ("press", 1), ("form", 0), ("mistake", 0)]
)
async def test_what_follows_a_promise_waits_for_its_turn(
    house: House, kind: str, waits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = await single(house)
    turn, waiting = asyncio.Event(), list[Pace]()

    async def wait(pace: Pace) -> None:
        waiting.append(pace)
        await turn.wait()

    monkeypatch.setattr(Pace, "wait", wait)
    asked = await KINDS[kind](house, shown)
    assert isinstance(asked, Interaction)
    await asked.acknowledged()
    await house.until(lambda: asyncio.sleep(0, len(waiting) == waits))
    assert await house.jobs.waiting() == []
    turn.set()
    await house.accepted(waits)
