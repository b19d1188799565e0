"""Finding what a wish is about: from the words for a thing to where it is in a picture."""

import asyncio
import io
from dataclasses import replace
from typing import Final

from PIL import Image

from bot.requests.edit_plans import FOUND, Found, Plan
from bot.requests.models import ServedModels
from generation.catalogue.card import Capability
from generation.catalogue.finder_names import name_finder
from generation.pictures.figure import Figure, find_figure, frame_box, grow
from generation.questions.question import FRAMERS
from generation.recipe import Recipe, Sought
from prompt.editing.naming import Part, name_part, say_in_english
from prompt.editing.wishes import Wish, WishKind
from storage.files import Files, MissingFileError
from storage.queue.client import Jobs
from storage.queue.jobs import Job

_AROUND: Final = 0.025
"""Width of the border that is drawn anew with what is taken away, as a share of a side..."""

_EDGE: Final = 0.008
"""and with what only gets another colour."""

_ROOM: Final = 0.1
"""How much larger than what it takes the place of a new thing may be, as a share."""


class ThingFinder:
    """Finds what wishes are about where the pictures tell, or has a network look for it."""

    def __init__(self, models: ServedModels, jobs: Jobs, files: Files) -> None:
        self._models, self._jobs, self._files = models, jobs, files

    async def locate(self, planned: Plan, job: Job, number: int) -> Plan:
        """The plan with where its thing is; as it was where that is not found, or not asked.

        Args:
            planned: What a sentence asks for.
            job: Whose picture it is.
            number: The picture's, counted from 1.
        """
        if not _looks(planned):
            return planned
        shown = job.pictures[number - 1 : number]
        if not shown:
            return planned
        recipe, image = Recipe.from_json(job.recipe), shown[0].sha256
        named = await self._name_finder()
        return await locate_in(planned, recipe, image, self._models, self._files, finder=named)

    async def seek(self, planned: Plan) -> Plan:
        """The plan with what a network is to look for when the picture is drawn, if one does."""
        return await _seek(planned, await self._name_finder()) if _looks(planned) else planned

    async def _name_finder(self) -> str:
        return name_finder(self._models.finder, await self._jobs.find_served(FRAMERS))


async def locate_in(
    planned: Plan,
    recipe: Recipe,
    image: str,
    models: ServedModels,
    files: Files,
    *,
    finder: str = "",
) -> Plan:
    """The same in a picture that is at hand.

    Args:
        planned: What a sentence asks for.
        recipe: What the picture was drawn from.
        image: Its SHA-256.
        models: What draws here.
        files: Where the picture is, and where the mask is kept.
        finder: What looks for other things when the picture is drawn; empty for nothing.
    """
    wish = planned.drawn
    if wish is None or not _looks(planned) or not _masks(recipe, models):
        return planned
    part = await asyncio.to_thread(name_part, wish.what, recipe.prompt)
    if part is None:
        return await _seek(planned, finder)
    try:
        png = await files.aget(image)
    except MissingFileError:
        return planned
    figure = await asyncio.to_thread(_open_and_find, png)
    if figure is None:
        return await _seek(planned, finder)
    mask = await files.aput(_encode(_cover(figure, part, wish)))
    return replace(planned, mask=mask, found=Found(part, figure.ground))


async def _seek(planned: Plan, finder: str) -> Plan:
    wish = planned.drawn
    if wish is None or not _looks(planned) or not finder:
        return planned
    # Those networks read English.
    words = await asyncio.to_thread(say_in_english, wish.what)
    border = _EDGE if wish.kind is WishKind.RECOLOUR else _AROUND
    return replace(planned, sought=Sought(words=words, finder=finder, border=border))


def _looks(planned: Plan) -> bool:
    """Whether a plan is about a thing, and does not say where."""
    wish = planned.drawn
    return wish is not None and wish.kind in FOUND and not planned.regions


def _masks(recipe: Recipe, models: ServedModels) -> bool:
    """Whether what drew a picture draws parts anew; what edits as words say needs no mask."""
    able = models.find_maker(recipe).card.capabilities
    return Capability.INPAINT in able and Capability.EDIT not in able


def _open_and_find(png: bytes) -> Figure | None:
    # Of our own making: Pillow shall not try its other decoders.
    with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
        return find_figure(picture.convert("RGB"))


def _cover(figure: Figure, part: Part, wish: Wish) -> Image.Image:
    """What is drawn anew for a wish about a figure, or about the ground behind it."""
    if part == "ground":
        return grow(figure.mask, -_EDGE).point(lambda level: 255 - level)
    match wish.kind:
        case WishKind.REMOVE:
            return grow(figure.mask, _AROUND)
        case WishKind.REPLACE:
            return frame_box(figure.mask, _ROOM)
        case _:
            return grow(figure.mask, _EDGE)


def _encode(mask: Image.Image) -> bytes:
    buffer = io.BytesIO()
    # As what people paint is kept: a bit for each pixel.
    mask.convert("1").save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
