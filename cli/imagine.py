"""Pictures without Discord, queue or database: what ``easel imagine`` does."""

import asyncio
import json
import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.launch import QUIET
from generation.catalogue.served import list_served
from generation.pictures.metadata import encode_png
from generation.recipe import SEED_LIMIT, Recipe
from generation.untrusted.clean import Limits
from generation.untrusted.door import Decoder
from generation.untrusted.fetch import fetch
from generation.untrusted.traits import ImageTraits, read_traits
from prompt.errors import PromptError
from prompt.reading.grammar import parse
from prompt.resolution.check import check
from prompt.resolution.choice import choose_for
from prompt.resolution.orders import read_orders, refuse_too_many
from prompt.resolution.references import list_addresses
from prompt.resolution.resolve import Resolved, resolve
from prompt.resolution.suggestions import mend_suggestion
from prompt.resolution.versions import parse_versions
from storage.files import Files
from storage.queue.jobs import Report
from storage.settings import Settings, load_settings

UNKNOWN_IMAGE: Final = "0" * 64
"""Stands in a recipe for an image that was not fetched."""


app = typer.Typer(rich_markup_mode=None)
Text = Annotated[str, typer.Argument(help="As typed after /imagine, flags and all.")]


@app.command("imagine")
def make_pictures(
    prompt: Text,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The PNG to write; named by its seed if left out."),
    ] = None,
    image: Annotated[
        list[Path] | None,
        typer.Option(help="A photograph to start from.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Make pictures without Discord.

    Writes the grid, each picture of it, and the recipe.
    """
    if output is not None and output.suffix != ".png":
        raise typer.BadParameter("the output is a PNG, so its name must end in .png")
    settings = load_settings()
    resolved = plan(prompt, settings, take(prompt, image or [], settings))
    output = output or Path(f"easel-{resolved.recipe.noise[0].seed}.png")
    require_writable(output, len(resolved.recipe.noise))
    for note in resolved.notes:
        typer.echo(note, err=True)
    for path in _draw_here(resolved.recipe, settings, output):
        typer.echo(path)


def _draw_here(recipe: Recipe, settings: Settings, output: Path) -> list[Path]:
    """The files of a drawing whose progress the terminal shows."""
    from rich.console import Console  # noqa: PLC0415 - not to parse
    from rich.progress import Progress  # noqa: PLC0415

    # Before anything imports these libraries, which read it once.
    os.environ.update(QUIET)
    # Standard output is for the paths, which other programs may read.
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("loading the model", total=None)

        def report(step: int, steps: int, _preview: bytes | None) -> None:
            progress.update(task, description="drawing", completed=step, total=steps)

        files = draw(recipe, settings, output, report)
    return keep(files)


def plan(text: str, settings: Settings, images: Sequence[str] | None = None) -> Resolved:
    """The recipe of a prompt.

    Args:
        text: The prompt as one would type it after ``/imagine``.
        settings: For the model.
        images: SHA-256 of every image, those that the prompt links to last, first in front of it,
            then after flags; None to leave the links unfetched.

    Raises:
        PromptError: There is no recipe for it; the error says why.
        UnknownFamilyError: The settings' model is of an unknown family.
        ServedError: The settings' further models cannot be read.
    """
    models, table = list_served(settings), parse_versions(settings.versions)
    try:
        (order, *more) = read_orders(text)
        if more:
            # One command makes one recipe; to queue several is the bot's.
            raise refuse_too_many(text, 1 + len(more), 1)
        prompt = order.prompt
        linked = list_addresses(prompt.flags)
        if images is None:
            images = [UNKNOWN_IMAGE] * (len(prompt.images) + len(linked))
        shown = len(images) - len(linked)
        traits = _look_at(images, settings)
        one = choose_for(
            prompt,
            models,
            table,
            images=shown,
            photographs=shown > 0 and all(_is_photograph(one, traits) for one in images[:shown]),
        )
        check(prompt, one.card, images=shown)
    except PromptError as error:
        raise mend_suggestion(
            error, lambda prompt: choose_for(prompt, models, table, images=len(prompt.images)).card
        ) from None
    return resolve(
        prompt,
        one.card,
        model=one.model,
        seed=secrets.randbelow(SEED_LIMIT),
        images=images[:shown],
        kept=dict(zip(linked, images[shown:], strict=True)),
        shapes={sha256: each.shape for sha256, each in traits.items()},
        versions=table,
    )


def _look_at(images: Sequence[str], settings: Settings) -> dict[str, ImageTraits]:
    """The traits of images that were stored."""
    files = Files.of(settings)
    return {sha256: read_traits(files.get(sha256)) for sha256 in images if sha256 != UNKNOWN_IMAGE}


def _is_photograph(sha256: str, traits: Mapping[str, ImageTraits]) -> bool:
    return sha256 in traits and traits[sha256].photograph


def take(text: str, photographs: Sequence[Path], settings: Settings) -> list[str]:
    """Stores the photographs and the images that a prompt links to; the SHA-256 of each.

    Raises:
        PromptError: The prompt cannot be read.
        ImageError: An image cannot be used.
        OSError: A photograph cannot be read.
    """
    limits = find_limits(settings)
    # One's own are cleaned like a stranger's: recipes name images as they come out of that.
    found: list[bytes | bytearray] = [photograph.read_bytes() for photograph in photographs]
    prompt = parse(text)
    links = [*(link.url for link in prompt.images), *list_addresses(prompt.flags)]
    found += [asyncio.run(fetch(link, limits=limits)) for link in links]
    files = Files.of(settings)
    with open_decoder(settings) as decoder:
        return [files.put(decoder.clean(data, limits).png) for data in found]


def open_decoder(settings: Settings) -> Decoder:
    """What reads pictures, with the limits of this installation."""
    return Decoder(settings.max_image_seconds, find_limits(settings).max_pixels)


def find_limits(settings: Settings) -> Limits:
    """How large a picture may be."""
    return Limits(
        max_bytes=settings.max_upload_mb * 2**20, max_pixels=settings.max_pixels_m * 10**6
    )


def require_writable(output: Path, pictures: int) -> None:
    """Looks whether a drawing's files can be written, which is better known before it is made.

    Raises:
        typer.BadParameter: They cannot; the text says why.
    """
    looked_at = output.parent
    try:
        tempfile.TemporaryFile(dir=looked_at).close()
        for looked_at in (output.with_suffix(".json"), output, *_singles(output, pictures)):
            if looked_at.exists():
                # To append nothing: a file opened for writing would be emptied before there is a
                # new one.
                looked_at.open("ab").close()
    except OSError as error:
        raise typer.BadParameter(
            f"{looked_at} cannot be written ({error.strerror}); "
            "name a PNG in a folder that you can write to."
        ) from None


def _singles(output: Path, pictures: int) -> list[Path]:
    """Where each picture of a grid goes."""
    return [output.with_stem(f"{output.stem}-{k + 1}") for k in range(pictures)]


def draw(recipe: Recipe, settings: Settings, output: Path, report: Report) -> dict[Path, bytes]:
    """Makes a recipe's pictures, as files with their recipe inside, and the recipe itself.

    Args:
        recipe: What to make.
        settings: For the model and the device.
        output: The PNG to write: the grid, or the picture where there is one only. The pictures
            of a grid stand beside it as ``-1``, ``-2``, …, the recipe as ``.json``.
        report: Told of progress: steps done, steps in all, a preview.

    Returns:
        What each file is to hold.
    """
    from generation.worker import make  # noqa: PLC0415 - loads torch

    pictures = make(recipe, settings, report)
    files = {output.with_suffix(".json"): as_json(recipe).encode()}
    names = [output]
    if pictures.grid is not None:
        files[output] = encode_png(pictures.grid, recipe)
        names = _singles(output, len(pictures.single))
    for k, (name, picture) in enumerate(zip(names, pictures.single, strict=True)):
        files[name] = encode_png(picture, recipe, index=k)
    return files


def keep(files: Mapping[Path, bytes]) -> list[Path]:
    """Writes files; those that cannot be written, such as on a full disk, go to another folder.

    Returns:
        Where each went, in the order of their names.
    """
    try:
        return [_write(path, data) for path, data in sorted(files.items())]
    except OSError as error:
        # All of them once more, so that a set is found in one place.
        folder = Path(tempfile.mkdtemp(prefix="easel-"))
        typer.echo(
            f"{error.filename} could not be written ({error.strerror}), so all is in {folder}.",
            err=True,
        )
        return [_write(folder / path.name, data) for path, data in sorted(files.items())]


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def as_json(recipe: Recipe) -> str:
    """The recipe as a file or a terminal shows it."""
    return json.dumps(recipe.to_json(), indent=2, ensure_ascii=False) + "\n"
