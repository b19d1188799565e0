"""``python -m bot``: the bot process. Start-up faults become one sentence and an exit code."""

import asyncio
import contextlib
import gc
import math
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from typing import TYPE_CHECKING, Final

import aiohttp
import discord
import structlog
import uvloop

from bot.client import EaselBot, point_at
from faults import HostError
from storage import meters
from storage.database.connect import require_current
from storage.database.records import Records
from storage.files import Files, FileStoreError
from storage.logs import set_up_logs
from storage.monitoring.gauges import read_load, show_load
from storage.queue.client import Jobs
from storage.queue.lease import LOOK, Lease, LeaseLostError
from storage.settings import Settings, SettingsError, load_settings
from storage.signals import RESTART

if TYPE_CHECKING:
    from storage.monitoring.server import MonitoringServer

log: Final = structlog.get_logger(__name__)

GARBAGE: Final = (20_000, 20, 20)
"""After how many new objects garbage is looked for, and after how many looks among older ones. An
interaction makes some thousands, and the usual thresholds cost a fifteenth of all that is done."""

DISCORD_FAULTS: Final[dict[type[Exception], str]] = {
    discord.LoginFailure: "Discord refuses DISCORD_TOKEN; copy it again from the developer portal.",
    discord.PrivilegedIntentsRequired: "Discord refuses the intents; Easel needs none that is "
    "privileged, so please report this.",
    aiohttp.ClientConnectionError: "Discord cannot be reached; check the network and try again.",
}
"""What discord.py and aiohttp raise where an admin can mend it, in a sentence each."""


async def run(settings: Settings) -> None:
    """Runs the bot until it is told to stop."""
    if settings.discord_token is None:
        raise SettingsError("DISCORD_TOKEN is not set; docs/hosting.md tells where to get it.")
    if settings.discord:
        point_at(settings.discord)
    jobs = await Jobs.open(settings)
    try:
        await _until_stopped(serve(settings, jobs, settings.discord_token.get_secret_value()))
    finally:
        await jobs.close()


async def serve(settings: Settings, jobs: Jobs, token: str) -> None:
    """Serves Discord once no other bot on this database does.

    Raises:
        LeaseLostError: Another one does, as this one seemed dead.
    """
    files = Files.of(settings)
    async with hold_lease(settings) as lease, watch(settings, jobs) as watched:
        await lease.take()
        await _look_at_store(files)
        async with EaselBot(settings, jobs, files) as bot:
            await watched.begin(bot)
            work = [asyncio.create_task(it) for it in (bot.start(token), lease.keep())]
            try:
                # Whichever ends, ends both: a bot that failed, or a lease that was lost.
                done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    await task
            finally:
                for task in work:
                    task.cancel()
                await asyncio.gather(*work, return_exceptions=True)


@contextlib.asynccontextmanager
async def hold_lease(settings: Settings) -> AsyncIterator[Lease]:
    """A lease that is given back at the end."""
    # Its signs of life wait behind nothing that others write.
    records = Records.open(settings.database)
    lease = Lease(records, settings.dead_after)
    try:
        yield lease
    finally:
        await lease.release()
        await records.close()


class Watched:
    """What metrics and health tell of: a bot that serves, or one that waits until it may."""

    def __init__(self, settings: Settings, jobs: Jobs) -> None:
        self._settings, self._jobs = settings, jobs
        self._bot: EaselBot | None = None
        self._listening: asyncio.Task[None] | None = None

    def listen(self, server: "MonitoringServer") -> None:
        """Listens from now on, once whoever served on this machine before has left the port."""
        self._listening = asyncio.create_task(self._listen(server))

    async def begin(self, bot: EaselBot) -> None:
        """Tells of a bot that serves from now on.

        Raises:
            SettingsError: The port cannot be listened on.
        """
        self._bot = bot
        if self._listening is not None:
            await self._listening

    async def stop(self) -> None:
        """Tries to listen no more."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})

    async def ask(self) -> str:
        """What keeps the bot from its work; empty where nothing does."""
        if self._bot is None:
            return "another bot serves"
        if not hears(self._bot):
            return "not connected to Discord"
        # Opens a connection of its own, as a start does, and so finds out what a start would.
        await asyncio.to_thread(require_current, self._settings.database)
        return ""

    async def refresh(self) -> None:
        """Measures what nobody counts."""
        bot = self._bot
        meters.GATEWAY_CONNECTED.set(bot is not None and hears(bot))
        if bot is not None and math.isfinite(bot.latency):
            meters.GATEWAY_SECONDS.set(bot.latency)
        # Of all that tell, one at a time tells of the queue.
        if bot is not None:
            load = await self._jobs.records.read(read_load, self._settings.dead_after)
            show_load(load, self._settings)

    async def _listen(self, server: "MonitoringServer") -> None:
        while True:
            try:
                await server.start(self._settings.metrics_host, self._settings.metrics_port)
            except SettingsError:
                if self._bot is not None:
                    raise
            else:
                return
            await asyncio.sleep(LOOK)


@contextlib.asynccontextmanager
async def watch(settings: Settings, jobs: Jobs) -> AsyncIterator[Watched]:
    """Serves metrics and health for as long as that lasts, where the settings say so."""
    watched = Watched(settings, jobs)
    if not settings.metrics_port:
        yield watched
        return
    # Only where it is wanted: the library that it needs is loaded with it.
    from storage.monitoring.server import MonitoringServer  # noqa: PLC0415

    server = MonitoringServer(watched.ask, watched.refresh)
    watched.listen(server)
    try:
        yield watched
    finally:
        await watched.stop()
        await server.stop()


def hears(bot: EaselBot) -> bool:
    """Whether every shard of a bot is connected to Discord."""
    return bot.is_ready() and not any(shard.is_closed() for shard in bot.shards.values())


async def _look_at_store(files: Files) -> None:
    """Says in the log if no pictures can be kept, which would else show with the first of them."""
    try:
        await asyncio.to_thread(files.probe)
    except FileStoreError as error:
        log.error("pictures cannot be kept", reason=str(error))


async def _until_stopped(work: Coroutine[None, None, None]) -> None:
    """Runs ``work`` until it ends or the process is asked to stop."""
    task = asyncio.create_task(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        # A container and systemd stop with SIGTERM; it ends the bot as Ctrl-C does.
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def main() -> int:
    """Runs the bot; the exit code."""
    try:
        settings = load_settings()
        set_up_logs(settings)
        # What was imported stays: looking through it for garbage would stop everything for a tenth
        # of a second now and then.
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run(settings))
    except LeaseLostError as error:
        log.error(str(error))
        # A new process waits for its turn.
        return RESTART
    except HostError as error:
        log.error(str(error))
        return 1
    except tuple(DISCORD_FAULTS) as error:
        log.error(next(text for kind, text in DISCORD_FAULTS.items() if isinstance(error, kind)))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
