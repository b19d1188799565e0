"""How often the database is asked: a request reads what it needs once."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import AsyncMock

import pytest
from sqlalchemy import Engine, event

from tests.bot.live.house import House

_READ = re.compile(r"\b(?:FROM|JOIN) (\w+)")
MOST = 13
"""Statements from a command to its job, those that the watcher asks apart."""


@contextmanager
def heard() -> Iterator[list[str]]:
    """Every statement of this process while it is entered."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(" ".join(statement.split()))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def test_a_request_reads_nothing_twice(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    # What it reads now and then is no part of a request.
    monkeypatch.setattr(house.jobs, "reap", AsyncMock())
    await house.drawn("a red apple --ar 3:2")
    with heard() as statements:
        await house.imagine("a red apple --ar 3:2")
        await house.accepted(1)
    begun, accepted = (
        next(n for n, one in enumerate(statements) if one.startswith(start))
        for start in ("SELECT 'people'", "INSERT INTO jobs")
    )
    # The last are about how long it has to wait.
    own = [one for one in statements[begun : accepted + 4] if "ORDER BY jobs.created_at" not in one]
    assert len(own) <= MOST
    # What somebody owes and what came before it is read as well as written.
    tables = Counter(name for one in own if one.startswith("SELECT") for name in _READ.findall(one))
    for table in ("presets", "people", "servers", "blocks", "costs", "shares", "workers"):
        assert tables[table] == 1, own
