"""What people ask the host for about themselves: what ``easel privacy`` does."""

import asyncio
import zipfile
from pathlib import Path
from typing import Annotated

import typer

from storage.database.connect import open_engine, require_current
from storage.files import Files
from storage.privacy.exporting import list_entries, read_kept, write_entry
from storage.privacy.forgetting import forget
from storage.queue.client import Jobs
from storage.settings import Settings, load_settings

privacy = typer.Typer(rich_markup_mode=None)
app = typer.Typer(rich_markup_mode=None)
app.add_typer(privacy, name="privacy", help="Copy or delete what is kept of a person.")

Person = Annotated[int, typer.Argument(help="The number of their Discord account.")]


@privacy.command("export")
def write_copy(person: Person, file: Annotated[Path, typer.Argument(help="A ZIP file.")]) -> None:
    """Write all that is kept of a person into a ZIP file."""
    settings = load_settings()
    require_current(settings.database)
    engine = open_engine(settings.database)
    try:
        with engine.connect() as connection:
            kept = read_kept(connection, person)
    finally:
        engine.dispose()
    with zipfile.ZipFile(file, "x") as archive:
        for name, data in list_entries(kept, Files.of(settings)):
            write_entry(archive, name, data)
    jobs, images = kept.rows["jobs"], kept.rows["images"]
    typer.echo(f"{len(jobs):,} requests, {len(images):,} pictures.")


@privacy.command("forget")
def forget_person(
    person: Person,
    sure: Annotated[bool, typer.Option("--yes", "-y", help="Do so without asking.")] = False,
) -> None:
    """Delete all that is kept of a person.

    Files of their pictures and messages follow within a day, while a worker and the bot run.
    """
    if not sure:
        typer.confirm("Delete their requests, pictures, presets and settings for good?", abort=True)
    asyncio.run(_forget(load_settings(), person))
    typer.echo("Forgotten.")


async def _forget(settings: Settings, person: int) -> None:
    jobs = await Jobs.open(settings)
    try:
        await forget(jobs, person, settings.database)
    finally:
        await jobs.close()
