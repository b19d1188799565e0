"""``python -m bot``: the bot process. Start-up faults become one sentence and an exit code."""

import asyncio
import contextlib
import gc
import math
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from typing import Final

import aiohttp
import discord
import structlog

from bot.client import EaselBot, point_at
from faults import HostError
from storage import meters
from storage.database.connect import require_current
from storage.files import Files, FileStoreError
from storage.logs import set_up_logs
from storage.monitoring.gauges import read_load, show_load
from storage.queue.client import Jobs
from storage.queue.lease import Lease, LeaseLostError
from storage.settings import Settings, SettingsError, load_settings
from storage.signals import RESTART

log: Final = structlog.get_logger(__name__)

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
    lease, files = Lease(jobs.records, settings.dead_after), Files.of(settings)
    await lease.take()
    try:
        await _look_at_store(files)
        async with (
            EaselBot(settings, jobs, files) as bot,
            # Only now: on one machine whoever served before had the same port.
            watch(settings, bot, jobs),
        ):
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
    finally:
        await lease.release()


@contextlib.asynccontextmanager
async def watch(settings: Settings, bot: EaselBot, jobs: Jobs) -> AsyncIterator[None]:
    """Serves metrics and health for as long as that lasts, where the settings say so.

    Raises:
        SettingsError: The port cannot be listened on.
    """
    if not settings.metrics_port:
        yield
        return
    # Only where it is wanted: the library that it needs is loaded with it.
    from storage.monitoring.server import MonitoringServer  # noqa: PLC0415

    async def ask() -> str:
        if not hears(bot):
            return "not connected to Discord"
        # Opens a connection of its own, as a start does, and so finds out what a start would.
        await asyncio.to_thread(require_current, settings.database)
        return ""

    async def refresh() -> None:
        meters.GATEWAY_CONNECTED.set(hears(bot))
        if math.isfinite(bot.latency):
            meters.GATEWAY_SECONDS.set(bot.latency)
        show_load(await jobs.records.read(read_load, settings.dead_after), settings)

    server = MonitoringServer(ask, refresh)
    await server.start(settings.metrics_host, settings.metrics_port)
    try:
        yield
    finally:
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
        asyncio.run(run(settings))
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
