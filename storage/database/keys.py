"""Secrets of this installation, each made where it is first needed; all processes have the same."""

import secrets
from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, bindparam, select

from storage.database.records import insert_new
from storage.database.tables import KeyRow

_BYTES = 32

_KEY: Final = select(KeyRow.value).where(KeyRow.name == bindparam("name"))


def find_key(connection: Connection, name: str) -> str | None:
    """The secret of a name; None where none was made yet."""
    return connection.execute(_KEY, {"name": name}).scalar_one_or_none()


def make_key(
    connection: Connection, name: str, draw: Callable[[], str] = lambda: secrets.token_hex(_BYTES)
) -> str:
    """The secret of a name, made where there is none.

    Args:
        connection: In a transaction that writes.
        name: Which one, in 32 characters at most.
        draw: Makes it, by default 32 bytes in hexadecimal.
    """
    found = find_key(connection, name)
    if found is None:
        # Another process may make one at this moment: then that holds.
        insert_new(connection, KeyRow, [{"name": name, "value": draw()}])
        found = find_key(connection, name)
    if found is None:
        raise RuntimeError("the key was not kept")
    return found
