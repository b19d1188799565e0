"""What a prompt stands for, without drawing: its recipe, its form elsewhere, that of a picture."""

from pathlib import Path
from typing import Annotated, Final

import typer

from cli.imagine import as_json, find_limits, open_decoder, plan
from generation.catalogue.families import compute_shown_size
from prompt.reading.embedded import Known, read_known
from prompt.reading.grammar import Prompt, parse
from prompt.writing.programs import Program
from prompt.writing.write import write_prompt
from storage.settings import load_settings

_UNKNOWN: Final = "{file} does not say how it was made."

app = typer.Typer(rich_markup_mode=None)


@app.command("parse")
def print_parsed(
    prompt: Annotated[
        str | None, typer.Argument(help="As typed after /imagine, flags and all.")
    ] = None,
    program: Annotated[
        Program | None, typer.Option("--as", help="Write the prompt for another program instead.")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(help="A picture whose own file says the prompt.", exists=True, dir_okay=False),
    ] = None,
    split: Annotated[
        bool, typer.Option("--split", help="For Midjourney, turn weighted words into ideas (::).")
    ] = False,
) -> None:
    """Show what a prompt, or a picture's file, stands for.

    That is a prompt's recipe, what a picture's own file says, or either as another program writes
    it. Where there is none, says why and exits with code 2.
    """
    if (prompt is None) == (picture is None):
        raise typer.BadParameter("give a prompt, or a picture with --picture")
    if picture is not None:
        known = _read_picture(picture)
        made_by = f"{known.program} ({known.model})" if known.model else known.program
        typer.echo(f"The file says that {made_by} made it.", err=True)
        _print_prompt(known.prompt, program, split=split)
    elif program is not None:
        _print_prompt(parse(prompt or ""), program, split=split)
    else:
        _print_recipe(prompt or "")


def _print_recipe(prompt: str) -> None:
    resolved = plan(prompt, load_settings())
    width, height = compute_shown_size(resolved.recipe)
    for note in (*resolved.notes, f"Each picture will be {width}×{height}."):
        typer.echo(note, err=True)
    typer.echo(as_json(resolved.recipe), nl=False)


def _print_prompt(prompt: Prompt, program: Program | None, *, split: bool) -> None:
    """Prints a prompt, or its form for a program and beside it what that cannot say."""
    notes, text = prompt.notes, prompt.spelling
    if program is not None:
        written = write_prompt(prompt, program, split=split)
        notes, text = (*notes, *written.lost), written.text
    for note in notes:
        typer.echo(note, err=True)
    typer.echo(text)


def _read_picture(picture: Path) -> Known:
    """What a picture's file says, read at the door that strangers' pictures pass.

    Raises:
        ImageError: It is no picture that can be read.
        typer.BadParameter: It says nothing.
    """
    settings = load_settings()
    with open_decoder(settings) as decoder:
        cleaned = decoder.clean(picture.read_bytes(), find_limits(settings))
    known = read_known(cleaned.texts)
    if known is None:
        raise typer.BadParameter(_UNKNOWN.format(file=picture.name))
    return known
