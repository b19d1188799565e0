"""Pictures without Discord, queue or database: what ``easel imagine`` and ``easel parse`` do."""

import asyncio
import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from generation.catalogue.served import served
from generation.pictures.metadata import encode_png
from generation.recipe import SEED_LIMIT, Recipe
from generation.untrusted.clean import Limits, clean
from generation.untrusted.fetch import fetch
from prompt.errors import PromptError
from prompt.reading.grammar import parse
from prompt.resolution.check import check
from prompt.resolution.orders import read_orders, refuse_too_many
from prompt.resolution.references import list_addresses
from prompt.resolution.resolve import Resolved, resolve
from prompt.resolution.suggestions import mend_suggestion
from prompt.resolution.versions import choose_model, parse_versions
from storage.files import Files
from storage.queue.jobs import Report
from storage.settings import Settings

UNKNOWN_IMAGE: Final = "0" * 64
"""Stands in a recipe for an image that was not fetched."""


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
    models, table = served(settings), parse_versions(settings.versions)
    try:
        (order, *more) = read_orders(text)
        if more:
            raise refuse_too_many(text, 1 + len(more), 1)
        prompt = order.prompt
        linked = list_addresses(prompt.flags)
        if images is None:
            images = [UNKNOWN_IMAGE] * (len(prompt.images) + len(linked))
        shown = len(images) - len(linked)
        one = choose_model(prompt.flags, models, table)
        check(prompt, one.card, images=shown)
    except PromptError as error:
        raise mend_suggestion(
            error, lambda prompt: choose_model(prompt.flags, models, table).card
        ) from None
    return resolve(
        prompt,
        one.card,
        model=one.model,
        seed=secrets.randbelow(SEED_LIMIT),
        images=images[:shown],
        kept=dict(zip(linked, images[shown:], strict=True)),
        versions=table,
    )


def take(text: str, photographs: Sequence[Path], settings: Settings) -> list[str]:
    """Stores the photographs and the images that a prompt links to; the SHA-256 of each.

    Raises:
        PromptError: The prompt cannot be read.
        ImageError: An image cannot be used.
        OSError: A photograph cannot be read.
    """
    limits = Limits(
        max_bytes=settings.max_upload_mb * 2**20, max_pixels=settings.max_pixels_m * 10**6
    )
    found = [photograph.read_bytes() for photograph in photographs]
    prompt = parse(text)
    links = [*(link.url for link in prompt.images), *list_addresses(prompt.flags)]
    found += [asyncio.run(fetch(link, limits=limits)) for link in links]
    files = Files.of(settings)
    return [files.put(clean(data, limits).png) for data in found]


def draw(recipe: Recipe, settings: Settings, output: Path, report: Report) -> list[Path]:
    """Makes a recipe's pictures and writes them, with their recipe inside, and the recipe itself.

    Args:
        recipe: What to make.
        settings: For the model and the device.
        output: The PNG to write: the grid, or the picture where there is one only. The pictures
            of a grid stand beside it as ``-1``, ``-2``, …, the recipe as ``.json``.
        report: Told of progress: steps done, steps in all, a preview.

    Returns:
        The files written.
    """
    from generation.worker import make  # noqa: PLC0415 - loads torch

    pictures = make(recipe, settings, report)
    written = {output.with_suffix(".json"): as_json(recipe).encode()}
    for k, picture in enumerate(pictures.single):
        alone = pictures.grid is None
        name = output if alone else output.with_stem(f"{output.stem}-{k + 1}")
        written[name] = encode_png(picture, recipe, index=k)
    if pictures.grid is not None:
        written[output] = encode_png(pictures.grid, recipe)
    for path, data in written.items():
        path.write_bytes(data)
    return sorted(written)


def as_json(recipe: Recipe) -> str:
    """The recipe as a file or a terminal shows it."""
    return json.dumps(recipe.to_json(), indent=2, ensure_ascii=False) + "\n"
