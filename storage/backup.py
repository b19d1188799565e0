"""Backups: the database as it is at one moment, pictures by their hashes, and a list to check by.

The database comes first: pictures that it names are stored already, and what is stored later does
no harm. A backup into the same folder again copies what is new alone, and drops what was deleted
meanwhile, so that whoever was forgotten is so in the backup, too. What the database still names is
never dropped: where it is gone from its place, the backup is what it can be had from.
"""

import hashlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence, Set
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, Self

from psycopg.conninfo import make_conninfo
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import URL, func, inspect, make_url, select, union

from faults import HostError
from storage.database.connect import REVISION, open_engine, require_current
from storage.database.tables import HeldRow, ImageRow, Table
from storage.files import Files, MissingFileError
from storage.prepare import migrate
from storage.settings import Settings
from storage.sweep import FEW, SHARE

MANIFEST: Final = "manifest.json"
PICTURES: Final = "images"

_FILE: Final = "easel.db"
"""Name of the copy of an SQLite database."""

_ANY: Final = timedelta(days=-1)
"""An age that every file has, whatever the clocks say."""

_DUMP: Final = "pg_dump"
_RESTORE: Final = "pg_restore"


class BackupError(HostError, RuntimeError):
    """A backup cannot be made, or is not whole; its text is one sentence."""


class Manifest(BaseModel):
    """What is in a backup.

    Attributes:
        taken_at: When the database was copied.
        revision: Of its tables.
        kind: Which database it comes from; the same kind takes it back.
        database: Name of its file.
        sha256: Hash of that file.
        rows: How many rows each table had.
        pictures: How many files of pictures there are.
        names: Hash over their sorted names.
        missing: How many more there should be: they were gone or damaged where they are kept.
    """

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    taken_at: datetime
    revision: str
    kind: Literal["sqlite", "postgresql"]
    database: str
    sha256: str
    rows: dict[str, int]
    pictures: int
    names: str
    missing: int = 0

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The manifest of a backup.

        Raises:
            BackupError: There is none, or none that this version reads.
        """
        try:
            return cls.model_validate_json((folder / MANIFEST).read_bytes())
        except OSError:
            raise BackupError(f"There is no backup in {folder}: it has no {MANIFEST}.") from None
        except ValidationError:
            raise BackupError(
                f"The {MANIFEST} in {folder} cannot be read; a later version may have written it."
            ) from None


def back_up(settings: Settings, folder: Path) -> Manifest:
    """Makes a backup in a folder, or brings the one that is there up to date.

    Raises:
        BackupError: The database cannot be copied, the folder is where Easel keeps its own files,
            or pictures that the backup holds are gone from there.
        DatabaseNotReadyError: It is not reachable, or of another version.
        FileStoreError: Pictures cannot be read or written.
    """
    require_current(settings.database)
    _require_apart(settings, folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    source, target = Files.of(settings), Files(folder / PICTURES)
    _require_stored(settings, source, target)
    # Without it nobody takes for whole what is half written.
    (folder / MANIFEST).unlink(missing_ok=True)
    url = make_url(settings.database)
    taken_at, rows = datetime.now(UTC), _count_rows(settings)
    if url.get_backend_name() == "sqlite":
        kind: Literal["sqlite", "postgresql"] = "sqlite"
        database = folder / _FILE
        _copy_sqlite(Path(url.database or ""), database)
    else:
        kind, database = "postgresql", folder / "easel.dump"
        _make_private(database)
        _run_client(url, [_DUMP, "--format=custom", "--no-owner", f"--file={database}"])
    names, missing = _copy_pictures(source, target, _read_named(settings))
    manifest = Manifest(
        taken_at=taken_at,
        revision=REVISION,
        kind=kind,
        database=database.name,
        sha256=_hash_file(database),
        rows=rows,
        pictures=len(names),
        names=_hash_names(names),
        missing=missing,
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    return manifest


def check(folder: Path) -> Manifest:
    """Reads all of a backup and compares it with its manifest.

    Raises:
        BackupError: Something is missing or damaged.
        FileStoreError: Pictures cannot be read.
    """
    manifest, files = Manifest.read(folder), Files(folder / PICTURES)
    database = folder / manifest.database
    if not database.is_file() or _hash_file(database) != manifest.sha256:
        raise BackupError(f"The copy of the database in {folder} is damaged; make a new backup.")
    names = sorted(files.list_older(_ANY))
    if _hash_names(names) != manifest.names:
        raise BackupError(
            f"Of {manifest.pictures} pictures {len(names)} are in {folder}; make a new backup."
        )
    for sha256 in names:
        try:
            files.get(sha256)
        except MissingFileError:
            raise BackupError(
                f"The picture {sha256[:12]} in {folder} is damaged; delete it and make a backup "
                "again."
            ) from None
    return manifest


def restore(settings: Settings, folder: Path) -> Manifest:
    """Puts a backup back, where nothing is yet; its tables are brought up to this version.

    Raises:
        BackupError: It is not whole, of another kind of database, or there is a database already.
        DatabaseAwayError: The database cannot be reached.
        FileStoreError: Pictures cannot be written.
    """
    manifest, url = check(folder), make_url(settings.database)
    if url.get_backend_name() != manifest.kind:
        raise BackupError(
            f"This backup is of {manifest.kind}, and EASEL_DATABASE_URL names another kind."
        )
    if _has_tables(settings):
        raise BackupError(
            "There is a database already; name an empty one in EASEL_DATABASE_URL, or move it away."
        )
    kept, target = Files(folder / PICTURES), Files.of(settings)
    # The database last: until it is there, nobody takes what is half restored for whole.
    for sha256 in kept.list_older(_ANY):
        target.put(kept.get(sha256))
    source = folder / manifest.database
    if manifest.kind == "sqlite":
        file = Path(url.database or "")
        file.parent.mkdir(parents=True, exist_ok=True)
        _copy_sqlite(source, file)
    else:
        _run_client(
            url, [_RESTORE, "--no-owner", "--exit-on-error", "--single-transaction", str(source)]
        )
    migrate(settings)
    return manifest


def _require_apart(settings: Settings, folder: Path) -> None:
    """Refuses a folder in which the backup would take the place of what it is made of."""
    url, kept = make_url(settings.database), (folder / PICTURES).resolve()
    own = url.get_backend_name() == "sqlite" and (
        Path(url.database or "").resolve() == (folder / _FILE).resolve()
    )
    if not own and "://" not in settings.image_store:
        store = Path(settings.image_store).resolve()
        own = kept.is_relative_to(store) or store.is_relative_to(kept)
    if own:
        raise BackupError(f"Easel keeps its own files in {folder}; name another folder.")


def _require_stored(settings: Settings, source: Files, target: Files) -> None:
    """Refuses to go on with a backup where pictures that it holds are gone from their place."""
    held = set(target.list_older(_ANY))
    if not held:
        return
    there = set(source.list_older(_ANY))
    lost = len((held - there) & _read_named(settings))
    if lost and (not there or lost > max(FEW, SHARE * len(held))):
        raise BackupError(
            f"Of {len(held)} pictures in this backup {lost} are gone from where EASEL_IMAGES says: "
            "look whether that is mounted. If they are lost, restore this backup, or name a new "
            "folder."
        )


def _read_named(settings: Settings) -> set[str]:
    """All finished pictures that the database names."""
    engine = open_engine(settings.database)
    try:
        with engine.connect() as connection:
            named = union(select(ImageRow.sha256), select(HeldRow.sha256))
            return set(connection.execute(named).scalars())
    finally:
        engine.dispose()


def _count_rows(settings: Settings) -> dict[str, int]:
    engine = open_engine(settings.database)
    try:
        with engine.connect() as connection:
            return {
                name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for name, table in Table.metadata.tables.items()
            }
    finally:
        engine.dispose()


def _has_tables(settings: Settings) -> bool:
    url = make_url(settings.database)
    # To connect would make the file.
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return False
    engine = open_engine(settings.database)
    try:
        with engine.connect() as connection:
            return bool(inspect(connection).get_table_names())
    finally:
        engine.dispose()


def _make_private(file: Path) -> None:
    """Makes an empty file that nobody else on this machine may read."""
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)


def _copy_sqlite(source: Path, target: Path) -> None:
    """Copies a database while others write to it, whole or not at all."""
    part = target.with_name(f"{target.name}.part")
    _make_private(part)
    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(part)) as here:
        there.backup(here)
        # The copy of a file with a write-ahead log asks for one, too; alone it is one file.
        here.execute("PRAGMA journal_mode=DELETE")
    part.replace(target)


def _run_client(url: URL, command: Sequence[str]) -> None:
    """Runs a client program of PostgreSQL's on a database."""
    program = shutil.which(command[0])
    if program is None:
        raise BackupError(
            f"{command[0]} is not installed here: install PostgreSQL's client programs, of the "
            "server's version or later."
        )
    # As the driver reads the URL: socket, certificates and all else that its query may say.
    _, places = url.set(drivername="postgresql+psycopg").get_dialect()().create_connect_args(url)
    secret = places.pop("password", None)
    # In the environment: everybody on this machine sees the arguments of a process.
    more = {} if secret is None else {"PGPASSWORD": str(secret)}
    named = [*command[1:], f"--dbname={make_conninfo(**places)}"]
    # What it says may hold addresses and names; which program ended how says where to look.
    done = subprocess.run(  # noqa: S603 - our own arguments
        [program, *named], env={**os.environ, **more}, capture_output=True, check=False
    )
    if done.returncode:
        raise BackupError(
            f"{command[0]} ended with {done.returncode}; it has to be of the server's version or "
            "later, and EASEL_DATABASE_URL one that may do this."
        )


def _copy_pictures(source: Files, target: Files, named: Set[str]) -> tuple[list[str], int]:
    """Has the target hold what the source does.

    Args:
        source: Where pictures are kept.
        target: The backup's.
        named: What the database names: of it nothing is dropped.

    Returns:
        The sorted names of what it holds, and how many are missing.
    """
    wanted, there = set(source.list_older(_ANY)), set(target.list_older(_ANY))
    names, damaged = there & (wanted | named), set[str]()
    for sha256 in sorted(wanted - there):
        try:
            target.put(source.get(sha256))
        except MissingFileError:
            # Unless it was deleted since it was listed.
            if source.has(sha256):
                damaged.add(sha256)
        else:
            names.add(sha256)
    for sha256 in there - names:
        target.delete_older(sha256, _ANY)
    return sorted(names), len((named - names) | damaged)


def _hash_file(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _hash_names(names: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()
