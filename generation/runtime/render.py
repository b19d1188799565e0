"""Cooking: a recipe and a loaded family become finished pictures."""

import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import structlog
import torch
from PIL import Image, ImageOps

from generation.catalogue.card import Capability, Card
from generation.catalogue.families import shown_size
from generation.conditioning.cache import TEXTS
from generation.controls import steps_to_refine
from generation.derive import narrow
from generation.pictures.canvas import Begun, Framed, frame, join
from generation.pictures.detail import brought_out
from generation.pictures.grid import compose
from generation.pictures.tiling import meeting
from generation.recipe import Edges, Finishing, Recipe, Start
from generation.runtime.offload import attempts
from generation.sampling.engine import Engine, Watch, device_of
from generation.tensors.memory import out_of_memory
from storage.files import MissingFileError
from storage.queue.jobs import RenderError, Report

PREVIEW_EVERY: Final = 0.5
"""Seconds between previews while a picture is drawn."""

PREVIEW_LIMIT: Final = 60_000
"""Largest preview in bytes."""

_PREVIEW_SIDE: Final = 256
_QUALITIES: Final = (75, 50, 25, 5)

_log = structlog.get_logger(__name__)

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
        RenderError: ``model`` if the recipe is another model's or needs image adapters or
            ControlNets that are not loaded, ``missing_image`` if an image that it starts from,
            looks at or keeps to is gone, ``lora`` if one of its LoRAs is gone or does not fit,
            ``out_of_memory`` if even one picture at a time is too much, ``upscaler`` if what
            enlarges it is gone or of no use.
    """
    plain = made_before(recipe, read, find) or _drawn(engine, _small(recipe), report, read)
    return finished(engine, plain, recipe, report)


def made_before(recipe: Recipe, read: Read, find: Find) -> list[Image.Image] | None:
    """The pictures that the recipe enlarges, if it does and all of them are still there.

    Args:
        recipe: What to make.
        read: Finds stored pictures.
        find: Finds pictures made earlier.
    """
    if recipe.finishing.upscale == 1:
        return None
    small = _small(recipe)
    found = [find(narrow(small, k).digest) for k in range(len(recipe.noise))]
    try:
        return [_opened(read(sha256)) for sha256 in found if sha256] if all(found) else None
    except MissingFileError:
        return None


def finished(
    engine: Engine, plain: Sequence[Image.Image], recipe: Recipe, report: Report
) -> Pictures:
    """Pictures as large as the recipe wants them; any engine can do that.

    Args:
        engine: For its upscaler.
        plain: The pictures as they were drawn.
        recipe: What to make.
        report: Told of progress; whatever it raises ends the cooking.

    Raises:
        RenderError: ``upscaler`` if what enlarges them is gone or of no use, ``out_of_memory`` if
            that is too much.
    """
    single = tuple(_enlarged(engine, picture, recipe, report) for picture in plain)
    return Pictures(single, compose(single) if len(single) > 1 else None)


def _small(recipe: Recipe) -> Recipe:
    """The recipe of the pictures before they are enlarged."""
    return replace(recipe, finishing=Finishing(detail=recipe.finishing.detail))


def _drawn(engine: Engine, recipe: Recipe, report: Report, read: Read) -> list[Image.Image]:
    if recipe.family != engine.card.id:
        raise RenderError("model")
    if _wanted(recipe) - engine.card.capabilities:
        raise RenderError("model")
    if recipe.conditions.structure is not None and recipe.conditions.structure.shown:
        _look(engine, recipe, read)
        return [_map(engine, recipe)]
    start = _begun(recipe, read, engine.card.enlarge)
    if recipe.inputs.gives_back and isinstance(start, Image.Image):
        unchanged = _detailed(_give_back(start, recipe, engine.card), recipe)
        return [unchanged] * len(recipe.noise)
    _apply_loras(engine, recipe)
    report(0, recipe.sampling.steps, None)
    look = partial(_look, recipe=recipe, read=read)
    drawn = drawn_twice(engine, recipe, start, paced(report), look)
    drawn = engine.enlarge(drawn, tile=recipe.sampling.seamless)
    drawn = [_detailed(picture, recipe) for picture in drawn]
    return [join(start, picture) for picture in drawn] if isinstance(start, Framed) else drawn


def _give_back(image: Image.Image, recipe: Recipe, card: Card) -> Image.Image:
    """An image as it is, or cut and scaled where another shape than its own was asked for."""
    if card.size(*image.size) == (recipe.size.width, recipe.size.height):
        return image
    return ImageOps.fit(image, shown_size(recipe), Image.Resampling.LANCZOS)


def drawn_twice(
    engine: Engine,
    recipe: Recipe,
    start: Begun,
    watch: Watch,
    look: Callable[[Engine], None] = lambda _: None,
) -> list[Image.Image]:
    """What the recipe draws, and if it is to be refined, each picture once more, twice as large.

    ``look`` has an engine see what the recipe takes from images.
    """
    draw = partial(_draw, look=look)
    if not recipe.size.refinement:
        return draw(engine, recipe, start, watch)
    count, steps = len(recipe.noise), steps_to_refine(recipe.sampling.steps, recipe.size.refinement)
    total = recipe.sampling.steps + count * steps

    def counted(before: int) -> Watch:
        return lambda step, _, previews: watch(before + step, total, previews)

    drawn = draw(engine, recipe, start, counted(0))
    alone = replace(engine, batching=replace(engine.batching, size=1))
    return [
        draw(alone, second, larger, counted(recipe.sampling.steps + k * steps))[0]
        for k, small in enumerate(drawn)
        for second, larger in [_refinement(recipe, k, small)]
    ]


def _refinement(recipe: Recipe, index: int, small: Image.Image) -> tuple[Recipe, Image.Image]:
    """The second drawing of picture ``index``, and what it begins from."""
    larger = _larger(small, recipe.size.times, tile=recipe.sampling.seamless)
    strength = recipe.size.refinement
    steps = steps_to_refine(recipe.sampling.steps, strength)
    second = replace(
        narrow(recipe, index),
        size=replace(recipe.size, width=larger.width, height=larger.height, refinement=0.0),
        sampling=replace(recipe.sampling, steps=steps),
        inputs=replace(recipe.inputs, start=Start(image="", strength=strength)),
        conditions=replace(recipe.conditions, structure=None),
    )
    return second, larger


def _detailed(picture: Image.Image, recipe: Recipe) -> Image.Image:
    detail = recipe.finishing.detail
    out = partial(brought_out, amount=detail)
    return meeting(picture, out) if recipe.sampling.seamless and detail else out(picture)


def _wanted(recipe: Recipe) -> set[Capability]:
    """What a family must be able to do for what a recipe begins from and keeps to."""
    canvas = recipe.inputs.canvas
    needs = {
        Capability.IMAGE_PROMPT: recipe.inputs.start is not None,
        Capability.INPAINT: canvas is not None and canvas.repaints,
        Capability.OUTPAINT: canvas is not None and canvas.edges != Edges(),
        Capability.STRUCTURE: recipe.conditions.structure is not None,
        Capability.TILE: recipe.sampling.seamless,
        Capability.HD: recipe.size.refinement > 0,
    }
    return {capability for capability, needed in needs.items() if needed}


def _begun(recipe: Recipe, read: Read, enlarged: int) -> Begun:
    """What the recipe's pictures begin from; a frame in the size that is shown."""
    if recipe.inputs.canvas is not None:
        canvas = recipe.inputs.canvas
        size = recipe.size.width * enlarged, recipe.size.height * enlarged
        mask = _found(canvas.mask, read) if canvas.mask else None
        return frame(canvas, _found(canvas.image, read), size, mask)
    return None if recipe.inputs.start is None else _found(recipe.inputs.start.image, read)


def _look(engine: Engine, recipe: Recipe, read: Read) -> None:
    """Have the engine see the images that it is to take something from or keep to."""
    references, structures = engine.conditioning.references, engine.conditioning.structures
    if recipe.seen_images and references is None:
        raise RenderError("model")
    if references is not None:
        references.learn(recipe, lambda sha256: _found(sha256, read))
    if recipe.conditions.structure is not None:
        if structures is None or recipe.conditions.structure.kind not in structures.networks:
            raise RenderError("model")
        structures.learn(recipe, lambda sha256: _found(sha256, read))


def _map(engine: Engine, recipe: Recipe) -> Image.Image:
    """The control map as its own picture, as large as pictures are shown."""
    structures = engine.conditioning.structures
    if structures is None:
        raise RenderError("model")
    return _larger(structures.map(recipe), engine.card.enlarge, tile=False)


def _apply_loras(engine: Engine, recipe: Recipe) -> None:
    """Have the recipe's LoRAs change the model, and no others."""
    if engine.conditioning.loras is not None:
        engine.conditioning.loras.apply(recipe.conditions.loras)
    elif recipe.conditions.loras:
        raise RenderError("lora")


def _found(sha256: str, read: Read) -> Image.Image:
    try:
        return _opened(read(sha256))
    except MissingFileError:
        raise RenderError("missing_image") from None


def _draw(
    engine: Engine, recipe: Recipe, start: Begun, watch: Watch, look: Callable[[Engine], None]
) -> list[Image.Image]:
    """All pictures at once if they fit into memory, else with less and less of it."""
    for number, spared in enumerate(attempts(engine), 1):
        try:
            with spared as attempt:
                look(attempt)
                return attempt.draw(recipe, start, watch)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            _log.warning("short of memory", attempt=number)
        finally:
            release(engine)
        TEXTS.forget()
    raise RenderError("out_of_memory")


def release(engine: Engine) -> None:
    """Give what a run leaves in the allocator's cache back to the device."""
    if device_of(engine.pipe).type == "cuda":
        torch.cuda.empty_cache()


def _opened(png: bytes) -> Image.Image:
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        return image.convert("RGB")


def _enlarged(engine: Engine, picture: Image.Image, recipe: Recipe, report: Report) -> Image.Image:
    """A finished picture enlarged by what the recipe names, or by a resampling filter."""
    factor, spandrel = recipe.finishing.upscale, engine.upscalers.spandrel
    if recipe.finishing.upscaler is None or factor == 1:
        return _larger(picture, factor, tile=recipe.sampling.seamless)
    if spandrel is None or spandrel.known != recipe.finishing.upscaler:
        raise RenderError("upscaler")
    larger = partial(spandrel.enlarge, factor=factor, done=lambda done, of: report(done, of, None))
    try:
        return meeting(picture, larger) if recipe.sampling.seamless else larger(picture)
    except MemoryError:
        if engine.evict():
            return _enlarged(engine, picture, recipe, report)
        raise RenderError("out_of_memory") from None
    except ValueError as error:
        _log.error("the upscaler cannot be used", error=str(error))
        raise RenderError("upscaler") from None
    finally:
        release(engine)


def _larger(picture: Image.Image, factor: int, *, tile: bool) -> Image.Image:
    if factor == 1:
        return picture
    larger = partial(_resampled, factor=factor)
    return meeting(picture, larger) if tile else larger(picture)


def _resampled(picture: Image.Image, factor: int) -> Image.Image:
    size = (picture.width * factor, picture.height * factor)
    return picture.resize(size, Image.Resampling.LANCZOS)


def paced(report: Report, clock: Callable[[], float] = time.monotonic) -> Watch:
    """A watch that reports every step, so that a cancellation is felt within one.

    A preview is drawn whenever ``PREVIEW_EVERY`` seconds have passed, and goes with the steps after
    it too: which of them people are told of is not decided here.
    """
    last, shown = clock(), b""

    def watch(step: int, steps: int, previews: Callable[[], list[Image.Image]]) -> None:
        nonlocal last, shown
        if clock() - last >= PREVIEW_EVERY:
            pictures = previews()
            shown = encode_preview(pictures) if pictures else b""
            last = clock()
        report(step, steps, shown or None)

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
