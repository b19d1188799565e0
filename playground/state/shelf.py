"""Where the world's files and records lie: in memory, or also in a folder that outlives it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Set
from pathlib import Path
from typing import Any

DROPPED_KEPT = 200
"""How many files stay readable after their message let go of them (tests look at previews)."""


class Shelf:
    """The bytes of files by attachment id, and an append-only journal of records.

    Args:
        folder: keep everything there over restarts; None keeps it in memory only.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._files: dict[int, bytes] = {}
        self._dropped: deque[int] = deque()
        if folder:
            (folder / "files").mkdir(parents=True, exist_ok=True)

    @property
    def keeps(self) -> bool:
        """Whether records outlive the process."""
        return self._folder is not None

    def put_file(self, file_id: int, data: bytes) -> None:
        """Keep a file's bytes."""
        if self._folder:
            (self._folder / "files" / str(file_id)).write_bytes(data)
        else:
            self._files[file_id] = data

    def file(self, file_id: int) -> bytes | None:
        """Return a file's bytes, or None if there is no such file."""
        if self._folder:
            path = self._folder / "files" / str(file_id)
            return path.read_bytes() if path.is_file() else None
        return self._files.get(file_id)

    def drop_file(self, file_id: int) -> None:
        """Let go of a file: it stays readable until `DROPPED_KEPT` later ones were let go."""
        self._dropped.append(file_id)
        if len(self._dropped) > DROPPED_KEPT:
            oldest = self._dropped.popleft()
            self._files.pop(oldest, None)
            if self._folder:
                (self._folder / "files" / str(oldest)).unlink(missing_ok=True)

    def write(self, kind: str, record: dict[str, Any]) -> None:
        """Append one record; at the next start the last one of a kind and id counts."""
        if self._folder:
            with (self._folder / "journal.jsonl").open("a", encoding="utf-8") as journal:
                journal.write(json.dumps({"kind": kind, "record": record}) + "\n")

    def read(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the newest record of every kind and id, in the order in which they first came."""
        path = self._folder / "journal.jsonl" if self._folder else None
        if path is None or not path.is_file():
            return []
        newest: dict[tuple[str, object], dict[str, Any]] = {}
        for line in path.read_text("utf-8").splitlines():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                continue  # the last line of a process that was killed while writing it
            newest[entry["kind"], entry["record"].get("id")] = entry["record"]
        return [(kind, record) for (kind, _), record in newest.items()]

    def begin(self, records: Iterable[tuple[str, dict[str, Any]]], files: Set[int]) -> None:
        """Start a new journal with these records, and remove all files but these."""
        if self._folder is None:
            return
        lines = [json.dumps({"kind": kind, "record": record}) + "\n" for kind, record in records]
        fresh = self._folder / "journal.new"
        fresh.write_text("".join(lines), "utf-8")
        fresh.replace(self._folder / "journal.jsonl")
        for path in (self._folder / "files").iterdir():
            if not path.name.isdecimal() or int(path.name) not in files:
                path.unlink()
