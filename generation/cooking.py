"""Cooking: a recipe and a loaded family become finished pictures."""

import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import torch
from PIL import Image

from generation.canvas import Begun, Framed, frame, join
from generation.cards import Capability
from generation.controls import steps_to_refine
from generation.derive import narrow
from generation.detail import brought_out
from generation.families.diffusion import Engine, Watch
from generation.grid import compose
from generation.recipe import Edges, Recipe, Start
from generation.tiles import meeting
from storage.files import MissingFileError
from storage.jobs import CookingError, Report

PREVIEW_EVERY: Final = 0.5
"""Seconds between reports while a picture is drawn."""

PREVIEW_LIMIT: Final = 60_000
"""Largest preview in bytes."""

_PREVIEW_SIDE: Final = 256
_QUALITIES: Final = (75, 50, 25, 5)

Read = Callable[[str], bytes]
"""The bytes of a stored image, by their SHA-256; raises ``MissingFileError``."""

Find = Callable[[str], str | None]
"""The SHA-256 of a stored picture, by the digest of the recipe that makes it alone."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """What a recipe makes.

    Attributes:
        single: Each picture, as large as it is shown.
        grid: All of them in one image; None if there is only one.
    """

    single: tuple[Image.Image, ...]
    grid: Image.Image | None


def cook(engine: Engine, recipe: Recipe, report: Report, *, read: Read, find: Find) -> Pictures:
    """Everything that a recipe makes.

    Args:
        engine: The loaded family.
        recipe: What to make.
        report: Told of progress; whatever it raises ends the cooking.
        read: Finds the image to start from, and stored pictures.
        find: Finds pictures made earlier, so that enlarging one need not make it again.

    Raises:
        CookingError: ``model`` if the recipe is another model's or needs image adapters that are
            not loaded, ``missing_image`` if an image that it starts from or looks at is gone,
            ``out_of_memory`` if even one picture at a time is too much.
    """
    base = replace(recipe, upscale=1)
    stored = _stored(base, read, find) if recipe.upscale > 1 else None
    plain = stored or _drawn(engine, base, report, read)
    single = tuple(_larger(picture, recipe.upscale, tile=recipe.tile) for picture in plain)
    return Pictures(single, compose(single) if len(single) > 1 else None)


def _stored(recipe: Recipe, read: Read, find: Find) -> list[Image.Image] | None:
    """The recipe's pictures as they were made before, if all of them are still there."""
    found = [find(narrow(recipe, k).digest) for k in range(len(recipe.pictures))]
    try:
        return [_opened(read(sha256)) for sha256 in found if sha256] if all(found) else None
    except MissingFileError:
        return None


def _drawn(engine: Engine, recipe: Recipe, report: Report, read: Read) -> list[Image.Image]:
    if recipe.family != engine.card.id:
        raise CookingError("model")
    if _wanted(recipe) - engine.card.capabilities:
        raise CookingError("model")
    start = _begun(recipe, read, engine.card.enlarge)
    _look(engine, recipe, read)
    report(0, recipe.steps, None)
    drawn = drawn_twice(engine, recipe, start, paced(report))
    drawn = engine.enlarge(drawn, tile=recipe.tile)
    drawn = [_detailed(picture, recipe) for picture in drawn]
    return [join(start, picture) for picture in drawn] if isinstance(start, Framed) else drawn


def drawn_twice(engine: Engine, recipe: Recipe, start: Begun, watch: Watch) -> list[Image.Image]:
    """What the recipe draws, and if it is to be refined, each picture once more, twice as large."""
    if not recipe.refined:
        return _draw(engine, recipe, start, watch)
    count, steps = len(recipe.pictures), steps_to_refine(recipe.steps, recipe.refined)
    total = recipe.steps + count * steps

    def counted(before: int) -> Watch:
        return lambda step, _, previews: watch(before + step, total, previews)

    drawn = _draw(engine, recipe, start, counted(0))
    alone = replace(engine, together=1)
    return [
        _draw(alone, second, larger, counted(recipe.steps + k * steps))[0]
        for k, small in enumerate(drawn)
        for second, larger in [_refinement(recipe, k, small)]
    ]


def _refinement(recipe: Recipe, index: int, small: Image.Image) -> tuple[Recipe, Image.Image]:
    """The second drawing of picture ``index``, and what it begins from."""
    larger = _larger(small, recipe.scale, tile=recipe.tile)
    second = replace(
        narrow(recipe, index),
        width=larger.width,
        height=larger.height,
        steps=steps_to_refine(recipe.steps, recipe.refined),
        start=Start(image="", strength=recipe.refined),
        refined=0.0,
    )
    return second, larger


def _detailed(picture: Image.Image, recipe: Recipe) -> Image.Image:
    out = partial(brought_out, amount=recipe.detail)
    return meeting(picture, out) if recipe.tile and recipe.detail else out(picture)


def _wanted(recipe: Recipe) -> set[Capability]:
    """What a family must be able to do for what a recipe begins from."""
    canvas = recipe.canvas
    needs = {
        Capability.IMAGE_PROMPT: recipe.start is not None,
        Capability.INPAINT: canvas is not None and canvas.repaints,
        Capability.OUTPAINT: canvas is not None and canvas.edges != Edges(),
        Capability.TILE: recipe.tile,
        Capability.HD: recipe.refined > 0,
    }
    return {capability for capability, needed in needs.items() if needed}


def _begun(recipe: Recipe, read: Read, enlarged: int) -> Begun:
    """What the recipe's pictures begin from; a frame in the size that is shown."""
    if recipe.canvas is not None:
        canvas, size = recipe.canvas, (recipe.width * enlarged, recipe.height * enlarged)
        mask = _found(canvas.mask, read) if canvas.mask else None
        return frame(canvas, _found(canvas.image, read), size, mask)
    return None if recipe.start is None else _found(recipe.start.image, read)


def _look(engine: Engine, recipe: Recipe, read: Read) -> None:
    """Have the engine see the images that it is to take something from."""
    if recipe.seen and engine.references is None:
        raise CookingError("model")
    if engine.references is not None:
        engine.references.learn(recipe, lambda sha256: _found(sha256, read))


def _found(sha256: str, read: Read) -> Image.Image:
    try:
        return _opened(read(sha256))
    except MissingFileError:
        raise CookingError("missing_image") from None


def _draw(engine: Engine, recipe: Recipe, start: Begun, watch: Watch) -> list[Image.Image]:
    """All pictures at once if they fit into memory, else one by one."""
    for attempt in (engine, replace(engine, together=1, abreast=1)):
        try:
            return attempt.draw(recipe, start, watch)
        except (RuntimeError, MemoryError) as error:
            if not _out_of_memory(error):
                raise
        finally:
            release(engine)
    raise CookingError("out_of_memory")


def _out_of_memory(error: Exception) -> bool:
    """Whether a device or the machine has no memory left; on the CPU only the text tells."""
    kinds = (torch.OutOfMemoryError, MemoryError)
    return isinstance(error, kinds) or "can't allocate memory" in str(error)


def release(engine: Engine) -> None:
    """Give what a run leaves in the allocator's cache back to the device."""
    if engine.pipe.device.type == "cuda":
        torch.cuda.empty_cache()


def _opened(png: bytes) -> Image.Image:
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        return image.convert("RGB")


def _larger(picture: Image.Image, factor: int, *, tile: bool) -> Image.Image:
    if factor == 1:
        return picture
    larger = partial(_resampled, factor=factor)
    return meeting(picture, larger) if tile else larger(picture)


def _resampled(picture: Image.Image, factor: int) -> Image.Image:
    size = (picture.width * factor, picture.height * factor)
    return picture.resize(size, Image.Resampling.LANCZOS)


def paced(report: Report, clock: Callable[[], float] = time.monotonic) -> Watch:
    """A watch that reports with a preview whenever ``PREVIEW_EVERY`` seconds have passed."""
    last = clock()

    def watch(step: int, steps: int, previews: Callable[[], list[Image.Image]]) -> None:
        nonlocal last
        if clock() - last >= PREVIEW_EVERY:
            report(step, steps, encode_preview(previews()))
            last = clock()

    return watch


def encode_preview(pictures: Sequence[Image.Image]) -> bytes:
    """The pictures side by side as WebP, of at most ``PREVIEW_LIMIT`` bytes."""
    longest = max(pictures[0].size)
    size = tuple(max(1, round(side * _PREVIEW_SIDE / longest)) for side in pictures[0].size)
    shown = compose([picture.resize((size[0], size[1])) for picture in pictures])
    data = b""
    for quality in _QUALITIES:
        buffer = io.BytesIO()
        shown.save(buffer, "WEBP", quality=quality, method=0)
        data = buffer.getvalue()
        if len(data) <= PREVIEW_LIMIT:
            break
    return data
