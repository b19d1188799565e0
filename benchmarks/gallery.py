"""What the gallery costs with a long history: its pages, its searches, and filling it.

Run with ``python -m benchmarks.gallery [PICTURES]``. The database is SQLite, or an empty one that
``EASEL_DATABASE_URL`` names. The baseline of each figure is the same with 2,000 pictures, in the
same run. The person who asks owns a twelfth of all pictures, and sees all channels of the server,
or one with hardly any.
"""

import asyncio
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import discord
from sqlalchemy import Connection, insert, text

from benchmarks.history import settings_in
from bot.client import INTENTS
from bot.gallery.collection import PictureCollection
from bot.gallery.query import read_wanted
from bot.gallery.sights import Onlooker
from storage.database.records import Records
from storage.database.tables import FavouriteRow, ImageRow, JobRow
from storage.gallery import index
from storage.gallery.rights import Sight, Viewer
from storage.gallery.search import Wanted
from storage.prepare import migrate
from storage.queue.client import Jobs
from storage.settings import Settings

FEW: Final = 2_000
MANY: Final = 200_000
TRIES: Final = 30
BATCH: Final = 2_000

HEAVY: Final = 1
"""Who owns a twelfth of all pictures."""

SERVER: Final = 7
QUIET: Final = 99
"""A channel with one picture in a thousand."""

CHANNELS: Final = frozenset({*range(100, 120), QUIET})
COMMON: Final = "dog"
"""A word in every second prompt."""

OTHER: Final = "cat"
"""In every other one."""

RARE: Final = "zeppelin"
"""One in some twenty."""

PAST: Final = "ancient"
"""In those of the older half, and in none of the newer."""

_NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
_SHAPES: Final = ("--ar 3:2", "--ar 1:1 --tile", "--stylize 250", "", "", "--ar 16:9 --chaos 20")
_MODELS: Final = ("easel-1", "sdxl-base", "flux2-klein")

VIEWER: Final = Viewer(HEAVY, {SERVER: Sight(True, CHANNELS)})
NARROW: Final = Viewer(HEAVY, {SERVER: Sight(True, frozenset({QUIET}))})

ASKED: Final[Mapping[str, tuple[Viewer, Mapping[str, str]]]] = {
    "mine, first page": (VIEWER, {}),
    "server, first page": (VIEWER, {"scope": str(SERVER)}),
    "server, one quiet channel": (NARROW, {"scope": str(SERVER)}),
    "favourites, first page": (VIEWER, {"scope": "marked"}),
    "server, old days": (VIEWER, {"scope": str(SERVER), "until": "{old}"}),
    "mine, a common word": (VIEWER, {"q": COMMON}),
    "server, a common word": (VIEWER, {"scope": str(SERVER), "q": COMMON}),
    "server, a rare word": (VIEWER, {"scope": str(SERVER), "q": RARE}),
    "server, two words": (VIEWER, {"scope": str(SERVER), "q": f"{COMMON} {RARE}"}),
    "server, two common words": (VIEWER, {"scope": str(SERVER), "q": f"{COMMON} w0 w1"}),
    "server, words that never meet": (VIEWER, {"scope": str(SERVER), "q": f"{COMMON} {OTHER}"}),
    "server, a word of long ago": (VIEWER, {"scope": str(SERVER), "q": PAST}),
    "server, words of long ago": (VIEWER, {"scope": str(SERVER), "q": f"{PAST} {RARE}"}),
    "server, no such word": (VIEWER, {"scope": str(SERVER), "q": "xylophonist"}),
    "server, a letter": (VIEWER, {"scope": str(SERVER), "q": "w"}),
    "server, a letter of long ago": (VIEWER, {"scope": str(SERVER), "q": PAST[0]}),
    "server, beginning of a word": (VIEWER, {"scope": str(SERVER), "q": "w1"}),
    "mine, a rare word": (VIEWER, {"q": RARE}),
    "quiet channel, a common word": (NARROW, {"scope": str(SERVER), "q": COMMON}),
    "server, a flag": (VIEWER, {"scope": str(SERVER), "q": "--ar 16:9"}),
    "server, model and person": (
        VIEWER,
        {"scope": str(SERVER), "model": "sdxl-base", "person": "17"},
    ),
    "server, everything at once": (
        VIEWER,
        {
            "scope": str(SERVER),
            "q": f"{COMMON} {RARE} --ar 16:9",
            "model": "sdxl-base",
            "person": str(HEAVY),
        },
    ),
}


def make_jobs(count: int, dice: random.Random) -> Iterator[dict[str, Any]]:
    """Finished drawings, one a minute up to now."""
    words = [f"w{number}" for number in range(2000)]
    chances = [1 / (rank + 1) for rank in range(len(words))]
    for number in range(count):
        said = dice.choices(words, chances, k=10)
        said += [OTHER if number % 2 else COMMON]
        said += [RARE] * (number % 20 == 0) + [PAST] * (number < count / 2)
        moment = _NOW - timedelta(minutes=count - number)
        yield {
            "id": UUID(int=dice.getrandbits(128)).hex,
            "recipe": {"prompt": " ".join(said), "parameters": dice.choice(_SHAPES)},
            "title": "imagine",
            "state": "done",
            "attempts": 1,
            "speed": "fast",
            "priority": 1,
            "model": dice.choice(_MODELS),
            "person_id": HEAVY if number % 12 == 0 else dice.randrange(2, 500),
            "server_id": SERVER,
            "channel_id": QUIET if number % 1000 == 0 else dice.randrange(100, 120),
            "application_id": 9,
            "upload_limit": 1,
            "created_at": moment,
            "finished_at": moment,
            "delivered_at": moment,
        }


def keep(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Writes jobs, a picture of each, and some marks."""
    connection.execute(insert(JobRow), rows)
    image = {"position": 0, "kind": "picture", "width": 8, "height": 8, "digest": "d"}
    images = [{**image, "job_id": row["id"], "sha256": row["id"] * 2} for row in rows]
    connection.execute(insert(ImageRow), images)
    mark = {"person_id": HEAVY, "position": 0}
    marks = [{**mark, "job_id": row["id"], "created_at": _NOW} for row in rows[::200]]
    connection.execute(insert(FavouriteRow), marks)


async def fill(records: Records, count: int, dice: random.Random) -> float:
    """Writes so many drawings, and puts them into the gallery; seconds that the latter took."""
    rows = make_jobs(count, dice)
    while batch := list(islice(rows, BATCH)):
        await records.write(keep, batch)
    began = time.perf_counter()
    place = await records.write(index.add_missing, None, None, BATCH)
    while place is not None:
        place = await records.write(index.add_missing, place, None, BATCH)
    return time.perf_counter() - began


async def measure(collection: PictureCollection, count: int) -> dict[str, list[float]]:
    """Milliseconds of each try, by what was asked for."""
    old = str((_NOW - timedelta(minutes=count / 2)).timestamp())
    took = dict[str, list[float]]()
    for name, (viewer, query) in ASKED.items():
        wanted = read_wanted({key: it.format(old=old) for key, it in query.items()}, viewer)
        onlooker = Onlooker(viewer.person, partial(_look, viewer))
        took[name] = [await _time(collection, onlooker, wanted) for _ in range(TRIES)]
    return took


async def _look(viewer: Viewer, _: object) -> Viewer:
    return viewer


async def _time(collection: PictureCollection, onlooker: Onlooker, wanted: Wanted) -> float:
    began = time.perf_counter()
    await collection.list_page(onlooker, wanted)
    return 1000 * (time.perf_counter() - began)


async def compare(settings: Settings, count: int) -> None:
    """Prints all figures."""
    jobs, dice = await Jobs.open(settings), random.Random(7)
    collection = PictureCollection(discord.Client(intents=INTENTS), jobs, lambda: None)
    sizes, figures = sorted({FEW, count}), []
    for size in sizes:
        for table in ("gallery", "favourites", "images", "jobs"):
            await jobs.records.write(Connection.execute, text(f"DELETE FROM {table}"))
        seconds = await fill(jobs.records, size, dice)
        print(f"{size:,} drawings put into the gallery in {seconds:.1f} s")
        await jobs.records.write(_tidy)
        _take_log(settings)
        figures.append(await measure(collection, size))
    heads = "".join(f"{f'{size:,}, median (p95)':>26}" for size in sizes)
    print(f"{'milliseconds':<32}{heads}")
    for name in ASKED:
        row = ""
        for took in (each[name] for each in figures):
            late = statistics.quantiles(took, n=20)[-1]
            row += f"{f'{statistics.median(took):.1f} ({late:.1f})':>26}"
        print(f"{name:<32}{row}")
    await jobs.close()


def _tidy(connection: Connection) -> None:
    """Counts, as autovacuum does it by itself; SQLite does so only where it is told to."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("ANALYZE"))


def _take_log(settings: Settings) -> None:
    """Takes SQLite's log into its file, as is done now and then where writes are small."""
    if settings.database.startswith("sqlite"):
        with closing(sqlite3.connect(settings.data / "easel.db")) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def main() -> None:
    """Measures on a database of its own."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else MANY
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_in(Path(folder))
        migrate(settings)
        asyncio.run(compare(settings, count))


if __name__ == "__main__":
    main()
