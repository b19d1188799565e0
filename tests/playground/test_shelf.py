from __future__ import annotations

from pathlib import Path

import pytest

from playground.clock import Clock, Snowflakes
from playground.shelf import DROPPED_KEPT, Shelf


@pytest.fixture(params=[True, False], ids=["folder", "memory"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    return Shelf(tmp_path if request.param else None)


def test_files_are_kept_and_let_go(shelf: Shelf) -> None:
    for number in range(DROPPED_KEPT + 1):
        shelf.put_file(number, b"x")
        shelf.drop_file(number)
    assert shelf.file(0) is None
    assert shelf.file(1) == b"x"


def test_the_newest_record_counts_and_a_torn_line_does_not(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.write("message", {"id": 1, "content": "old"})
    shelf.write("message", {"id": 2, "content": "other"})
    shelf.write("message", {"id": 1, "content": "new"})
    with (tmp_path / "journal.jsonl").open("a") as journal:
        journal.write('{"kind": "message", "rec')
    assert list(Shelf(tmp_path).read()) == [
        ("message", {"id": 1, "content": "new"}),
        ("message", {"id": 2, "content": "other"}),
    ]


def test_a_record_after_a_torn_line_is_not_lost(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_text('{"kind": "mess')
    shelf = Shelf(tmp_path)
    shelf.write("message", {"id": 1})
    assert list(Shelf(tmp_path).read()) == [("message", {"id": 1})]


def test_ids_rise_even_when_time_does_not() -> None:
    ids = Snowflakes(Clock())
    made = [ids.next() for _ in range(1000)]
    assert made == sorted(set(made))
    ids.last = 1 << 62
    assert ids.next() == (1 << 62) + 1
