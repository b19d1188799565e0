"""Rendering: a recipe and a loaded family become finished pictures."""

import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import structlog
from PIL import Image, ImageChops, ImageOps

from generation.catalogue.card import Capability, Card
from generation.catalogue.families import compute_shown_size
from generation.derive import drop_finishing, drop_upscale, narrow
from generation.pictures.canvas import Init, InpaintCanvas, frame, join
from generation.pictures.detail import bring_out
from generation.pictures.grid import compose
from generation.pictures.restoring import restore
from generation.pictures.retouch import retouch
from generation.pictures.tiling import enlarge_seamless
from generation.recipe import Edges, Recipe, Start, share_of_steps
from generation.runtime.seeking import Seek, seek_nothing
from generation.sampling.engine import Drawer, Watch
from generation.sampling.ladder import climb, list_ways, release
from storage.files import MissingFileError
from storage.queue.jobs import NO_MODEL, RenderError, Report

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
        untouched: Of pictures that change a part of another one, the share of that one's pixels
            that each kept, from 0 to 1; 0 where it changed as a whole.
    """

    single: tuple[Image.Image, ...]
    grid: Image.Image | None
    untouched: tuple[float, ...] = ()


def render(
    engine: Drawer,
    recipe: Recipe,
    report: Report,
    *,
    read: Read,
    find: Find,
    seek: Seek = seek_nothing,
) -> Pictures:
    """Everything that a recipe makes.

    Args:
        engine: The loaded family.
        recipe: What to make.
        report: Called with the progress; whatever it raises ends the rendering.
        read: Finds the image to start from, and stored pictures.
        find: Finds pictures made earlier, so that enlarging one need not make it again.
        seek: Finds things in pictures.

    Raises:
        RenderError: ``model`` if the recipe is another model's or needs image adapters or
            ControlNets that are not loaded, ``missing_image`` if an image that it starts from,
            looks at or keeps to is gone, ``lora`` if one of its LoRAs is gone or does not fit,
            ``out_of_memory`` if even one picture at a time is too much, ``no_picture`` if what was
            computed is none, ``upscaler`` if what enlarges it is gone or of no use, ``finder`` if
            what is to find a thing is not here, ``not_found`` if that does not see it.
    """
    if made := find_made(recipe, read, find):
        return finish(engine, made, recipe, report)
    drawn = _draw_plain(engine, drop_finishing(recipe), report, read, seek)
    plain = [retouch(picture, recipe.finishing.retouch) for picture in drawn.single]
    return replace(finish(engine, plain, recipe, report), untouched=drawn.untouched)


def find_made(recipe: Recipe, read: Read, find: Find) -> list[Image.Image] | None:
    """The pictures that the recipe enlarges or retouches, if all of them are still there.

    They are retouched already; None for a recipe that does neither.

    Args:
        recipe: What to make.
        read: Finds stored pictures.
        find: Finds pictures made earlier.
    """
    finishing = recipe.finishing
    if finishing.upscale > 1 and (small := _find_stored(drop_upscale(recipe), read, find)):
        return small
    if finishing.retouch and (bare := _find_stored(drop_finishing(recipe), read, find)):
        return [retouch(picture, finishing.retouch) for picture in bare]
    return None


def _find_stored(recipe: Recipe, read: Read, find: Find) -> list[Image.Image] | None:
    # Pictures are stored under the digest of their own recipe alone, whichever job drew them.
    found = [find(narrow(recipe, k).digest) for k in range(len(recipe.noise))]
    try:
        return [_open(read(sha256)) for sha256 in found if sha256] if all(found) else None
    except MissingFileError:
        return None


def finish(
    engine: Drawer, plain: Sequence[Image.Image], recipe: Recipe, report: Report
) -> Pictures:
    """Pictures as large as the recipe wants them; any engine can do that.

    Args:
        engine: For its upscaler.
        plain: The pictures as they were drawn.
        recipe: What to make.
        report: Called with the progress; whatever it raises ends the rendering.

    Raises:
        RenderError: ``upscaler`` if what enlarges them is gone or of no use, ``out_of_memory`` if
            that is too much.
    """
    single = tuple(_enlarge(engine, picture, recipe, report) for picture in plain)
    return Pictures(single, compose(single) if len(single) > 1 else None)


def _draw_plain(engine: Drawer, recipe: Recipe, report: Report, read: Read, seek: Seek) -> Pictures:
    """The pictures as they are drawn, each alone."""
    if recipe.family != engine.card.id:
        raise RenderError(NO_MODEL)
    # A recipe may have waited while the models that are served changed.
    if _list_needs(recipe) - engine.card.capabilities:
        raise RenderError(NO_MODEL)
    if recipe.conditions.structure is not None and recipe.conditions.structure.shown:
        engine.look(recipe, lambda sha256: _read_image(sha256, read))
        return Pictures((_resize_by(engine.map(recipe), engine.card.enlarge, tile=False),), None)
    start = _read_init(recipe, read, engine.card.enlarge, seek)
    if recipe.inputs.gives_back and isinstance(start, Image.Image):
        unchanged = _add_detail(_give_back(start, recipe, engine.card), recipe)
        return Pictures((unchanged,) * len(recipe.noise), None)
    # LoRAs before the text is read: some change the text encoder as well.
    engine.apply_loras(recipe.conditions.loras)
    report(0, recipe.steps, None)

    def look(attempt: Drawer) -> None:
        attempt.look(recipe, lambda sha256: _read_image(sha256, read))

    drawn = draw_refined(engine, recipe, start, pace(report), look)
    drawn = engine.enlarge(drawn, recipe)
    drawn = [_add_detail(picture, recipe) for picture in drawn]
    if isinstance(start, InpaintCanvas):
        joined = tuple(join(start, picture) for picture in drawn)
        return Pictures(joined, None, _share_kept(recipe, start) * len(joined))
    if recipe.inputs.restored:
        original = _read_image(recipe.inputs.edit[0].image, read)
        found = [restore(_fit_to(original, picture.size), picture) for picture in drawn]
        pictures = tuple(one.picture for one in found)
        return Pictures(pictures, None, tuple(one.untouched for one in found))
    return Pictures(tuple(drawn), None)


def _share_kept(recipe: Recipe, canvas: InpaintCanvas) -> tuple[float, ...]:
    """The share that stays of a picture of which a part is drawn anew; () for what goes around."""
    inner = recipe.inputs.canvas
    if inner is None or inner.edges != Edges():
        return ()
    return (canvas.kept.histogram()[255] / (canvas.kept.width * canvas.kept.height),)


def _fit_to(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)


def _give_back(image: Image.Image, recipe: Recipe, card: Card) -> Image.Image:
    """An image as it is, or cut and scaled where another shape than its own was asked for."""
    if card.size(*image.size) == (recipe.size.width, recipe.size.height):
        return image
    return ImageOps.fit(image, compute_shown_size(recipe), Image.Resampling.LANCZOS)


def draw_refined(
    engine: Drawer,
    recipe: Recipe,
    start: Init,
    watch: Watch,
    look: Callable[[Drawer], None] = lambda _: None,
) -> list[Image.Image]:
    """What the recipe draws, and if it is to be refined, each picture once more, twice as large.

    ``look`` has an engine see what the recipe takes from images.
    """
    draw = partial(_draw, look=look)
    if not recipe.size.refinement:
        return draw(engine, recipe, start, watch)
    count, steps = len(recipe.noise), share_of_steps(recipe.sampling.steps, recipe.size.refinement)
    total = recipe.steps + count * steps

    def count_from(before: int) -> Watch:
        return lambda step, _, previews: watch(before + step, total, previews)

    drawn = draw(engine, recipe, start, count_from(0))
    # Twice the size is four times the pixels, so refining goes picture by picture.
    alone = engine.alone()
    return [
        draw(alone, second, larger, count_from(recipe.steps + k * steps))[0]
        for k, small in enumerate(drawn)
        for second, larger in [_plan_refinement(recipe, k, small)]
    ]


def _plan_refinement(recipe: Recipe, index: int, small: Image.Image) -> tuple[Recipe, Image.Image]:
    """The recipe of picture ``index``'s second drawing, and its init image."""
    larger = _resize_by(small, recipe.size.times, tile=recipe.sampling.seamless)
    strength = recipe.size.refinement
    steps = share_of_steps(recipe.sampling.steps, strength)
    # Without structure: the picture has it by now, and the map is of the smaller size.
    second = replace(
        narrow(recipe, index),
        size=replace(recipe.size, width=larger.width, height=larger.height, refinement=0.0),
        sampling=replace(recipe.sampling, steps=steps),
        # Its steps are counted already.
        inputs=replace(recipe.inputs, start=Start(image="", strength=strength), shortened=False),
        conditions=replace(recipe.conditions, structure=None),
    )
    return second, larger


def _add_detail(picture: Image.Image, recipe: Recipe) -> Image.Image:
    detail = recipe.finishing.detail
    out = partial(bring_out, amount=detail)
    return enlarge_seamless(picture, out) if recipe.sampling.seamless and detail else out(picture)


def _list_needs(recipe: Recipe) -> set[Capability]:
    """The capabilities that a family needs for a recipe's inputs, structure and finish."""
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


def _read_init(recipe: Recipe, read: Read, enlarged: int, seek: Seek) -> Init:
    """What denoising starts from: an init image, or a canvas in the size that is shown."""
    if recipe.inputs.canvas is not None:
        canvas = recipe.inputs.canvas
        size = recipe.size.width * enlarged, recipe.size.height * enlarged
        mask = _read_image(canvas.mask, read) if canvas.mask else None
        picture = _read_image(canvas.image, read)
        found = seek(picture, canvas.sought) if canvas.sought else None
        if mask is not None and found is not None:
            found = ImageChops.lighter(mask.convert("L").resize(found.size), found)
        return frame(canvas, picture, size, found or mask)
    return None if recipe.inputs.start is None else _read_image(recipe.inputs.start.image, read)


def _read_image(sha256: str, read: Read) -> Image.Image:
    try:
        return _open(read(sha256))
    except MissingFileError:
        raise RenderError("missing_image") from None


def _draw(
    engine: Drawer, recipe: Recipe, start: Init, watch: Watch, look: Callable[[Drawer], None]
) -> list[Image.Image]:
    """All pictures at once if they fit into memory, else with less and less of it."""

    def draw(attempt: Drawer) -> list[Image.Image]:
        look(attempt)
        return attempt.draw(recipe, start, watch)

    try:
        return climb(engine, ("draw", recipe.size, len(recipe.noise)), list_ways(engine), draw)
    finally:
        release(engine.device)


def _open(png: bytes) -> Image.Image:
    # Only what the bot stored itself is read here, so no other decoder needs to see any bytes.
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        return image.convert("RGB")


def _enlarge(engine: Drawer, picture: Image.Image, recipe: Recipe, report: Report) -> Image.Image:
    """A finished picture enlarged by what the recipe names, or by a resampling filter."""
    factor, spandrel = recipe.finishing.upscale, engine.upscalers.spandrel
    if recipe.finishing.upscaler is None or factor == 1:
        return _resize_by(picture, factor, tile=recipe.sampling.seamless)
    if spandrel is None or spandrel.known != recipe.finishing.upscaler:
        raise RenderError("upscaler")
    larger = partial(spandrel.enlarge, factor=factor, done=lambda done, of: report(done, of, None))
    try:
        return enlarge_seamless(picture, larger) if recipe.sampling.seamless else larger(picture)
    except MemoryError:
        # The upscaler has no ladder of its own: other models go, and then it is tried once more.
        if engine.evict():
            return _enlarge(engine, picture, recipe, report)
        raise RenderError("out_of_memory") from None
    except ValueError as error:
        _log.error("the upscaler cannot be used", error=str(error))
        raise RenderError("upscaler") from None
    finally:
        release(engine.device)


def _resize_by(picture: Image.Image, factor: int, *, tile: bool) -> Image.Image:
    if factor == 1:
        return picture
    larger = partial(_resample, factor=factor)
    return enlarge_seamless(picture, larger) if tile else larger(picture)


def _resample(picture: Image.Image, factor: int) -> Image.Image:
    size = (picture.width * factor, picture.height * factor)
    return picture.resize(size, Image.Resampling.LANCZOS)


def pace(report: Report, clock: Callable[[], float] = time.monotonic) -> Watch:
    """A watch that reports every step, so that a cancellation is felt within one.

    A preview is drawn whenever ``PREVIEW_EVERY`` seconds have passed, and goes with the steps after
    it too: the queue decides which of them are shown.
    """
    last, shown = clock(), b""

    def watch(step: int, steps: int, previews: Callable[[], list[Image.Image]]) -> None:
        nonlocal last, shown
        if clock() - last >= PREVIEW_EVERY:
            pictures = previews()
            shown = encode_preview(pictures) if pictures else b""
            # Counted from its end, so that slow previews never take every other moment.
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
        # By libwebp's quickest method, since each preview is soon replaced.
        shown.save(buffer, "WEBP", quality=quality, method=0)
        data = buffer.getvalue()
        if len(data) <= PREVIEW_LIMIT:
            break
    return data
