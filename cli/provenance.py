"""Where pictures are from: ``easel verify`` and ``easel provenance``."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from bot.delivery.marking import KnownMarks, load_identity, load_known
from bot.requests.verifying import find_marks
from bot.text.verdict import write_verdict
from cli.imagine import find_limits, open_decoder
from storage.database.connect import (
    WRITING,
    DatabaseNotReadyError,
    open_engine,
    require_current,
)
from storage.queue import queries
from storage.settings import Settings, load_settings

app = typer.Typer(rich_markup_mode=None)

_MARKUP: Final = re.compile(r"\*\*|`(?!``)|\\(?=\W)")
"""What Discord shows as bold or as code."""


@app.command("verify")
def tell_origin(
    picture: Annotated[Path, typer.Argument(help="An image file.", exists=True, dir_okay=False)],
) -> None:
    """Tell where a picture is from.

    What is signed, what the pixels carry, and which request it was; the first line is the verdict.
    """
    settings = load_settings()
    typer.echo(_MARKUP.sub("", inspect_file(picture, settings)))


def inspect_file(picture: Path, settings: Settings) -> str:
    """What can be told of a picture's file.

    Args:
        picture: The file.
        settings: Of this installation, whose marks are known; without a database nobody's are.

    Raises:
        ImageError: It is no image that may be used.
        OSError: It cannot be read.
    """
    engine = open_engine(settings.database) if _has_database(settings) else None
    try:
        known = KnownMarks()
        if engine:
            with engine.connect() as connection:
                known = load_known(connection, settings)
        with open_decoder(settings) as decoder:
            image, statement = decoder.inspect(
                picture.read_bytes(), known.trust, find_limits(settings)
            )
        findings, job = find_marks(image, statement, known), None
        if engine and findings.short:
            with engine.connect() as connection:
                job_id = queries.find_job(connection, findings.short)
                job = queries.read_job(connection, job_id) if job_id else None
        when = f"{job.created_at.astimezone():%Y-%m-%d %H:%M}" if job else ""
        return write_verdict(replace(findings, job=job), when)
    finally:
        if engine:
            engine.dispose()


def _has_database(settings: Settings) -> bool:
    try:
        require_current(settings.database)
    except DatabaseNotReadyError:
        typer.echo("There is no database here, so only other signatures can be told.", err=True)
        return False
    return True


@app.command("provenance")
def show_identity(
    root: Annotated[
        Path | None, typer.Option(help="Write the certificate that others would trust, in PEM.")
    ] = None,
) -> None:
    """Show what pictures are signed with.

    Where nothing was signed yet, key and certificate are made.
    """
    settings = load_settings()
    require_current(settings.database)
    engine = open_engine(settings.database).execution_options(**WRITING)
    try:
        with engine.begin() as connection:
            identity = load_identity(connection, settings)
    finally:
        engine.dispose()
    ends = identity.certificate.not_valid_after_utc
    typer.echo(f"signed by    {identity.certificate.subject.rfc4514_string()}")
    typer.echo(f"holds until  {ends:%Y-%m-%d}")
    typer.echo(f"root         SHA-256 {identity.fingerprint}")
    if root:
        root.write_text(identity.root, encoding="ascii")
