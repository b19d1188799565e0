"""What is checked: the product itself, with an empty database and a worker that needs no model."""

import asyncio
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import discord
from sqlalchemy import Connection, select

from bot.__main__ import DISCORD_FAULTS
from bot.client import EaselBot, point_at
from cli.live.painter import paint_with
from faults import HostError
from storage.database.connect import DatabaseNotReadyError, open_engine, require_current
from storage.database.tables import JobRow
from storage.files import Files
from storage.prepare import migrate
from storage.queue.client import Jobs
from storage.queue.jobs import Job
from storage.queue.lease import read_holder
from storage.queue.worker import serve
from storage.settings import Settings, SettingsError

START: Final = 60.0
"""Seconds for Discord to let the bot in."""

DELIVERY: Final = 60.0
"""Seconds for the pictures of a job to be shown."""

LATEST_ANSWER: Final = 3.0
"""Seconds after which Discord tells a person that the bot did not respond."""

_LOOK: Final = 0.1

Found = TypeVar("Found")


class CheckError(HostError, RuntimeError):
    """The check cannot begin; one sentence says why."""


class FailedError(Exception):
    """A check failed; its text says how."""


class NotTriedError(Exception):
    """A check was not made; its text says why."""


@dataclass(slots=True)
class Rig:
    """A bot that runs, and the channel in which it is checked.

    Attributes:
        settings: Its own.
        patience: Seconds that a person has for each thing that they are asked to do.
        ask: Tells a person what to do.
        asked: The first command that a person sent, once they have.
        grid: The job that came of it.
        single: A job of one picture, once there is one.
    """

    bot: EaselBot
    jobs: Jobs
    channel: discord.TextChannel
    settings: Settings
    patience: float
    ask: Callable[[str], None]
    asked: discord.Interaction[Any] | None = None
    grid: Job | None = None
    single: Job | None = None
    _known: set[str] = field(default_factory=set)

    async def interaction(
        self, request: str, wanted: Callable[[discord.Interaction[Any]], bool]
    ) -> tuple[discord.Interaction[Any], float]:
        """What a person does in the channel when asked to, and in how many seconds it is answered.

        Raises:
            NotTriedError: Nobody did it in time.
            FailedError: It was not answered in time.
        """
        self.ask(request)

        def fits(interaction: discord.Interaction[Any]) -> bool:
            return interaction.channel_id == self.channel.id and wanted(interaction)

        try:
            heard = await self.bot.wait_for("interaction", check=fits, timeout=self.patience)
        except TimeoutError:
            raise NotTriedError(f"nobody did it within {self.patience:.0f} s") from None
        began = time.monotonic()
        while not heard.response.is_done():
            if time.monotonic() - began > LATEST_ANSWER:
                raise FailedError(f"no answer within {LATEST_ANSWER:.0f} s")
            await asyncio.sleep(0.005)
        return heard, time.monotonic() - began

    async def shown(self, patience: float = DELIVERY) -> tuple[Job, discord.Message]:
        """The next job that is shown to its end, and its message as Discord has it.

        Raises:
            FailedError: None was, or its message lacks pictures or buttons.
        """

        async def look() -> Job | None:
            for job_id in await self.jobs.records.read(_list_jobs):
                job = await self.jobs.get(job_id) if job_id not in self._known else None
                if job and job.delivered_at:
                    self._known.add(job_id)
                    return job
            return None

        job = await self.until(look, patience)
        if job is None or job.delivered_message_id is None:
            raise FailedError(f"no pictures within {patience:.0f} s")
        message = await self.channel.fetch_message(job.delivered_message_id)
        if not (message.attachments and message.components):
            raise FailedError("the message lacks its pictures or its buttons")
        return job, message

    async def until(
        self, look: Callable[[], Awaitable[Found | None]], patience: float, pause: float = _LOOK
    ) -> Found | None:
        """What ``look`` finds, once there is something; None after ``patience`` seconds.

        It looks every ``pause`` seconds.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not (found := await look()):  # noqa: ASYNC110 - nothing tells of it
                    await asyncio.sleep(pause)
                return found
        return None


@asynccontextmanager
async def open_rig(
    settings: Settings, channel: int, patience: float, ask: Callable[[str], None]
) -> AsyncIterator[Rig]:
    """Logs in, and serves that channel until left.

    Raises:
        SettingsError: There is no token.
        CheckError: The bot serves already, Discord does not let it in, or there is no such channel.
    """
    if settings.discord_token is None:
        raise SettingsError("DISCORD_TOKEN is not set; docs/hosting.md tells where to get it.")
    await asyncio.to_thread(_require_alone, settings)
    if settings.discord:
        point_at(settings.discord)
    with tempfile.TemporaryDirectory(prefix="easel-check-") as folder:
        own = {
            "data": Path(folder),
            "database_url": "",
            "images": "",
            "public_url": "",
            "servers": "",
            "direct": None,
            "max_jobs_per_day": 0,
            "worker": "check-live",
        }
        scratch = settings.model_copy(update=own)
        await asyncio.to_thread(migrate, scratch)
        jobs, stop = await Jobs.open(scratch), threading.Event()
        files = Files.of(scratch)
        worker = asyncio.create_task(
            asyncio.to_thread(
                serve, scratch, paint_with(files), model="none", device="none", stop=stop
            )
        )
        try:
            async with EaselBot(scratch, jobs, files) as bot:
                running = asyncio.create_task(bot.start(settings.discord_token.get_secret_value()))
                try:
                    await _let_in(bot, running)
                    place = await _find_channel(bot, channel)
                    yield Rig(bot, jobs, place, scratch, patience, ask)
                finally:
                    running.cancel()
                    await asyncio.gather(running, return_exceptions=True)
        finally:
            stop.set()
            await worker
            await jobs.close()


def _require_alone(settings: Settings) -> None:
    """Refuses to begin beside a bot that serves: both would answer."""
    try:
        require_current(settings.database)
    # Then no bot serves either.
    except DatabaseNotReadyError:
        return
    engine = open_engine(settings.database)
    with engine.connect() as connection:
        holder = read_holder(connection)
    engine.dispose()
    if holder and holder.age <= settings.dead_after:
        raise CheckError(
            f"The bot runs on {holder.machine} (process {holder.pid}): stop it for as long as this "
            "takes, since both would answer."
        )


async def _let_in(bot: EaselBot, running: asyncio.Task[None]) -> None:
    ready = asyncio.create_task(bot.wait_until_ready())
    await asyncio.wait({ready, running}, timeout=START, return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()
    if running.done():
        try:
            await running
        except tuple(DISCORD_FAULTS) as error:
            text = next(text for kind, text in DISCORD_FAULTS.items() if isinstance(error, kind))
            raise CheckError(text) from None
    if not bot.is_ready():
        raise CheckError(f"Discord did not let the bot in within {START:.0f} s.")


async def _find_channel(bot: EaselBot, channel: int) -> discord.TextChannel:
    try:
        found = bot.get_channel(channel) or await bot.fetch_channel(channel)
    except discord.HTTPException:
        raise CheckError(
            f"The bot cannot see channel {channel}: add it to that server (`easel invite` prints "
            "the link) and let it see the channel."
        ) from None
    if not isinstance(found, discord.TextChannel):
        raise CheckError(f"Channel {channel} is no text channel of a server.")
    return found


def _list_jobs(connection: Connection) -> list[str]:
    return list(connection.execute(select(JobRow.id).order_by(JobRow.created_at)).scalars())
