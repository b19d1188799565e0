from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from playground import Playground
from playground.state.clock import Clock, Snowflakes
from playground.state.shelf import DROPPED_KEPT, Shelf


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


async def test_a_restart_keeps_what_counts_and_nothing_else(tmp_path: Path) -> None:
    for number in range(3):
        async with Playground(keep=tmp_path) as p:
            kept = await p.say("mira", "general", str(number), files=[("a.txt", b"kept")])
            gone = await p.say("mira", "general", "gone", files=[("b.txt", b"gone")])
            await p.react("otto", kept, "⭐")
            await p.delete("mira", gone)
        with (tmp_path / "journal.jsonl").open("a") as journal:
            journal.write('{"kind": "mess')  # as a process leaves it that is killed while writing
    async with Playground(keep=tmp_path) as p:
        assert [m.content for m in p.messages] == ["0", "1", "2"]
        assert [await p.read(m.attachments[0]) for m in p.messages] == [b"kept"] * 3
    assert len(list((tmp_path / "files").iterdir())) == 3
    assert len((tmp_path / "journal.jsonl").read_text().splitlines()) == 4


async def test_links_outlive_a_restart(tmp_path: Path) -> None:
    async with Playground(keep=tmp_path) as p:
        message = await p.say("mira", "general", "", files=[("a.txt", b"kept")])
        path = p.link(message.attachments[0]).removeprefix(p.url)
    async with (
        Playground(keep=tmp_path) as p,
        aiohttp.ClientSession() as session,
        session.get(p.url + path) as response,
    ):
        assert await response.read() == b"kept"


def test_ids_rise_even_when_time_does_not() -> None:
    ids = Snowflakes(Clock())
    made = [ids.next() for _ in range(1000)]
    assert made == sorted(set(made))
    ids.last = 1 << 62
    assert ids.next() == (1 << 62) + 1
