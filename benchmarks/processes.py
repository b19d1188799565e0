"""The whole product under load and at rest, beside a bare discord.py bot in the same run.

``python -m benchmarks.processes`` reports interaction → acknowledgement at 50 interactions a second
while the worker draws, then what bot and worker take when nothing happens.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playground import Interaction, Playground
from storage.prepare import migrate
from storage.settings import Settings
from tests.journeys.studio import BOT, WORKER, Studio

RATE, SECONDS, REST = 50, 8, 20
BARE = """
import sys, discord
from discord import app_commands
from bot.client import point_at
point_at(sys.argv[1])
client = discord.Client(intents=discord.Intents.none())
tree = app_commands.CommandTree(client)
@tree.command(name="imagine", description="bare")
async def imagine(interaction: discord.Interaction, prompt: str) -> None:
    await interaction.response.defer(thinking=True)
@client.event
async def setup_hook() -> None:
    await tree.sync()
client.run(sys.argv[2], log_handler=None)
"""


async def paced(standin: Playground, prompt: str) -> list[float]:
    """Seconds to the acknowledgement of each of ``RATE`` × ``SECONDS`` interactions."""
    asked: list[Interaction] = []
    start = time.perf_counter()
    for number in range(RATE * SECONDS):
        await asyncio.sleep(max(0.0, start + number / RATE - time.perf_counter()))
        asked.append(await standin.command("mira", "imagine", {"prompt": prompt}))
    for interaction in asked:
        await interaction.acknowledged(30)
    return [interaction.latency or 0.0 for interaction in asked]


def told(name: str, seconds: list[float]) -> None:
    """Prints the median and the 99th percentile in milliseconds."""
    ordered = sorted(seconds)
    p99 = ordered[int(0.99 * len(ordered))]
    late = sum(second > 3 for second in seconds)
    middle = statistics.median(ordered)
    print(f"{name:44} p50 {middle * 1e3:7.1f} ms  p99 {p99 * 1e3:7.1f} ms  over 3 s: {late}")


async def bare() -> None:
    """A bot whose only command acknowledges."""
    async with Playground(port=0) as standin:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "ignore", "-c", BARE, standin.url, standin.token, cwd=Path.cwd()
        )
        try:
            await standin.ready(60)
            told("bare discord.py bot, defer() only", await paced(standin, "a cat"))
        finally:
            process.kill()
            await process.wait()


async def whole(folder: Path) -> None:
    """The bot, with its worker drawing all the while, then at rest."""
    os.environ["EASEL_MAX_JOBS_PER_PERSON"] = "3"
    migrate(Settings(data=folder))
    async with Playground(port=0) as standin:
        studio = Studio(standin, folder)
        try:
            await studio.start(BOT, WORKER)
            await standin.command("otto", "imagine", {"prompt": "a slow apple --steps 100"})
            await standin.message(lambda message: "%" in message.content, 60)
            told("Easel, refused prompts, worker busy", await paced(standin, "a cat --nope"))
            told("Easel, accepted until full, worker busy", await paced(standin, "a cat"))
            await standin.until(lambda: _settled(standin), 120)
            await _at_rest(studio)
        finally:
            await studio.close()


def _settled(standin: Playground) -> bool:
    return not any("Cancel" in message.buttons for message in standin.messages)


async def _at_rest(studio: Studio) -> None:
    before = {side: _cpu(studio, side) for side in (BOT, WORKER)}
    await asyncio.sleep(REST)
    for side, seconds in before.items():
        share = (_cpu(studio, side) - seconds) / REST
        print(f"{side:44} idle CPU {share:6.1%} of a core   resident {_resident(studio, side)} MB")


def _cpu(studio: Studio, side: str) -> float:
    fields = _proc(studio, side, "stat").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(studio: Studio, side: str) -> int:
    return int(_proc(studio, side, "statm").split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20


def _proc(studio: Studio, side: str, name: str) -> str:
    return Path(f"/proc/{studio.processes[side].pid}/{name}").read_text(encoding="utf-8")


async def main() -> None:
    """Runs all of it."""
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        await bare()
        await whole(Path(folder))


if __name__ == "__main__":
    asyncio.run(main())
