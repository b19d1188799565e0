"""Jobs while bot, worker and database are killed by turns: accepted, lost and doubled.

``python -m benchmarks.kills`` asks for pictures until so many jobs were accepted, and sends SIGKILL
to the bot, then to the worker, then has PostgreSQL restart as after a crash, every few seconds
(``--database sqlite``: only the first two). All processes are those that people run, but for what
draws: plain pictures. Then it waits until nothing is left to be shown and compares the rows with
what stands in the channel, where each picture says by its seed what it answers.
"""

import argparse
import asyncio
import itertools
import math
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final
from unittest import mock

from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from benchmarks.crowd import PEOPLE, gather
from generation.pictures.metadata import read_recipe
from generation.runtime.render import Pictures
from playground import Interaction, Playground
from playground.state.records import MessageFlag
from storage.database.connect import open_engine
from storage.database.tables import JobRow
from storage.decisions.choices import ServerChoices
from storage.prepare import migrate
from storage.settings import Settings
from tests.journeys.studio import BOT, WORKER, Studio, ending
from tests.processes import preload, spawn
from tests.storage import faulty
from tests.storage.conftest import settings_for
from tests.storage.postgres import Server, postgres_server

JOBS, EVERY, RATE = 2000, 4.0, 12.0
DRAWING: Final = 0.05
"""Seconds that a picture takes."""
PATIENCE: Final = 120.0
"""Seconds in which nothing is shown after which what was not counts as lost."""
CALM: Final = 10
"""Seconds for which nothing may be left to be shown at the end."""
DEAD_AFTER: Final = 4.0


def draw(*_: object, **__: object) -> Pictures:
    """A plain picture."""
    time.sleep(DRAWING)
    return Pictures((Image.radial_gradient("L").convert("RGB"),), None)


def work(settings: Settings) -> None:
    """The worker, but for its model."""
    with mock.patch.object(faulty, "draw", draw):
        faulty.work(settings, settings.data, PATIENCE)


class Killing:
    """Asks, kills and counts.

    Attributes:
        kills: How often what was killed.
        asked: By seed.
        over: Whether all was asked for.
    """

    def __init__(self, studio: Studio, settings: Settings, server: Server | None) -> None:
        self.over = False
        self.kills: Counter[str] = Counter()
        self.asked: dict[int, Interaction] = {}
        self._studio, self._standin, self._settings = studio, studio.playground, settings
        self._server = server
        self._engine = open_engine(settings.database, pooled=False)

    async def start(self) -> None:
        """Starts both sides."""
        await self._start(WORKER)
        await self._start(BOT)

    async def _start(self, side: str) -> None:
        if side == WORKER:
            self._studio.processes[WORKER] = spawn(work, self._settings)
        else:
            await self._studio.start(side)

    async def ask(self, count: int, rate: float) -> None:
        """Asks until so many jobs were accepted."""
        for seed in itertools.count(1):
            # Whoever sees no bot waits for it.
            await self._standin.ready(PATIENCE)
            prompt = f"an owl --seed {seed} --batch 1"
            person = f"p{seed % PEOPLE}"
            asked = await self._standin.command(person, "imagine", {"prompt": prompt})
            self.asked[seed] = asked
            if not seed % 20 and await self.count(select(func.count(JobRow.id))) >= count:
                return
            await asyncio.sleep(1 / rate)

    async def count(self, what: Any) -> int:  # noqa: ANN401 - any statement of one number
        """A number from the database, once it answers."""

        def look() -> int:
            with self._engine.connect() as connection:
                return int(connection.execute(what).scalar_one())

        while True:
            try:
                return await asyncio.to_thread(look)
            except SQLAlchemyError:
                await asyncio.sleep(0.1)

    async def kill(self, every: float) -> None:
        """Kills one after another until it is over."""
        for victim in itertools.cycle([BOT, WORKER, *(["database"] if self._server else [])]):
            await asyncio.sleep(every)
            if self.over:
                return
            if self._server and victim == "database":
                await asyncio.to_thread(self._server.restart)
            elif self._studio.runs(victim):
                await self._studio.end(victim, signal.SIGKILL)
                await self._start(victim)
            else:
                continue
            self.kills[victim] += 1

    async def keep(self) -> None:
        """Starts again what ended by itself, as what starts them for people does."""
        while True:
            for side, process in list(self._studio.processes.items()):
                if not process.is_alive():
                    print(f"{side} ended with {await ending(process)} and is started again")
                    await self._start(side)
            await asyncio.sleep(0.5)

    async def settle(self) -> None:
        """Waits until all that was accepted is shown, or for as long as is worth it."""
        undelivered = select(func.count(JobRow.id)).where(JobRow.delivered_at.is_(None))
        until, least, calm = time.monotonic() + PATIENCE, math.inf, 0
        # What was asked last may be accepted once all before it was shown. A machine that is busy
        # otherwise loses nothing by being slow.
        while calm < CALM and time.monotonic() < until:
            left = await self.count(undelivered)
            calm = 0 if left else calm + 1
            if left < least:
                until, least = time.monotonic() + PATIENCE, left
            await asyncio.sleep(1.0)

    async def tell(self) -> bool:
        """Prints what became of all jobs; whether each was shown exactly once."""
        with self._engine.connect() as connection:
            wanted = select(JobRow.recipe, JobRow.state, JobRow.failure, JobRow.delivered_at)
            rows = connection.execute(wanted).all()
        seeds = Counter(row.recipe["noise"][0]["seed"] for row in rows)
        shown: Counter[int] = Counter()
        for message in self._standin.messages:
            for attachment in message.attachments:
                recipe = read_recipe(await self._standin.read(attachment))
                if recipe:
                    shown[recipe.noise[0].seed] += 1
        done = [row.recipe["noise"][0]["seed"] for row in rows if row.state == "done"]
        failed = Counter(row.failure for row in rows if row.state == "failed")
        # "Queued" without a job behind it would be a promise that nobody keeps.
        waiting = {m.interaction_id for m in self._standin.messages if "Cancel" in m.buttons}
        unshown: dict[str, list[Any]] = {
            "not delivered": [row.state for row in rows if row.delivered_at is None],
            "done and not shown": [seed for seed in done if not shown[seed]],
            "shown as waiting": [*waiting],
        }
        lost = sum(map(len, unshown.values()))
        doubled = sum(count > 1 for count in (seeds | shown).values())
        answered = {seed for seed, asked in self.asked.items() if asked.response is not None}
        cut = [self.asked[seed] for seed in answered - seeds.keys()]
        told = sum(not (m := each.message) or not m.flags & MessageFlag.LOADING for each in cut)
        print(f"kills: {dict(self.kills)}")
        print(f"asked {len(self.asked)}, acknowledged {len(answered)}; of these {len(cut)} became")
        print(f"no job as the bot died before ({told} were told so, the rest says thinking)")
        print(f"accepted {len(rows)}, lost {lost}, doubled {doubled}, failed {dict(failed)}")
        if lost:
            print(unshown)
        return not lost and not doubled


async def run(folder: Path, url: str, server: Server | None, given: argparse.Namespace) -> bool:
    """Does all of it on one database."""
    settings = settings_for(
        folder, url, dead_after=DEAD_AFTER, worker="benchmark", poll=0.1, log_level="warning"
    )
    migrate(settings)
    began = time.monotonic()
    async with Playground(port=0) as standin:
        gather(standin)
        studio = Studio(standin, folder, url)
        studio.environment |= {"EASEL_MAX_JOBS_PER_PERSON": "1000"}
        killing, tasks = Killing(studio, settings, server), list[asyncio.Task[None]]()
        try:
            await killing.start()
            await studio.decide(ServerChoices(unfinished=1000))
            tasks += [asyncio.create_task(it) for it in (killing.kill(given.every), killing.keep())]
            asking = asyncio.create_task(killing.ask(given.jobs, given.rate))
            done, _ = await asyncio.wait([*tasks, asking], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                await task
            # From here on nothing is killed, and what was comes back.
            killing.over = True
            await tasks[0]
            await killing.settle()
            print(f"after {time.monotonic() - began:.0f} s on {url.partition(':')[0] or 'sqlite'}")
            return await killing.tell()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await studio.close()


def main() -> None:
    """Runs on one kind of database; ends with 1 where anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="postgres")
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--every", type=float, default=EVERY, help="seconds between two kills")
    parser.add_argument("--rate", type=float, default=RATE, help="requests a second")
    given = parser.parse_args()
    preload("tests.journeys.preloaded", "benchmarks.kills")
    with tempfile.TemporaryDirectory() as folder:
        if given.database == "sqlite":
            kept = asyncio.run(run(Path(folder), "", None, given))
        else:
            with postgres_server() as server:
                kept = asyncio.run(run(Path(folder), server.url + "kills", server, given))
    raise SystemExit(not kept)


if __name__ == "__main__":
    main()
