"""The check of the real Discord against the stand-in: it says what to do, and a person does it."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import discord
import pytest
import typer
from discord.asset import Asset
from discord.gateway import DiscordWebSocket as Socket
from discord.http import Route

from cli.check_live import ALONE, EXPIRED, TOGETHER, check_live, write_table
from cli.check_live import _make as make
from cli.findings import State
from cli.live.rig import CheckError, FailedError, NotTriedError, Rig, open_rig
from playground import Interaction, Message, Playground
from storage.database.records import Records
from storage.prepare import migrate
from storage.queue.lease import Lease
from tests.haste import hasten
from tests.storage.conftest import settings_for


class Person:
    """Somebody who does in Discord what the check asks for."""

    def __init__(self, playground: Playground) -> None:
        self._playground = playground
        self._form: Interaction | None = None
        self.does: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
            "/imagine": self._imagine,
            "U1": self._enlarge,
            "Custom Zoom": self._open,
            "the form": self._submit,
            "/show": self._type,
            "🔄": lambda: playground.react("mira", self._single(), "🔄"),
            "✉️": lambda: playground.react("mira", self._single(), "✉️"),
            "a token": self._wait,
        }

    async def _imagine(self) -> None:
        await self._playground.command("mira", "imagine", {"prompt": "a red apple"})

    async def _enlarge(self) -> None:
        await self._playground.press("mira", self._with_button("U1"), label="U1")

    async def _open(self) -> None:
        self._form = await self._playground.press("mira", self._single(), label="Custom Zoom")

    async def _submit(self) -> None:
        assert self._form
        await self._playground.submit("mira", self._form, {"prompt": "a red apple", "zoom": "1.5"})

    async def _type(self) -> None:
        self._playground.ask_completions("mira", "show", {"id": ""}, "id")

    async def _wait(self) -> None:
        self._playground.clock.advance(16 * 60)

    def _single(self) -> Message:
        return self._with_button("Custom Zoom")

    def _with_button(self, label: str) -> Message:
        return next(m for m in self._playground.messages if label in m.buttons)


async def test_the_whole_list_goes_through(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hasten(monkeypatch)
    monkeypatch.chdir(tmp_path)
    # Put back afterwards: the check makes discord.py talk to the stand-in.
    for where, name in ((Route, "BASE"), (Asset, "BASE"), (Socket, "DEFAULT_GATEWAY")):
        monkeypatch.setattr(where, name, getattr(where, name))
    loop, lines = asyncio.get_running_loop(), list[str]()
    async with Playground() as playground:
        monkeypatch.setenv("EASEL_DISCORD", playground.url)
        monkeypatch.setenv("DISCORD_TOKEN", playground.token)
        person = Person(playground)

        def say(text: str) -> None:
            lines.extend(text.splitlines())
            if text.startswith("→"):
                (act,) = [act for name, act in person.does.items() if f"{name} " in text]
                asyncio.run_coroutine_threadsafe(act(), loop)

        monkeypatch.setattr(typer, "echo", say)
        channel = playground.channel("general")
        # It exits with an error if anything failed.
        await asyncio.to_thread(check_live, channel, expired=True, patience=30.0)
    text = "\n".join(lines)
    names = [*ALONE, *TOGETHER, *EXPIRED]
    table = [line for line in lines if line.startswith("| ") and "| seen |" not in line]
    assert [line.split("|")[1].strip() for line in table] == names, text
    assert [line for line in table if "| ✓ |" not in line] == []


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (FailedError("two appeared"), State.FAULT),
        (NotTriedError("nobody did it"), State.NOTE),
        (ZeroDivisionError("a mistake of ours"), State.FAULT),
    ],
)
async def test_what_fails_is_told_in_its_row(error: Exception, state: State) -> None:
    async def fail(_rig: Rig) -> str:
        raise error

    rig = Rig.__new__(Rig)
    finding = await make("a check", fail, rig)
    assert (finding.name, finding.state) == ("a check", state)
    assert f"| a check | {state.value} | " in write_table([finding])
    assert str(error) in finding.says
    assert discord.__version__ in write_table([])


async def test_it_does_not_begin_beside_a_bot_that_serves(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, discord_token="token", dead_after=300.0)
    migrate(settings)
    records = Records.open(settings.database)
    lease = Lease(records, settings.dead_after)
    await lease.take()
    with pytest.raises(CheckError, match=rf"process {os.getpid()}\): stop it"):
        await open_rig(settings, 1, 1.0, print).__aenter__()
    await lease.release()
    await records.close()
