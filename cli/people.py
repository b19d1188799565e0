"""What whoever runs the bot does about one person: ``easel people``.

A person is named by Discord's id of them (*Copy User ID*, in developer mode).
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from sqlalchemy import Connection

from faults import HostError
from storage.database.connect import WRITING, open_engine, require_current
from storage.queue import books
from storage.queue.books import NOWHERE
from storage.quotas import EXAMPLE, KINDS, QuotaError, parse_quotas
from storage.settings import load_settings

people = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app = typer.Typer(rich_markup_mode=None)
app.add_typer(people, name="people", help="Give a person more, or block them, everywhere.")

Person = Annotated[int, typer.Argument(help="Discord's id of the person.", min=1)]

_LONGEST: Final = 3650


class UnknownQuotaError(HostError, ValueError):
    """Something typed that is no quota; the text is one sentence."""


@people.command("give")
def give(
    person: Person, more: Annotated[str, typer.Argument(help=f"How much, such as {EXAMPLE}.")]
) -> None:
    """Give a person more than EASEL_QUOTAS, until today, this week or this month is over."""
    try:
        extra = parse_quotas(more)
    except QuotaError as error:
        raise UnknownQuotaError(f"{error} is no amount like {EXAMPLE}.") from None
    _write(lambda connection: books.grant(connection, person, NOWHERE, extra))


@people.command("reset")
def reset(person: Person) -> None:
    """Have a person's EASEL_QUOTAS begin anew, as if nothing had been used."""
    _write(lambda connection: books.reset(connection, person, NOWHERE, KINDS))


@people.command("block")
def block(
    person: Person,
    days: Annotated[
        int, typer.Option(help="For how many days; 0 for good.", min=0, max=_LONGEST)
    ] = 0,
) -> None:
    """Let a person ask for nothing, on any server."""
    until = datetime.now(UTC) + timedelta(days=days) if days else None
    _write(lambda connection: books.block(connection, person, NOWHERE, until))


@people.command("unblock")
def unblock(person: Person) -> None:
    """Let a person ask again."""
    _write(lambda connection: books.unblock(connection, person, NOWHERE))


def _write(change: Callable[[Connection], None]) -> None:
    database = load_settings().database
    require_current(database)
    engine = open_engine(database).execution_options(**WRITING)
    try:
        with engine.begin() as connection:
            change(connection)
    finally:
        engine.dispose()
