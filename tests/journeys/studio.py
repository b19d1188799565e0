"""The whole product for a test: stand-in, bot and worker as they run for an admin."""

import asyncio
import io
import os
import signal
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import Connection, Engine, Select

from generation.catalogue import families
from generation.pictures.metadata import read_recipe
from generation.recipe import Recipe
from playground import Interaction, Message, Playground
from storage.database.connect import WRITING, open_engine
from storage.decisions import choice_queries
from storage.decisions.choices import Change, PersonChoices, ServerChoices
from tests.haste import hasten
from tests.processes import preload, run_afresh, run_module, spawn
from tests.storage.conftest import settings_for

ROOT = Path(__file__).parents[2]
BOT, WORKER = "bot", "generation.worker"
PATIENCE = 120.0
GRACE = 5.0
FINISHED = "\n-# "
"""What only the message of finished pictures has: small print."""


class Studio:
    """A stand-in with a bot and a worker process; either can be killed and started again.

    Attributes:
        cards: What is different about the cards of models, by family, in processes started later.
    """

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
            # Journeys compare what is shown with what was drawn, to the pixel.
            "EASEL_WATERMARK": "off",
        }
        self.processes: dict[str, BaseProcess] = {}
        self.cards: dict[str, dict[str, object]] = {}

    async def start(self, *sides: str, afresh: bool = False) -> None:
        """Starts ``BOT`` or ``WORKER`` or both; waits until the bot has registered its commands.

        Each is forked from a process that has imported what it needs, unless ``afresh``.
        """
        # Not before: the processes of other tests need next to nothing of what these do.
        preload("tests.journeys.preloaded")
        run = run_afresh if afresh else partial(run_with_cards, self.cards)
        for side in sides:
            log = self.data / f"{side}.log"
            self.processes[side] = spawn(run, side, self.environment, ROOT, log)
        if BOT in sides:
            await self._ready()

    async def _ready(self) -> None:
        """Waits for the bot; fails with what it said where it ends instead."""
        ready = asyncio.create_task(self.playground.ready(PATIENCE))
        ended = asyncio.create_task(ending(self.processes[BOT]))
        done, waiting = await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        assert ready in done, self.log()
        await ready

    @property
    def database(self) -> str:
        """Where both sides keep their rows."""
        return settings_for(self.data, self.environment["EASEL_DATABASE_URL"]).database

    def runs(self, side: str) -> bool:
        """Whether a side's process is alive."""
        process = self.processes.get(side)
        return process is not None and process.is_alive()

    async def end(self, side: str, how: signal.Signals = signal.SIGTERM) -> int:
        """Sends a signal to a side and waits for its exit code."""
        process = self.processes.pop(side)
        if process.is_alive() and process.pid:
            os.kill(process.pid, how)
        return await asyncio.wait_for(ending(process), PATIENCE)

    async def close(self) -> None:
        """Stops what still runs, by itself if it can: what is killed tells no coverage."""
        processes, self.processes = list(self.processes.values()), {}
        await asyncio.gather(*map(stop, processes))

    async def imagine(self, prompt: str, channel: str = "general") -> Interaction:
        """Lets mira type ``/imagine`` and waits for the acknowledgement."""
        interaction = await self.playground.command(
            "mira", "imagine", {"prompt": prompt}, channel=channel
        )
        await interaction.acknowledged()
        return interaction

    async def decide(self, choices: ServerChoices) -> None:
        """Sets what the server decided, behind everybody's back."""
        await self._write(
            partial(
                choice_queries.change_server,
                server_id=self.playground.guild,
                change=lambda _: choices,
                note=lambda *_: Change(1, "test", None, None),
            )
        )

    async def prefer(self, person: str, choices: PersonChoices) -> None:
        """Sets what a person decided, behind their back."""
        whose = self.playground.people[person].id
        await self._write(
            partial(choice_queries.change_person, person_id=whose, change=lambda _: choices)
        )

    async def _write(self, action: Callable[[Connection], object]) -> None:
        engine = open_engine(self.database)

        def write() -> None:
            with engine.execution_options(**WRITING).begin() as connection:
                action(connection)

        await asyncio.to_thread(write)
        engine.dispose()

    async def recorded(self, what: Select[Any]) -> None:
        """Waits until the database has something that nobody may have been told of."""
        engine = open_engine(self.database)
        async with asyncio.timeout(PATIENCE):
            while not await asyncio.to_thread(_finds, engine, what):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        engine.dispose()

    def log(self) -> str:
        """What both sides wrote."""
        return "\n".join(path.read_text() for path in sorted(self.data.glob("*.log")))


def run_with_cards(
    changes: Mapping[str, Mapping[str, object]],
    module: str,
    environment: Mapping[str, str],
    folder: Path,
    log: Path,
) -> None:
    """Runs a module whose cards differ: in place, since all that is imported holds them already."""
    patch = pytest.MonkeyPatch()
    hasten(patch, pace=0.2)
    # Here a worker that steps back would step back for other tests.
    patch.setattr(os, "nice", lambda _: 0)
    # The faster a machine draws, the less there would be of it to see.
    patch.setattr("generation.runtime.render.PREVIEW_EVERY", 0.1)
    patch.setattr("storage.queue.attempt.TELL_EVERY", 0.1)
    for card in families.CARDS:
        for name, value in changes.get(card.id, {}).items():
            object.__setattr__(card, name, value)
    run_module(module, environment, folder, log)


def _finds(engine: Engine, what: Select[Any]) -> bool:
    with engine.connect() as connection:
        return connection.execute(what).first() is not None


async def stop(process: BaseProcess) -> None:
    """Ends a process that may hang, as a bot does whose Discord did not answer for a while."""
    if process.is_alive():
        process.terminate()
    try:
        await asyncio.wait_for(ending(process), GRACE)
    except TimeoutError:
        process.kill()
        await ending(process)


async def ending(process: BaseProcess) -> int:
    """Waits for a process; its exit code, negative for a signal."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(process.sentinel, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(process.sentinel)
    process.join()
    return process.exitcode or 0


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


def versions(message: Message) -> list[str]:
    """All that a message said, the newest last."""
    return [*(version.content for version in message.history), message.content]


async def answer(interaction: Interaction) -> Message:
    """The message that answers an interaction."""
    await interaction.acknowledged()
    assert interaction.message is not None
    return interaction.message


async def offered(standin: Playground, person: str, shown: Message) -> Interaction:
    """The press that opened the form for words to go with a message's image."""
    menu = await answer(await standin.command(person, "Use image…", target=shown))
    press = await standin.press(person, menu, label="Use as image prompt")
    await press.acknowledged()
    return press


async def refusal(standin: Playground, interaction: Interaction) -> Message:
    """What a refused person is told: alone, or in the place of what was promised to everybody."""
    await interaction.acknowledged()
    return await standin.message(
        lambda m: m.interaction_id == interaction.id and m.content, PATIENCE
    )


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


async def told(studio: Studio, person: str, name: str, options: dict[str, Any], **more: Any) -> str:
    """What a command that answers in private says."""
    message = await answer(await studio.playground.command(person, name, options, **more))
    await message.until(lambda now: now.content, PATIENCE)
    assert message.ephemeral_to == person
    return message.content


async def refused(
    studio: Studio, person: str, name: str, options: dict[str, Any], channel: str = "general"
) -> str:
    """The sentence that takes the place of a promised answer."""
    press = await studio.playground.command(person, name, options, channel=channel)
    return (await refusal(studio.playground, press)).content


async def private_answer(standin: Playground, interaction: Interaction) -> Message:
    """The private sentence that answers an interaction."""
    await interaction.acknowledged()
    return await standin.message(
        lambda m: m.ephemeral_to == "mira" and m.interaction_id == interaction.id and m.content,
        PATIENCE,
    )


async def recipe_of(studio: Studio, message: Message) -> Recipe:
    """What is inside the first picture under a message."""
    recipe = read_recipe(await studio.playground.read(message.attachments[0]))
    assert recipe is not None
    return recipe


async def drawn(studio: Studio, prompt: str, **options: str) -> tuple[Message, Recipe]:
    """A finished picture and its recipe."""
    press = await studio.playground.command("mira", "imagine", {"prompt": prompt, **options})
    message = await result(press)
    return message, await recipe_of(studio, message)
