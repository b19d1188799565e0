"""The check of the real Discord against the stand-in: it says what to do, and a person does it."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import discord
import pytest

from cli.check_live import ALONE, EXPIRED, TOGETHER, write_table
from cli.check_live import _make as make
from cli.findings import State
from cli.live.rig import CheckError, FailedError, NotTriedError, Rig, open_rig
from playground import Interaction, Message, Playground
from storage.database.records import Records
from storage.prepare import migrate
from storage.queue.lease import Lease
from tests.storage.conftest import settings_for

ROOT = Path(__file__).parents[2]


class Person:
    """Somebody who does in Discord what the check asks for."""

    def __init__(self, playground: Playground) -> None:
        self._playground = playground
        self._form: Interaction | None = None
        self.does: dict[str, Callable[[], Awaitable[object]]] = {
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


async def test_the_whole_list_goes_through() -> None:
    async with Playground() as playground:
        environment = {name: it for name, it in os.environ.items() if not name.startswith("EASEL_")}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli", "check-live", str(playground.channel("general"))),
            *("--expired", "--patience", "30"),
            cwd=ROOT,
            env={
                **environment,
                "EASEL_DISCORD": playground.url,
                "DISCORD_TOKEN": playground.token,
                "PYTHONUNBUFFERED": "1",
            },
            stdout=asyncio.subprocess.PIPE,
        )
        person, lines = Person(playground), []
        assert process.stdout
        async for line in process.stdout:
            lines.append(line.decode().rstrip())
            if lines[-1].startswith("→"):
                (act,) = [act for name, act in person.does.items() if f"{name} " in lines[-1]]
                await act()
        text = "\n".join(lines)
        assert await process.wait() == 0, text
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
    settings = settings_for(tmp_path, discord_token="token")
    migrate(settings)
    records = Records.open(settings.database)
    lease = Lease(records, settings.dead_after)
    await lease.take()
    with pytest.raises(CheckError, match=rf"process {os.getpid()}\): stop it"):
        await open_rig(settings, 1, 1.0, print).__aenter__()
    await lease.release()
    await records.close()
