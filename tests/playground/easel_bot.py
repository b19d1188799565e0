"""Easel's own bot before the page, with jobs that are made at once and without a model."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bot.client import EaselBot, point_at
from storage.files import Files
from tests.bot.live.queue import HandQueue
from tests.haste import hasten
from tests.storage.conftest import settings_for


async def make(jobs: HandQueue, files: Files) -> None:
    """Makes every job, as soon as it is accepted."""
    while True:
        jobs.changed.clear()
        for job_id in await jobs.waiting():
            await jobs.finish(job_id, files)
        await jobs.changed.wait()


async def run(token: str, url: str, data: Path) -> None:
    """Runs the bot until it is killed."""
    point_at(url)
    hasten(pytest.MonkeyPatch())
    settings = settings_for(data, discord=url, discord_token=token)
    jobs, files = await HandQueue.open(settings), Files(data / "images")
    bot = EaselBot(settings, jobs, files)
    await asyncio.gather(bot.start(token), make(jobs, files))


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], os.environ["EASEL_DISCORD"], Path(os.environ["EASEL_DATA"])))
