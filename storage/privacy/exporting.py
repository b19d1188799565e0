"""A copy of all that is kept of somebody: rows as JSON, requests as a table, pictures."""

import csv
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from storage.database.tables import ImageRow, JobRow
from storage.files import Files, MissingFileError
from storage.privacy.forgetting import find_hashes
from storage.privacy.rules import RULES, find_table, is_own

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""Rows of somebody, by table."""

Entry = tuple[str, bytes]
"""A file of an export: its name and what it holds."""

_ROWS: Final = 500
"""Rows of a table in one file of an export."""

_TABLE: Final = ("id", "created_at", "title", "state", "server_id", "channel_id", "prompt")

# What a ZIP has of an entry beside its bytes and its name, which it has twice: two heads of 30 and
# 46 bytes, and at its end 22.
_OVERHEAD: Final = 128


def count_rows(connection: Connection, person_id: int) -> dict[str, int]:
    """How many rows each table has of a person, of those that have any."""
    counts = {}
    for name, wanted in _list_wanted(person_id):
        counted = select(func.count()).select_from(find_table(name)).where(wanted)
        counts[name] = connection.execute(counted).scalar_one()
    return {name: count for name, count in counts.items() if count}


def read_rows(connection: Connection, person_id: int) -> Rows:
    """All rows of a person but for what is secret in them; the latest requests first."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for name, wanted in _list_wanted(person_id):
        shown = [each for each in find_table(name).c if each.name not in RULES[name].secret]
        found[name] = [*connection.execute(select(*shown).where(wanted)).mappings()]
    found["jobs"].sort(key=lambda row: row["created_at"], reverse=True)
    pictures = select(ImageRow.__table__).join(JobRow, JobRow.id == ImageRow.job_id)
    own = pictures.where(JobRow.person_id == person_id)
    return found | {"images": [*connection.execute(own).mappings()]}


def read_some_rows(connection: Connection, person_id: int, job_ids: Sequence[str]) -> Rows:
    """The rows of some of a person's requests and their pictures, the latest request first."""
    own = (JobRow.person_id == person_id, JobRow.id.in_(job_ids))
    shown = [one for one in find_table("jobs").c if one.name not in RULES["jobs"].secret]
    jobs = select(*shown).where(*own).order_by(JobRow.created_at.desc())
    pictures = select(ImageRow.__table__).join(JobRow, JobRow.id == ImageRow.job_id).where(*own)
    return {
        "jobs": [*connection.execute(jobs).mappings()],
        "images": [*connection.execute(pictures).mappings()],
    }


def _list_wanted(person_id: int) -> Iterator[tuple[str, ColumnElement[bool]]]:
    """Tables with rows of people, and which of them are the person's or name them."""
    for name, rule in RULES.items():
        if rule.owner:
            yield name, is_own(name, person_id)
        elif rule.named:
            columns = find_table(name).c
            yield name, or_(*(columns[column] == person_id for column in rule.named))


def list_entries(
    rows: Rows,
    files: Files,
    withheld: Collection[str] = (),
    shows: Callable[[Mapping[str, Any]], bool] = lambda _: True,
) -> Iterator[Entry]:
    """The files of an export: what is kept in words, then pictures, the latest first.

    Args:
        rows: As :func:`read_rows` returns them.
        files: Where pictures are; one that is there no longer is left out.
        withheld: Files that are shown to nobody.
        shows: Whether the pictures of a request, by its row, may be shown where this goes.

    Raises:
        FileStoreError: They cannot be read.
    """
    yield "requests.csv", write_table(rows["jobs"])
    for name, every in rows.items():
        for start in range(0, len(every), _ROWS):
            some = [dict(row) for row in every[start : start + _ROWS]]
            text = json.dumps(some, default=_write_value, ensure_ascii=False, indent=1)
            yield f"data/{name}-{start // _ROWS + 1}.json", text.encode()
    of_job: dict[str, list[Mapping[str, Any]]] = {}
    for image in rows["images"]:
        of_job.setdefault(image["job_id"], []).append(image)
    known = set[str]()
    shown = [job for job in rows["jobs"] if shows(job)]
    seen = {job["id"] for job in shown}
    elsewhere = (every for job_id, every in of_job.items() if job_id not in seen)
    hidden = {*withheld, *(one["sha256"] for every in elsewhere for one in every)}
    for job in shown:
        own = {one["sha256"]: one["position"] for one in of_job.get(job["id"], ())}
        names = {sha256: _name_picture(job, position) for sha256, position in own.items()}
        started = find_hashes(json.dumps(job["recipe"]))
        # Images that requests started from; the same one may be in many recipes.
        names |= {
            one: f"started-from/{one[:16]}.png" for one in started if one not in known | own.keys()
        }
        known.update(started)
        for sha256, name in names.items():
            if sha256 in hidden:
                continue
            try:
                yield name, files.get(sha256)
            except MissingFileError:
                continue


def _name_picture(job: Mapping[str, Any], position: int) -> str:
    part = "grid" if position < 0 else str(position + 1)
    return f"pictures/{job['created_at']:%Y-%m-%d}-{job['id'][:8]}-{part}.png"


def write_table(jobs: Sequence[Mapping[str, Any]]) -> bytes:
    """Requests as a table: CSV that programs for tables read, and run no part of."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_TABLE)
    for job in jobs:
        *values, _ = (job.get(name) for name in _TABLE)
        prompt = str(job["recipe"].get("prompt", ""))
        writer.writerow([*values, guard_cell(prompt)])
    return text.getvalue().encode()


def guard_cell(text: str) -> str:
    """Somebody's words for a cell of CSV, which programs for tables take for no formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _write_value(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


class Parts:
    """An export as ZIP files of a size that fits.

    Attributes:
        left: How many files fitted into none.
    """

    def __init__(self, entries: Iterable[Entry], limit: int, most: int) -> None:
        """Args: entries: The files. limit: Bytes of a part. most: How many parts there may be."""
        self._entries, self._limit, self._most = entries, limit, most
        self.left = 0

    def __iter__(self) -> Iterator[bytes]:
        """Each part, once it is full."""
        entries, done = iter(self._entries), 0
        buffer, archive = _open_part()
        for name, data in entries:
            size = _measure(name, data)
            if size > self._limit or done == self._most:
                self.left += 1
                continue
            if buffer.tell() + len(archive.namelist()) * _OVERHEAD + size > self._limit:
                archive.close()
                yield buffer.getvalue()
                buffer, archive = _open_part()
                done += 1
                if done == self._most:
                    self.left += 1
                    continue
            write_entry(archive, name, data)
        if archive.namelist():
            archive.close()
            yield buffer.getvalue()


def stream(entries: Iterable[Entry]) -> Iterator[bytes]:
    """One ZIP file of any size, in parts that are made as they are asked for."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, data in entries:
            write_entry(archive, name, data)
            yield sink.take()
    yield sink.take()


class _Sink(io.RawIOBase):
    """Takes what is written, and gives it away; it knows no place to go back to."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - any buffer
        self._held += data
        return len(data)

    def take(self) -> bytes:
        held, self._held = bytes(self._held), bytearray()
        return held


def write_entry(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Adds a file to a ZIP; pictures as they are, since they are compressed."""
    kind = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
    archive.writestr(name, data, kind)


def _open_part() -> tuple[io.BytesIO, zipfile.ZipFile]:
    buffer = io.BytesIO()
    return buffer, zipfile.ZipFile(buffer, "w")


def _measure(name: str, data: bytes) -> int:
    packed = len(data) if name.endswith(".png") else len(zlib.compress(data))
    return packed + 2 * len(name) + _OVERHEAD
