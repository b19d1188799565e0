"""A copy of all that is kept of somebody: rows as JSON, requests as a table, pictures."""

import csv
import io
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from storage.database.tables import ImageRow, JobRow
from storage.files import Files, MissingFileError
from storage.privacy.forgetting import find_hashes
from storage.privacy.rules import RULES, find_table, is_own
from storage.queue.moderation import list_withheld

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""Rows of somebody, by table."""

Entry = tuple[str, bytes]
"""A file of an export: its name and what it holds."""

_ROWS: Final = 500
"""Rows of a table in one file of an export."""

_TABLE: Final = ("id", "created_at", "title", "state", "server_id", "channel_id", "prompt")

# Where a cell begins, also for programs that take another sign than the comma to be between two;
# behind spaces and signs that nobody sees, and in the wide forms of a script as well. By
# https://owasp.org/www-community/attacks/CSV_Injection.
_UNSEEN: Final = r"[ \u00a0\u3000\ufeff\u200b-\u200f]*"
_FORMULA: Final = re.compile(rf"(?:^|(?<=[;\t\r\n]))(?={_UNSEEN}[=+\-@\uff1d\uff0b\uff0d\uff20])")

# What a ZIP has of an entry beside its bytes and its name, which it has twice: two heads of 30 and
# 46 bytes, and at its end 22.
_OVERHEAD: Final = 128


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of somebody.

    Attributes:
        rows: In words.
        withheld: Stored files that are pictures shown to nobody, whoever's they are.
    """

    rows: Rows
    withheld: Collection[str]


def count_rows(connection: Connection, person_id: int) -> dict[str, int]:
    """How many rows each table has of a person, of those that have any."""
    counts = {}
    for name, wanted in _list_wanted(person_id):
        counted = select(func.count()).select_from(find_table(name)).where(wanted)
        counts[name] = connection.execute(counted).scalar_one()
    return {name: count for name, count in counts.items() if count}


def read_kept(connection: Connection, person_id: int) -> Kept:
    """All that is kept of a person but for what is secret in it; the latest requests first."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for name, wanted in _list_wanted(person_id):
        shown = [each for each in find_table(name).c if each.name not in RULES[name].secret]
        found[name] = [*connection.execute(select(*shown).where(wanted)).mappings()]
    found["jobs"].sort(key=lambda row: row["created_at"], reverse=True)
    pictures = select(ImageRow.__table__).join(JobRow, JobRow.id == ImageRow.job_id)
    own = pictures.where(JobRow.person_id == person_id)
    return _close(connection, found | {"images": [*connection.execute(own).mappings()]})


def read_some_kept(connection: Connection, person_id: int, job_ids: Sequence[str]) -> Kept:
    """The same of some of a person's requests and their pictures, and of nothing else."""
    own = (JobRow.person_id == person_id, JobRow.id.in_(job_ids))
    shown = [one for one in find_table("jobs").c if one.name not in RULES["jobs"].secret]
    jobs = select(*shown).where(*own).order_by(JobRow.created_at.desc())
    pictures = select(ImageRow.__table__).join(JobRow, JobRow.id == ImageRow.job_id).where(*own)
    rows = {
        "jobs": [*connection.execute(jobs).mappings()],
        "images": [*connection.execute(pictures).mappings()],
    }
    return _close(connection, rows)


def _close(connection: Connection, rows: Rows) -> Kept:
    # Last: a picture that somebody withholds meanwhile is among these whatever its row said.
    return Kept(rows, list_withheld(connection))


def _list_wanted(person_id: int) -> Iterator[tuple[str, ColumnElement[bool]]]:
    """Tables with rows of people, and which of them are the person's or name them."""
    for name, rule in RULES.items():
        if rule.owner:
            yield name, is_own(name, person_id)
        elif rule.named:
            columns = find_table(name).c
            yield name, or_(*(columns[column] == person_id for column in rule.named))


def list_entries(
    kept: Kept,
    files: Files,
    shows: Callable[[Mapping[str, Any]], bool] = lambda _: True,
) -> Iterator[Entry]:
    """The files of an export: what is kept in words, then pictures, the latest first.

    Args:
        kept: What is kept.
        files: Where pictures are; one that is there no longer is left out.
        shows: Whether the pictures of a request, by its row, may be shown where this goes.

    Raises:
        FileStoreError: They cannot be read.
    """
    rows = kept.rows
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
    hidden = {*kept.withheld, *(one["sha256"] for every in elsewhere for one in every)}
    alike = Counter(map(_name_job, shown))
    for job in shown:
        own = {one["sha256"]: one["position"] for one in of_job.get(job["id"], ())}
        # Among very many, some ids begin alike.
        called = _name_job(job) if alike[_name_job(job)] == 1 else _name_job(job, 32)
        names = {sha256: _name_picture(called, position) for sha256, position in own.items()}
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


def _name_job(job: Mapping[str, Any], digits: int = 8) -> str:
    return f"{job['created_at']:%Y-%m-%d}-{job['id'][:digits]}"


def _name_picture(name: str, position: int) -> str:
    return f"pictures/{name}-{'grid' if position < 0 else position + 1}.png"


def write_table(jobs: Sequence[Mapping[str, Any]]) -> bytes:
    """Requests as a table: CSV that programs for tables read, and run no part of."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_TABLE)
    for job in jobs:
        *values, _ = (job.get(name) for name in _TABLE)
        prompt = str(job["recipe"].get("prompt", ""))
        writer.writerow([*values, guard_cell(prompt)])
    # Without a mark at its beginning, Excel takes it for letters of western Europe.
    return text.getvalue().encode("utf-8-sig")


def guard_cell(text: str) -> str:
    """Somebody's words for a cell of CSV, which programs for tables take for no formula."""
    return _FORMULA.sub("'", text)


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
