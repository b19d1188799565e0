"""Stored files that belong to no row.

Their rows were deleted, or they were left by processes that died before they could write one.
"""

import re
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Final

import structlog
from sqlalchemy import JSON, Connection, Engine, Text, cast, delete, select, union
from sqlalchemy import Table as SqlTable
from sqlalchemy.exc import SQLAlchemyError

from faults import HostError
from storage.database.connect import READING, WRITING, open_engine
from storage.database.tables import DiscardRow, HeldRow, ImageRow, Table
from storage.files import Files, FileStoreError
from storage.privacy.retention import expire
from storage.queue import presence
from storage.settings import Settings

AGE: Final = timedelta(days=7)
"""How old a file has to be: longer than any request takes to become a row."""

EVERY: Final = 24 * 3600.0
"""Seconds between two sweeps."""

OFTEN: Final = 3600.0
"""Seconds between two looks at what was deleted on purpose, or has become too old."""

SETTLED: Final = timedelta(hours=8)
"""How old a file has to be whose rows were deleted: for six hours (:mod:`storage.files`) the same
bytes may be stored again without being written, and their row may be on its way for another two."""

FEW: Final = 20
SHARE: Final = 0.01
"""How many files at most, or which share of all, can have been left by processes that died. Where
there are more, another Easel keeps its pictures there, or an old database was put back."""

_HASH: Final = re.compile(r"[0-9a-f]{64}")
_PAGE: Final = 500
# The first waits until a start is over, whatever else that has to do.
_FIRST: Final = 600.0

_log = structlog.get_logger(__name__)


class TooManyLostError(HostError, RuntimeError):
    """So many files belong to no row that they must be somebody's; nothing was deleted."""


def sweep(database: Engine, files: Files, stop: threading.Event) -> int:
    """Deletes files that no row names; a little at a time, so that nobody has to wait.

    Args:
        database: An engine that reads.
        files: Where they are.
        stop: Ends it early, once set.

    Returns:
        How many were deleted.

    Raises:
        TooManyLostError: They are too many for what this mends.
        FileStoreError: The files cannot be listed or deleted.
        sqlalchemy.exc.SQLAlchemyError: The database does not answer.
    """
    listed, lost = 0, set[str]()
    names = files.list_older(AGE)
    while page := list(islice(names, _PAGE)):
        listed += len(page)
        with database.connect() as connection:
            lost |= set(page) - select_pictures(connection, page)
        if stop.is_set():
            return 0
    for named in _list_named(database):
        lost -= named
        if stop.is_set() or not lost:
            return 0
    if len(lost) > max(FEW, SHARE * listed):
        raise TooManyLostError(f"{len(lost)} of {listed} stored files belong to no row")
    # Each looked at once more: what was stored again meanwhile is about to have a row.
    return sum(files.delete_older(sha256, AGE) for sha256 in lost)


def discard(database: Engine, files: Files, stop: threading.Event) -> int:
    """Deletes files whose rows were deleted on purpose, unless another row names them.

    Args:
        database: An engine whose transactions write.
        files: Where they are.
        stop: Ends it early, once set.

    Returns:
        How many were deleted.

    Raises:
        FileStoreError: The files cannot be deleted.
        sqlalchemy.exc.SQLAlchemyError: The database does not answer.
    """
    reading = database.execution_options(**READING)
    with reading.connect() as connection:
        listed = connection.execute(select(DiscardRow.sha256)).scalars().all()
    # Young ones are looked at again; only for others are all recipes read.
    found = {one for one in listed if not files.is_younger(one, SETTLED)}
    if not found:
        return 0
    kept = set[str]()
    for named in _list_named(reading):
        kept |= found & named
    count, names = 0, iter(sorted(found))
    while not stop.is_set() and (page := list(islice(names, _PAGE))):
        with reading.connect() as connection:
            kept |= select_pictures(connection, page)
        gone = [one for one in page if one not in kept and files.delete_older(one, SETTLED)]
        count += len(gone)
        # Those that another row names are that one's from here on.
        over = [one for one in page if one in kept or not files.has(one)]
        with database.begin() as connection:
            connection.execute(delete(DiscardRow).where(DiscardRow.sha256.in_(over)))
    return count


def keep_swept(settings: Settings, stop: threading.Event) -> None:
    """Deletes what has become too old, and sweeps, until told to stop; of several workers one does.

    Args:
        settings: For the database and the files.
        stop: Ends it.
    """
    pause, swept = _FIRST, float("-inf")
    while not stop.wait(pause):
        pause = OFTEN
        database = open_engine(settings.database).execution_options(**WRITING)
        try:
            if not _is_first(database, settings):
                continue
            files = Files.of(settings)
            expired = expire(database, settings.keep_days)
            _log.info("tidied", expired=expired, discarded=discard(database, files, stop))
            if time.monotonic() - swept >= EVERY:
                swept = time.monotonic()
                count = sweep(database.execution_options(**READING), files, stop)
                _log.info("swept", deleted=count)
        except TooManyLostError as error:
            _log.warning(
                "nothing swept: does another Easel keep its pictures here?", why=str(error)
            )
        except (FileStoreError, SQLAlchemyError) as error:
            _log.warning("sweeping failed", error=type(error).__name__)
        finally:
            database.dispose()


def _is_first(database: Engine, settings: Settings) -> bool:
    """Whether this worker is the one that sweeps, of those alive that do not rest or end."""
    with database.execution_options(**READING).connect() as connection:
        alive = presence.list_served(connection, settings.dead_after)
    return settings.executor == min(alive, default=None)


def _list_named(database: Engine) -> Iterator[set[str]]:
    """All that looks like a hash in what is kept as JSON: recipes, drafts, presets, settings."""
    # Jobs last: what is moved to them while this reads was seen where it was before.
    for table in sorted(Table.metadata.tables.values(), key=lambda table: table.name == "jobs"):
        last: object = None
        while any(isinstance(one.type, JSON) for one in table.columns):
            # A connection for each page: none is held open while others write.
            with database.connect() as connection:
                last, named = read_page(connection, table, last)
            if last is None:
                break
            yield named


def select_pictures(connection: Connection, names: Sequence[str]) -> set[str]:
    """Those of some hashes that are finished pictures, whether they are shown or not."""
    tables = (ImageRow, HeldRow)
    found = (select(table.sha256).where(table.sha256.in_(names)) for table in tables)
    return set(connection.execute(union(*found)).scalars())


def read_page(connection: Connection, table: SqlTable, after: object) -> tuple[object, set[str]]:
    """All that looks like a hash in the JSON of some rows of a table.

    Args:
        connection: To read with.
        table: The table, with a key of one column.
        after: The key after which they come; None for the first rows.

    Returns:
        The key of the last of them, None if there are no more, and the hashes.
    """
    (key,) = table.primary_key
    texts = [cast(one, Text) for one in table.columns if isinstance(one.type, JSON)]
    page = select(key, *texts).order_by(key).limit(_PAGE)
    rows = connection.execute(page if after is None else page.where(key > after)).all()
    named = {name for row in rows for text in row[1:] for name in _HASH.findall(text or "")}
    return (rows[-1][0] if rows else None), named
