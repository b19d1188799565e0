"""The whole product for a test: stand-in, bot and worker as they run for an admin."""

import asyncio
import io
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PIL import Image
from sqlalchemy import Connection

from playground import Interaction, Message, Playground
from storage.database.connect import WRITING, open_engine
from storage.decisions import choice_queries
from storage.decisions.choices import Change, PersonChoices, ServerChoices
from tests.storage.conftest import settings_for

ROOT = Path(__file__).parents[2]
BOT, WORKER = "bot", "generation.worker"
PATIENCE = 120.0
FINISHED = "\n-# "
"""What only the message of finished pictures has: small print."""


class Studio:
    """A stand-in with a bot and a worker process; either can be killed and started again."""

    def __init__(self, playground: Playground, data: Path, database: str = "") -> None:
        self.playground = playground
        self.data = data
        self.environment = {
            **os.environ,
            "EASEL_DISCORD": playground.url,
            "DISCORD_TOKEN": playground.token,
            "EASEL_DATA": str(data),
            "EASEL_DATABASE_URL": database,
            "EASEL_DEAD_AFTER": "4",
        }
        self.processes: dict[str, asyncio.subprocess.Process] = {}

    async def start(self, *sides: str) -> None:
        """Starts ``BOT`` or ``WORKER`` or both; waits until the bot has registered its commands."""
        for side in sides:
            with (self.data / f"{side}.log").open("ab") as log:
                self.processes[side] = await asyncio.create_subprocess_exec(
                    sys.executable,
                    *("-m", side),
                    env=self.environment,
                    cwd=ROOT,
                    stdout=log,
                    stderr=log,
                )
        if BOT in sides:
            await self._ready()

    async def _ready(self) -> None:
        """Waits for the bot; fails with what it said where it ends instead."""
        process = self.processes[BOT]
        ready = asyncio.create_task(self.playground.ready(PATIENCE))
        ended = asyncio.create_task(process.wait())
        done, waiting = await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        assert ready in done, self.log()
        await ready

    def runs(self, side: str) -> bool:
        """Whether a side's process is alive."""
        process = self.processes.get(side)
        return process is not None and process.returncode is None

    async def end(self, side: str, how: signal.Signals = signal.SIGTERM) -> int:
        """Sends a signal to a side and waits for its exit code."""
        process = self.processes.pop(side)
        if process.returncode is None:
            process.send_signal(how)
        return await asyncio.wait_for(process.wait(), PATIENCE)

    async def close(self) -> None:
        """Stops what still runs."""
        for side in list(self.processes):
            await self.end(side, signal.SIGKILL)

    async def imagine(self, prompt: str, channel: str = "general") -> Interaction:
        """Lets mira type ``/imagine`` and waits for the acknowledgement."""
        interaction = await self.playground.command(
            "mira", "imagine", {"prompt": prompt}, channel=channel
        )
        await interaction.acknowledged()
        return interaction

    def decide(self, choices: ServerChoices) -> None:
        """Sets what the server decided, behind everybody's back."""
        self._write(
            partial(
                choice_queries.change_server,
                server_id=self.playground.guild,
                change=lambda _: choices,
                note=lambda *_: Change(1, "test", None, None),
            )
        )

    def prefer(self, person: str, choices: PersonChoices) -> None:
        """Sets what a person decided, behind their back."""
        whose = self.playground.people[person].id
        self._write(
            partial(choice_queries.change_person, person_id=whose, change=lambda _: choices)
        )

    def _write(self, action: Callable[[Connection], object]) -> None:
        engine = open_engine(settings_for(self.data).database)
        with engine.execution_options(**WRITING).begin() as connection:
            action(connection)
        engine.dispose()

    def log(self) -> str:
        """What both sides wrote."""
        return "\n".join(path.read_text() for path in sorted(self.data.glob("*.log")))


def public(standin: Playground, since: int) -> list[Message]:
    """What the bot said to everybody, from the snowflake ``since`` on."""
    return [
        message
        for message in standin.messages
        if message.author == "bot"
        and message.id >= since
        and not message.deleted
        and not message.ephemeral_to
    ]


async def answer(interaction: Interaction) -> Message:
    """The message that answers an interaction."""
    await interaction.acknowledged()
    assert interaction.message is not None
    return interaction.message


async def showing(message: Message, text: str) -> Message:
    """The message once its content has ``text``."""
    await message.until(lambda now: text in now.content, PATIENCE)
    return message


async def result(interaction: Interaction) -> Message:
    """The message that answers an interaction, once its pictures are finished."""
    return await showing(await answer(interaction), FINISHED)


async def opened(standin: Playground, message: Message) -> Image.Image:
    """The picture under a message."""
    return Image.open(io.BytesIO(await standin.read(message.attachments[0])))
