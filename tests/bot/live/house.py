"""The whole bot side in one process: the stand-in, the real client, and a queue worked by hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import discord
import yarl

from bot.client import EaselBot, point_at
from playground import Interaction, Message, Playground
from playground.state.records import Permission
from playground.state.world import UPLOAD_LIMIT
from storage.decisions import choice_queries
from storage.decisions.choices import Change, PersonChoices, ServerChoices
from storage.files import Files
from storage.queue import queries
from storage.queue.jobs import Job
from tests.bot.live.queue import HandQueue
from tests.storage.conftest import settings_for

Found = TypeVar("Found")

PATIENCE = 90.0
"""Seconds until a wait counts as lost; a busy machine is no fault of the code."""


EDIT_BY_TOKEN = r"^/webhooks/.*/messages/"
"""Path of the best route to a job's message."""


class Sent(NamedTuple):
    """A request of the bot's: the beginning of its path, its answer, and the bytes of its files."""

    to: str
    status: int
    size: int


class House:
    """A stand-in with the bot in it.

    Attributes:
        playground: The stand-in.
        jobs: The queue, worked by hand.
        files: Where pictures are.
        bot: The client.
    """

    def __init__(self, playground: Playground, jobs: HandQueue, files: Files) -> None:
        self.playground, self.jobs, self.files = playground, jobs, files
        self.bot: EaselBot | None = None
        self._running: asyncio.Task[None] | None = None

    async def start(self, **more: Any) -> None:
        """Starts the bot, with other settings perhaps; it is ready when this returns."""
        playground = self.playground
        settings = settings_for(
            self.jobs._settings.data,
            discord=playground.url,
            discord_token=playground.token,
            image_store=str(self.jobs._settings.data / "images"),
            **more,
        )
        self.bot = EaselBot(settings, self.jobs, self.files)
        # Tests of other folders keep this loop for minutes, and it would connect anew as it ends.
        self.bot._connection.heartbeat_timeout = 3600.0
        self._running = asyncio.create_task(self.bot.start(playground.token))
        await playground.ready(PATIENCE)

    async def stop(self) -> None:
        """Ends the bot; jobs and messages stay as they are."""
        assert self.bot
        assert self._running
        await self.bot.close()
        await asyncio.gather(self._running, return_exceptions=True)
        self.bot = None

    @asynccontextmanager
    async def set_up(self, **settings: Any) -> AsyncIterator[None]:
        """The bot with other settings, for as long as that lasts."""
        await self.restart(**settings)
        yield
        await self.restart()

    async def restart(self, **settings: Any) -> None:
        """Ends the bot if it runs, and starts it with these settings."""
        if self.bot:
            await self.stop()
        await self.start(**settings)

    async def reset(self) -> None:
        """Everything as at the start, but for messages."""
        if self.bot is None:
            await self.start()
        await self.jobs.clear()
        self.playground.world.closed.clear()
        for channel in ("general", "art"):
            self.playground.permit("bot", channel, Permission.SEND_MESSAGES)
        self.playground.faults.clear()
        self.playground.upload_limit = UPLOAD_LIMIT

    async def decide(self, choices: ServerChoices) -> None:
        """Sets what the server decided."""
        await self.jobs.records.write(
            partial(
                choice_queries.change_server,
                server_id=self.playground.guild,
                change=lambda _: choices,
                note=lambda *_: Change(1, "test", None, None),
            )
        )

    async def prefer(self, person: str, choices: PersonChoices) -> None:
        """Sets what a person decided."""
        whose = self.playground.people[person].id
        await self.jobs.records.write(choice_queries.change_person, whose, lambda _: choices)

    async def imagine(
        self, prompt: str, person: str = "mira", channel: str = "general"
    ) -> Interaction:
        """Types ``/imagine``; the interaction once it was acknowledged or refused."""
        asked = await self.playground.command(
            person, "imagine", {"prompt": prompt}, channel=channel
        )
        return await asked.ended(PATIENCE)

    async def job(self, job_id: str) -> Job:
        """A job as it stands."""
        found = await self.jobs.get(job_id)
        assert found is not None
        return found

    async def until(self, look: Callable[[], Awaitable[Found | None]]) -> Found:
        """What ``look`` finds in the database, once there is something."""
        async with asyncio.timeout(PATIENCE):
            while not (found := await look()):  # noqa: ASYNC110 - nothing tells of such changes
                await asyncio.sleep(0.02)
        return found

    async def accepted(self, count: int) -> list[Job]:
        """The jobs that wait or run, once there are so many and each is shown in a message."""

        async def look() -> list[list[Job]] | None:
            jobs = [await self.job(job) for job in await self.jobs.waiting()]
            shown = [job for job in jobs if job.message_id and self.shown(job).content]
            return [jobs] if len(shown) == len(jobs) == count else None

        (found,) = await self.until(look)
        return found

    def shown(self, job: Job) -> Message:
        """The message that a job is shown in."""
        return next(m for m in self.playground.messages if m.id == job.message_id)

    async def drawn(self, prompt: str = "a red apple", **more: str) -> Message:
        """The message of pictures that were asked for and made."""
        await self.imagine(prompt, **more)
        (job,) = await self.accepted(1)
        return await self.finished(job)

    async def finished(self, job: Job) -> Message:
        """Makes a job's pictures; the message that shows them."""
        await self.jobs.finish(job.id, self.files)
        return await self.delivered(job)

    async def delivered(self, job: Job) -> Message:
        """The message that shows how a job ended."""
        found = await self.over(job)
        return next(m for m in self.playground.messages if m.id == found.delivered_message_id)

    async def running(self) -> tuple[queries.Run, Message]:
        """A job that runs, and its message, which is edited again only when there is news."""
        await self.imagine("a red apple")
        (job,) = await self.accepted(1)
        run = await self.jobs.begin(job.id)
        message = self.shown(job)
        await message.until(lambda now: "starting" in now.content)
        return run, message

    async def end(self, run: queries.Run) -> tuple[Message, Sequence[Sent]]:
        """Makes a running job's pictures; the message that shows them, and what was sent for it."""
        with self.playground.notes.record() as asked:
            await self.jobs.complete(run, self.files)
            shown = await self.delivered(await self.job(run.job_id))
        return shown, [
            Sent(r.path.split("/")[1], r.status, sum(size for _, size in r.files))
            for r in asked
            if "/messages" in r.path
        ]

    async def over(self, job: Job) -> Job:
        """A job once its end was shown, or there was nowhere to show it."""

        async def look() -> Job | None:
            found = await self.job(job.id)
            return found if found.delivered_at else None

        return await self.until(look)

    async def refusal(self, interaction: Interaction, text: str) -> Message:
        """What a person is told, once it is told: alone, or in the place of what was promised."""
        said = await self.playground.message(
            lambda m: m.id > interaction.id and text in m.content, PATIENCE
        )
        promised = interaction.message
        assert said.ephemeral_to is not None or (promised and said.id == promised.id)
        # What follows a promise that was deleted would be headed by that.
        assert promised is None or not promised.deleted
        return said

    def public(self, since: int) -> Sequence[Message]:
        """What the bot said to everybody since a moment, as far as it still stands."""
        return [
            message
            for message in self.playground.messages
            if message.author == "bot"
            and message.id > since
            and not message.deleted
            and not message.ephemeral_to
        ]


@asynccontextmanager
async def open_house(folder: Path) -> AsyncIterator[House]:
    """A house with the bot running; Discord is where it was afterwards."""
    before = (
        discord.http.Route.BASE,
        discord.asset.Asset.BASE,
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY,
    )
    # Who works by hand gives one sign of life, and a busy machine is no fault of the code.
    settings = settings_for(folder, dead_after=300.0)
    async with Playground(port=0) as playground:
        point_at(playground.url)
        jobs = await HandQueue.open(settings)
        house = House(playground, jobs, Files(folder / "images"))
        try:
            await house.start()
            yield house
            if house.bot:
                await house.stop()
        finally:
            await jobs.close()
            discord.http.Route.BASE, discord.asset.Asset.BASE = before[0], before[1]
            discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(str(before[2]))
