"""The database's own clock: hosts may disagree about the time."""

from functools import cache

from sqlalchemy import Connection, Double, literal_column
from sqlalchemy.sql.elements import ColumnElement


def read_now(connection: Connection) -> ColumnElement[float]:
    """Seconds since 1970 as a part of a statement, also within a transaction that goes on."""
    return read_now_of(connection.dialect.name)


@cache
def read_now_of(dialect: str) -> ColumnElement[float]:
    """The same for a kind of database, by SQLAlchemy's name for it."""
    if dialect == "postgresql":
        # Not now(), which stands still within a transaction; extract is numeric since 14.
        return literal_column("extract(epoch FROM clock_timestamp())::float8", Double())
    # Less the Julian day of 1970; unixepoch has fractions of a second only since SQLite 3.42.
    return literal_column("(julianday('now') - 2440587.5) * 86400.0", Double())
