"""What whoever runs the bot sees of cases, and decides: ``easel cases``.

Those that may show minors are decided here and nowhere else.
"""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from sqlalchemy import Connection, select

from faults import HostError
from storage.database.connect import WRITING, open_engine, require_current
from storage.database.tables import CaseRow
from storage.decisions.cases import COLUMNS, CaseEvent, Strikes, list_open, read_case
from storage.files import Files
from storage.privacy.exporting import guard_cell
from storage.queue import queries
from storage.queue.moderation import DECISIONS, DecidedError, OpenCase, decide, read_open
from storage.settings import Settings, load_settings

cases = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app = typer.Typer(rich_markup_mode=None)
app.add_typer(cases, name="cases", help="See and decide about pictures held or reported.")

Case = Annotated[str, typer.Argument(help="The case: its id, or the beginning of it.")]

MOST: Final = 200
"""Cases that are listed at most."""


class CaseError(HostError, ValueError):
    """Something typed that is no case or no decision; the text is one sentence."""


@cases.command("list")
def print_cases() -> None:
    """List what waits for a decision, on every server and in direct messages."""
    with _open(load_settings()) as connection:
        waiting = list_open(connection, None, MOST, suspected=True)
        for job_id in waiting:
            events = read_case(connection, job_id)
            what = ", ".join(dict.fromkeys(event.what for event in events))
            typer.echo(f"{job_id}  {events[0].at:%Y-%m-%d %H:%M}  {what}")
    if not waiting:
        typer.echo("Nothing waits for a decision.")


@cases.command("show")
def show_case(
    case: Case,
    save: Annotated[
        Path | None, typer.Option(help="Write the picture, as it is, to this PNG file.")
    ] = None,
) -> None:
    """Show a case: what happened, and with --save the picture itself."""
    settings = load_settings()
    with _open(settings) as connection:
        found = _find(connection, case, _read_strikes(settings))
    job = found.job
    typer.echo(f"{job.id}, person {job.person_id}, server {job.server_id or 'none'}")
    typer.echo(f"prompt: {job.recipe.get('prompt', '')}")
    if job.verdict:
        scores = ", ".join(f"{score:.2f}" for score in job.verdict.scores)
        typer.echo(f"{job.verdict.classifier}: {scores}, held from {job.verdict.limit:.2f} on")
    for event in found.events:
        who = "" if event.actor_id is None else f" by {event.actor_id}"
        typer.echo(f"{event.at:%Y-%m-%d %H:%M} {event.what}{who} {event.reason}".rstrip())
    typer.echo(f"warnings in force: {found.strikes}")
    if save is not None:
        if not found.pictures:
            raise CaseError("Its pictures are gone.")
        with save.open("xb") as file:
            file.write(Files.of(settings).get(found.pictures[0].sha256))


@cases.command("decide")
def decide_case(
    case: Case,
    decision: Annotated[
        str, typer.Argument(help=f"{', '.join(DECISIONS)}: the last three also block for so long.")
    ],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Decide a case; the bot then shows the pictures, or takes them back."""
    if decision not in DECISIONS:
        raise CaseError(f"`{decision[:20]}` is no decision; write {', '.join(DECISIONS)}.")
    settings = load_settings()
    strikes = _read_strikes(settings)
    with _open(settings) as connection:
        job_id = _find(connection, case, strikes).job.id
        try:
            decide(
                connection,
                job_id,
                decision,
                actor_id=None,
                reason=reason,
                strikes=strikes,
            )
        except DecidedError:
            raise CaseError("This case is decided already.") from None


@cases.command("export")
def export_cases(file: Annotated[Path, typer.Argument(help="A CSV file.")]) -> None:
    """Write everything that ever happened in any case to a CSV file."""
    with _open(load_settings()) as connection, file.open("x", newline="") as target:
        writer = csv.DictWriter(target, [field.name for field in fields(CaseEvent)])
        writer.writeheader()
        every = select(*COLUMNS).order_by(CaseRow.id)
        for row in connection.execute(every).mappings():
            reason = guard_cell(str(row["reason"]))
            writer.writerow({**row, "at": row["at"].isoformat(), "reason": reason})


def _find(connection: Connection, beginning: str, strikes: Strikes) -> OpenCase:
    job_id = queries.find_job(connection, beginning) if beginning.isalnum() else None
    found = read_open(connection, job_id, strikes) if job_id else None
    if found is None or not found.events:
        raise CaseError(f"`{beginning[:32]}` is no case; easel cases list names those that wait.")
    return found


def _read_strikes(settings: Settings) -> Strikes:
    return Strikes(settings.strikes, timedelta(days=settings.strike_days))


@contextmanager
def _open(settings: Settings) -> Iterator[Connection]:
    require_current(settings.database)
    engine = open_engine(settings.database).execution_options(**WRITING)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()
