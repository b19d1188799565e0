"""A queue without a job engine and without workers: a test makes the pictures by hand.

It is the product's own `Jobs` on a database of its own, so its rules are the real ones; only the
engine behind it is a dictionary.
"""

import asyncio
import base64
import itertools
from collections.abc import AsyncGenerator, Collection
from typing import Any, Self

from PIL import Image
from sqlalchemy import Connection, delete, select

from generation.pictures.metadata import encode_png
from generation.questions.question import is_question
from generation.recipe import Recipe
from generation.recipe.sheet import Sheet, is_sheet
from storage.database.connect import open_engine
from storage.database.records import Records
from storage.database.tables import JobRow, Table
from storage.files import Files
from storage.queue import presence, queries
from storage.queue.client import Jobs
from storage.queue.engine import JobEngine
from storage.queue.jobs import Made, Rendered
from storage.queue.order import ModelName
from storage.queue.verdicts import Verdict
from storage.settings import Settings

WORKER = "hand"

FIGURE: tuple[float, ...] = ()
"""Left, top, right and bottom of what is painted into every picture, in shares; () for nothing."""


EXPLICIT = "glaring"
"""The word by which the toy classifier here tells what is explicit, ..."""

GLARING = (255, 0, 255)
"""and the colour of it, which nothing else has."""


class DictionaryEngine(JobEngine):
    """Entries of jobs in a dictionary."""

    def __init__(self) -> None:
        self.entries: dict[str, bool] = {}
        self.progress: dict[str, asyncio.Queue[dict[str, Any]]] = {}

    async def close(self) -> None:
        """Has nothing to close."""

    def enter(self, _connection: Connection, job_id: str, _priority: int) -> None:
        """Notes an entry."""
        self.entries[job_id] = True

    async def enter_again(self, job_id: str, _priority: int, *, active: bool) -> None:
        """Notes it anew."""
        del active
        self.entries[job_id] = True

    async def cancel(self, job_id: str) -> None:
        """Notes that a job ended."""
        self.entries[job_id] = False

    async def delete(self, job_ids: Collection[str]) -> None:
        """Forgets entries."""
        for job_id in job_ids:
            self.entries.pop(job_id, None)

    async def find_lost(self, records: Records, _: float) -> list[tuple[queries.Standing, bool]]:
        """Jobs without an entry that is active."""
        standings = await records.read(queries.list_undelivered)
        unfinished = [job for job in standings if job.state in {"queued", "running"}]
        return [(job, False) for job in unfinished if not self.entries.get(job.id)]

    async def find_leftovers(self, records: Records) -> list[str]:
        """Entries of jobs that were shown."""
        undelivered = {job.id for job in await records.read(queries.list_undelivered)}
        return [job_id for job_id in self.entries if job_id not in undelivered]

    async def read_progress(self, job_id: str, poll: float) -> AsyncGenerator[dict[str, Any]]:
        """What a test published."""
        del poll
        while True:
            yield await self.progress.setdefault(job_id, asyncio.Queue()).get()


class HandQueue(Jobs):
    """The queue, and what workers do to it."""

    def __init__(self, settings: Settings, engine: DictionaryEngine) -> None:
        super().__init__(settings, Records.open(settings.database), engine)
        self.engine = engine
        self.changed = asyncio.Event()
        self._pictures = itertools.count()
        self.answer: dict[str, Any] = {}

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        """A queue on a new database."""
        settings.data.mkdir(parents=True, exist_ok=True)
        database = open_engine(settings.database)
        with database.begin() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            Table.metadata.create_all(connection)
        database.dispose()
        return cls(settings, DictionaryEngine())

    async def sign_on(self, *serves: ModelName) -> None:
        """Notes that somebody is at work, who takes jobs of some models, or of all."""
        values = {"session": "", "host": "here", "pid": 0, "device": "hand", "model": "easel-1"}
        values |= {"serves": presence.write_served(frozenset(serves))} if serves else {}
        await self.records.write(presence.sign_on, WORKER, values)

    async def waiting(self) -> list[str]:
        """Jobs that wait or run, in the order in which they were accepted."""
        unfinished = select(JobRow.id).where(queries.UNFINISHED).order_by(JobRow.created_at)
        return await self.records.read(lambda it: list(it.execute(unfinished).scalars()))

    async def undelivered(self) -> list[str]:
        """Jobs whose end was not shown."""
        return [job.id for job in await self.records.read(queries.list_undelivered)]

    async def begin(self, job_id: str) -> queries.Run:
        """Takes a job as a worker does."""
        run = await self.records.write(queries.begin_run, job_id, WORKER, 3)
        assert run is not None
        self.wake()
        return run

    def publish(self, run: queries.Run, step: int, steps: int, preview: bytes | None) -> None:
        """Tells how far a job is."""
        encoded = None if preview is None else base64.b64encode(preview).decode()
        value = {"attempt": run.attempt, "step": step, "steps": steps, "preview": encoded}
        self.engine.progress.setdefault(run.job_id, asyncio.Queue()).put_nowait(value)

    async def finish(self, job_id: str, files: Files) -> None:
        """Makes a job's pictures: plain ones, each of a colour of its own."""
        await self.complete(await self.begin(job_id), files)

    async def complete(self, run: queries.Run, files: Files) -> None:
        """Makes the pictures of a job that runs."""
        await self.records.write(queries.finish_run, run, self.paint(run, files), 1.0)
        self.wake()

    async def fail(self, job_id: str, failure: str) -> None:
        """Ends a job without pictures."""
        run = await self.begin(job_id)
        await self.records.write(queries.fail_run, run, failure)
        self.wake()

    async def clear(self) -> None:
        """Forgets all that was ever kept."""

        def empty(connection: Connection) -> None:
            for table in reversed(Table.metadata.sorted_tables):
                connection.execute(delete(table))

        await self.records.write(empty)
        self.engine.entries.clear()
        self.wake()

    def paint(self, run: queries.Run, files: Files) -> Rendered:
        """Pictures of a job, and a grid where there are several, with their recipe inside.

        To a question it has no answer of its own, as the judge has none to most pictures.
        """
        if is_question(run.recipe):
            return Rendered(answer=self.answer)
        if is_sheet(run.recipe):
            cells = Sheet.from_json(run.recipe).cells
            made = [self._paint(cell, 0, files) for cell in cells]
            scores = tuple(0.9 if EXPLICIT in cell.prompt else 0.1 for cell in cells)
            grid = self._paint(cells[0], None, files)
            return Rendered(pictures=made, grid=grid, verdict=Verdict("toy", scores, 0.7))
        recipe = Recipe.from_json(run.recipe)
        count = len(recipe.noise)
        pictures = [self._paint(recipe, index, files) for index in range(count)]
        verdict = Verdict("toy", (0.9 if EXPLICIT in recipe.prompt else 0.1,) * count, 0.7)
        return Rendered(
            pictures=pictures,
            grid=self._paint(recipe, None, files) if count > 1 else None,
            verdict=verdict,
        )

    def _paint(self, recipe: Recipe, index: int | None, files: Files) -> Made:
        number = next(self._pictures)
        colour = (number % 256, number // 256 % 256, 90)
        larger = recipe.finishing.upscale
        size = recipe.size.width * larger, recipe.size.height * larger
        picture = Image.new("RGB", size, GLARING if EXPLICIT in recipe.prompt else colour)
        if FIGURE:
            sides = zip(FIGURE, size * 2, strict=True)
            left, top, right, bottom = (round(share * side) for share, side in sides)
            picture.paste((255, 255, 255), (left, top, right, bottom))
        sha256 = files.put(encode_png(picture, recipe, index=index))
        return Made(sha256=sha256, width=size[0], height=size[1], digest=f"digest-{number}")

    def wake(self) -> None:
        super().wake()
        self.changed.set()
