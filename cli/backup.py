"""Backups and restoring them: what ``easel backup`` and ``easel restore`` do."""

from pathlib import Path
from typing import Annotated

import typer

from storage.backup import Manifest, back_up, check, restore
from storage.settings import load_settings

app = typer.Typer(rich_markup_mode=None)

Folder = Annotated[Path, typer.Argument(help="The folder of the backup.")]


@app.command("backup")
def make_backup(
    folder: Folder,
    check_only: Annotated[
        bool, typer.Option("--check", help="Read the backup that is there, and compare it.")
    ] = False,
) -> None:
    """Copy the database and the pictures.

    Everything may run meanwhile. The same folder again takes what is new alone, and drops what was
    deleted since.
    """
    manifest = check(folder) if check_only else back_up(load_settings(), folder)
    typer.echo(_describe(manifest))


@app.command("restore")
def put_back(folder: Folder) -> None:
    """Put a backup back.

    There may be no database yet where it goes.
    """
    typer.echo(_describe(restore(load_settings(), folder)))


def _describe(manifest: Manifest) -> str:
    when = f"{manifest.taken_at.astimezone():%Y-%m-%d %H:%M}"
    requests = manifest.rows.get("jobs", 0)
    told = f"Of {when}: {requests:,} requests, {manifest.pictures:,} pictures; all of it is whole."
    if not manifest.missing:
        return told
    return (
        f"{told}\nPictures that are not in it: {manifest.missing:,}, gone or damaged where "
        "EASEL_IMAGES says."
    )
