"""``easel upgrade``: the tables brought up to this release, and what that would mean."""

from collections.abc import Iterator
from typing import Annotated

import typer
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from cli import __version__
from cli.findings import Finding, State, print_findings
from storage.database.connect import (
    REVISION,
    DatabaseNotReadyError,
    NewerDatabaseError,
    find_revision,
    open_engine,
)
from storage.prepare import migrate, migration_config
from storage.queue import forecast, presence
from storage.queue.lease import read_holder
from storage.settings import Settings, load_settings

app = typer.Typer(rich_markup_mode=None)


@app.command("upgrade")
def upgrade(
    check: Annotated[
        bool, typer.Option("--check", help="Only say what it would do, and change nothing.")
    ] = False,
) -> None:
    """Bring the database up to this release.

    Processes of the release before go on meanwhile, unless --check says otherwise; it exits with
    code 1 then.
    """
    settings = load_settings()
    if not check:
        migrate(settings)
        typer.echo(f"The database is at revision {find_revision(settings.database)}.")
        return
    if print_findings(examine(settings)):
        raise typer.Exit(1)


def examine(settings: Settings) -> Iterator[Finding]:
    """What an upgrade to this release finds; nothing is changed."""
    yield Finding("release", State.OK, f"Easel {__version__}, revision {REVISION}")
    try:
        found = find_revision(settings.database)
    except NewerDatabaseError as error:
        yield Finding("tables", State.FAULT, str(error), "pull a newer release")
        return
    except DatabaseNotReadyError as error:
        yield Finding("tables", State.FAULT, str(error), "easel doctor says more")
        return
    yield _describe_tables(found)
    pending = list(_list_pending(found))
    for revision, about, breaks in pending:
        says = f"{about.rstrip('.')}{'; nothing of before works beside it' if breaks else ''}"
        mend = "stop every bot and worker first, and update them all" if breaks else ""
        yield Finding(revision, State.FAULT if breaks else State.NOTE, says, mend)
    if found:
        yield from _describe_others(settings, found)


def _describe_tables(found: str | None) -> Finding:
    if found is None:
        return Finding("tables", State.NOTE, "there are none yet; they are made at the first start")
    if found > REVISION:
        says = f"at {found}, of a newer release, beside which this one works"
        return Finding("tables", State.OK, says)
    if found == REVISION:
        return Finding("tables", State.OK, "up to date")
    return Finding("tables", State.NOTE, f"at {found}: these are to come", "easel upgrade")


def _list_pending(found: str | None) -> Iterator[tuple[str, str, bool]]:
    """For each migration to come its revision, what it is about, and whether it ends old ones."""
    if found is None or found >= REVISION:
        return
    scripts = ScriptDirectory.from_config(migration_config())
    for script in reversed(list(scripts.iterate_revisions(REVISION, found))):
        yield script.revision, script.doc, bool(getattr(script.module, "breaks", False))


def _describe_others(settings: Settings, found: str) -> Iterator[Finding]:
    """Who works on these tables now, as far as their revision tells."""
    engine = open_engine(settings.database)
    try:
        with engine.connect() as connection:
            yield from _ask(connection, settings, found)
    except SQLAlchemyError as error:
        yield Finding("processes", State.NOTE, f"cannot be listed ({type(error).__name__})")
    finally:
        engine.dispose()


def _ask(connection: Connection, settings: Settings, found: str) -> Iterator[Finding]:
    # Tables of before lack what tells it.
    holder = read_holder(connection) if found >= "0010" else None
    if holder and holder.age <= settings.dead_after:
        says = f"one serves on {holder.machine} (process {holder.pid})"
        mend = "start the new one beside it, then stop it: the new one takes over"
        yield Finding("bot", State.NOTE, says, mend)
    if found >= "0015":
        old = [
            name
            for name, trouble in presence.list_troubles(connection, settings.dead_after).items()
            if trouble == "old"
        ]
        for name in sorted(old):
            says = f"{name} is of an older release and takes none of the new jobs"
            yield Finding("worker", State.NOTE, says, "easel worker --drain there, then update it")
        queue = forecast.read_queue_info(connection, settings.dead_after)
        says = f"{queue.queued} wait and {queue.running} run, and are kept"
        yield Finding("jobs", State.OK, says)
