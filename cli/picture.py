"""What ``easel describe`` does: four prompts for a picture, and what is known of it, and how."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from cli.imagine import find_limits, open_decoder
from cli.launch import QUIET
from generation.catalogue.served import choose_usual, list_served
from generation.questions.description import Certainty, Description, describe
from generation.questions.question import Question, Seen
from prompt.describing.targets import HERE, write_offers
from prompt.reading.embedded import read_known
from prompt.writing.programs import Program
from storage.queue.jobs import RenderError
from storage.settings import Settings, load_settings

app = typer.Typer(rich_markup_mode=None)


@app.command("describe")
def print_prompts(
    picture: Annotated[Path, typer.Argument(help="An image file.", exists=True, dir_okay=False)],
    program: Annotated[
        Program | None, typer.Option("--as", help="Write the prompts for another program.")
    ] = None,
    word: Annotated[
        str, typer.Option("--shows", help="What it shows, where that cannot be told.")
    ] = "",
) -> None:
    """Write four prompts for a picture.

    What is known of it is said beside them: exact, measured or guessed.
    """
    settings = load_settings()
    known = look_at_file(picture, settings, word)
    if known.exact:
        typer.echo(f"prompt: {known.exact} ({Certainty.EXACT})", err=True)
    for value in known.values:
        names = ", ".join(value.names)
        typer.echo(f"{value.aspect}: {names} ({value.certainty})", err=True)
    if known.lacks_subject:
        typer.echo("What it shows cannot be told; --shows says it.", err=True)
    card = choose_usual(list_served(settings)).card
    for offer in write_offers(known, program or HERE, card):
        typer.echo(offer.text)


def look_at_file(picture: Path, settings: Settings, word: str) -> Description:
    """What is known of a picture in a file.

    Args:
        picture: The file.
        settings: For what an image may take.
        word: What it shows, as whoever asks says; empty to have the judge look.

    Raises:
        ImageError: It is no image that may be used.
        OSError: It cannot be read.
    """
    with open_decoder(settings) as decoder:
        # One's own is cleaned like a stranger's.
        image = decoder.clean(picture.read_bytes(), find_limits(settings))
        measures = decoder.measure(image.png)
    known = read_known(image.texts)
    exact = known.prompt.spelling if known else ""
    question = Question(kind="describe", measures=measures, word=word, exact=exact)
    seen = _look(image.png, question, settings) if question.needs_model else Seen()
    return describe(question, seen)


def _look(png: bytes, question: Question, settings: Settings) -> Seen:
    """What an eye or the judge knows of it; nothing in an installation without PyTorch."""
    # Before anything imports these libraries, which read it once.
    os.environ.update(QUIET)
    try:
        from generation import worker  # noqa: PLC0415 - loads torch
        from generation.answering.answer import answer, look_at  # noqa: PLC0415
    except ModuleNotFoundError:
        return Seen()
    device = worker.choose_device(settings.device)
    models = list_served(settings)
    engines = worker.open_engines(settings, device, models)
    sight = worker.open_sight(settings, device, models)
    asked = replace(question, image="-", eye=sight.name)
    try:
        told = answer(asked.to_json(), engines, lambda *_: None, lambda _: png, sight)
    except RenderError:
        # The log has said why; what the judge knows is better than nothing.
        return look_at(png)
    return Seen.from_json(told.answer)
