"""What asking costs as history grows: accepting a job, and the choices of ``/show`` at each key.

Run with ``python -m benchmarks.history``. The database is SQLite, or an empty one that
``EASEL_DATABASE_URL`` names. The baseline of each figure is the same with no history, in the same
run; the person who asks owns a twelfth of all jobs.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection, delete, text

from bot.panels.latest import list_choices
from storage.database.tables import Table
from storage.prepare import migrate
from storage.queue.client import Jobs
from storage.queue.jobs import NewJob
from storage.settings import Settings, load_settings

SIZES: Final = (0, 20_000, 200_000)
TRIES: Final = 40
HEAVY: Final = 1
"""Who owns a twelfth of all jobs."""

_PERSON: Final = f"CASE WHEN i % 12 = 0 THEN {HEAVY} ELSE 100 + i % 500 END"
_JOBS: Final = """
INSERT INTO jobs (id, parent_id, recipe, title, state, attempts, speed, priority, person_id,
                  server_id, channel_id, message_id, application_id, upload_limit,
                  interaction_token, token_expires_at, created_at, finished_at, delivered_at,
                  delivered_message_id)
SELECT {id}, {id}, ('{{"version": 9, "prompt": "a red apple on a table, number ' || i || '",
        "parameters": "--ar 3:2 --stylize 250", "padding": "' || {padding} || '"}}'){json},
       'imagine',
       CASE WHEN i % 40 = 0 THEN 'failed' ELSE 'done' END, 1, 'fast', 1,
       {person}, 7, 8, i, 9, 1000000, NULL,
       {moment}, {moment}, {moment}, {moment}, i
FROM {numbers}
"""
_REST: Final = (
    """INSERT INTO images (job_id, position, kind, sha256, width, height, digest)
       SELECT {id}, 0, 'picture', {id} || {id}, 8, 8, {id} FROM {numbers}""",
    """INSERT INTO favourites (person_id, job_id, position, created_at)
       SELECT {person}, {id}, 0, {moment} FROM {numbers}""",
    "INSERT INTO copies (message_id, job_id) SELECT {count} + i, {id} FROM {numbers}",
    """INSERT INTO drafts (id, person_id, body, created_at)
       SELECT {id}, i % 500, '{{}}', {moment} FROM {numbers} WHERE i > {count} - 8000""",
    """INSERT INTO changes (server_id, person_id, at, what)
       SELECT i % 500, {person}, {moment}, 'limits' FROM {numbers}""",
    """INSERT INTO presets (owner_kind, owner_id, name, body)
       SELECT 'person', i, 'ink', '{{}}' FROM {numbers}""",
    "INSERT INTO people (id, settings) SELECT 1000 + i, '{{}}' FROM {numbers}",
    "INSERT INTO servers (id, settings) SELECT 1000 + i, '{{}}' FROM {numbers}",
    "INSERT INTO shares (person_id, lane, finish) SELECT i, 'fast', 0 FROM {numbers}",
    """INSERT INTO usage (person_id, day, server_id, lane, jobs, pictures, gpu_ms)
       SELECT i, {day}, i % 500, 'fast', 1, 4, 9000 FROM {numbers}""",
    """INSERT INTO grants (person_id, server_id, kind, begins, amount)
       SELECT i, 7, 'jobs/day', {day}, 1 FROM {numbers}""",
    "INSERT INTO blocks (person_id, server_id) SELECT i, 7 FROM {numbers}",
    """INSERT INTO cases (job_id, server_id, person_id, actor_id, at, what, reason)
       SELECT {id}, i % 500, i, i, {moment}, 'held', '' FROM {numbers}""",
    """INSERT INTO gallery (id, job_id, person_id, server_id, channel_id, model, words)
       SELECT i, {id}, {person}, 7, 8 + i % 40, 'easel-1', 'a red apple on a table number ' || i
       FROM {numbers}""",
    """INSERT INTO share_links (digest, job_id, position, person_id, recipe, created_at, expires_at)
       SELECT {id} || {id}, {id}, 0, {person}, i > 0, {moment}, '2999-01-01 00:00:00.000000'
       FROM {numbers}""",
)
_SQLITE: Final = {
    "id": "printf('%08x%024x', i * 2654435761 % 4294967296, i)",
    "padding": "hex(zeroblob({padding} / 2))",
    "json": "",
    "moment": "strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || ({count} - i) || ' minutes')",
    "day": "date('now')",
    "numbers": "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
    " SELECT i FROM n)",
}
_POSTGRES: Final = {
    "id": "lpad(to_hex(i * 2654435761 % 4294967296), 8, '0') || lpad(to_hex(i), 24, '0')",
    "padding": "repeat('0', {padding})",
    "json": "::json",
    "moment": "now() - ({count} - i) * interval '1 minute'",
    "day": "current_date",
    "numbers": "generate_series(1::bigint, {count}) AS n(i)",
}


def fill(connection: Connection, count: int, padding: int = 500) -> None:
    """Writes so many delivered jobs, one a minute up to now, and as many rows of all else.

    Args:
        connection: In a transaction that writes.
        count: How many.
        padding: Bytes of a recipe besides its words.
    """
    given = _POSTGRES if connection.dialect.name == "postgresql" else _SQLITE
    parts = {name: part.format(count=count, padding=padding) for name, part in given.items()}
    for statement in (_JOBS, *_REST):
        connection.execute(
            text(statement.format(count=count, person=_PERSON, **parts).replace(":", r"\:"))
        )


def settings_in(folder: Path) -> Settings:
    """Settings as they come, with a database of its own unless one is named."""
    return load_settings().model_copy(update={"data": folder, "max_jobs_per_person": 10**6})


def new_job() -> NewJob:
    """A job with a recipe of usual size."""
    return NewJob(
        id=uuid4().hex,
        recipe={"version": 1, "prompt": "a red apple " * 8, "seed": 7},
        title="imagine",
        person_id=HEAVY,
        channel_id=1,
        application_id=1,
        upload_limit=10_000_000,
    )


async def time_each(work: Callable[[], Awaitable[object]]) -> list[float]:
    """Milliseconds of each try."""
    took = []
    for _ in range(TRIES):
        began = time.perf_counter()
        await work()
        took.append(1000 * (time.perf_counter() - began))
    return took


async def measure(settings: Settings) -> None:
    """Prints all figures."""
    jobs = await Jobs.open(settings)
    print(f"{'jobs':>8}  {'accept, median (p95)':>22}  {'/show, median (p95)':>22}   in ms")
    for size in SIZES:
        if size:
            await jobs.records.write(_empty)
            await jobs.records.write(fill, size)
        figures = []
        for work in (lambda: jobs.accept(new_job()), lambda: list_choices(jobs.records, HEAVY, "")):
            took = await time_each(work)
            late = statistics.quantiles(took, n=20)[-1]
            figures.append(f"{statistics.median(took):8.1f} ({late:.1f})")
        print(f"{size:8,}  {figures[0]:>22}  {figures[1]:>22}")
    await jobs.close()


def _empty(connection: Connection) -> None:
    for table in reversed(Table.metadata.sorted_tables):
        connection.execute(delete(table))


def main() -> None:
    """Measures on a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_in(Path(folder))
        migrate(settings)
        asyncio.run(measure(settings))


if __name__ == "__main__":
    main()
