"""Pictures made ready to leave: a number hidden in the pixels, then a signature over the file.

What is stored stays as it was drawn, so that hashes, edits and enlargements know nothing of marks
(docs/decisions/0017-marks.md).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Literal

import structlog
from PIL import Image

from generation.pictures.grid import Change, choose_layout, fit
from generation.provenance.identity import Identity
from generation.provenance.manifest import COMPOSITE, GENERATED, Claim, Ingredient, sign
from generation.provenance.stamping import StampingService
from generation.provenance.watermark import NUMBER_BITS, Layout, Watermark
from generation.recipe import Recipe

SHORT: Final = NUMBER_BITS // 4
"""Hexadecimal digits of a job's id that a picture carries."""

_SHARE: Final = 4
"""Statements of ingredients may take this part of the limit; beyond, they are named alone."""

FileKind = Literal["png", "webp", "jpeg"]
"""Formats in which pictures leave, which are also their files' extensions."""

Encode = Callable[[Change | None, int], tuple[bytes, FileKind]]
"""What is done to a picture's pixels first, and the largest file in bytes → the file, and its
format; raises ``ValueError`` where nothing fits."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What pictures are marked with.

    Attributes:
        identity: Signs; None where nothing is signed.
        watermark: Hides the number; None where none is hidden.
        timestamps: Address of a time-stamping service; empty for none.
        prompts: Where files tell the prompt: nowhere, in the recipe, or signed as well.
        stamping: What is known of that service.
    """

    identity: Identity | None = None
    watermark: Watermark | None = None
    timestamps: str = ""
    prompts: Literal["off", "recipe", "signed"] = "recipe"
    stamping: StampingService = field(default_factory=StampingService, compare=False)


def seal_picture(
    png: bytes,
    recipe: Recipe,
    job_id: str,
    limit: int,
    *,
    seal: Seal,
    grid: bool,
    ingredients: Sequence[Ingredient] = (),
) -> tuple[bytes, FileKind]:
    """A stored picture in a file that may leave, and the file's format.

    Args:
        png: The stored picture.
        recipe: What it was made from.
        job_id: Of its job.
        limit: Largest file, in bytes.
        seal: What it is marked with.
        grid: Whether it is the grid of all of the recipe's pictures.
        ingredients: What it was made from, beside words.

    Raises:
        ValueError: Not even one pixel fits.
    """
    return seal_file(
        lambda change, room: fit(png, recipe, room, change=change, tells=seal.prompts != "off"),
        recipe,
        job_id,
        limit,
        seal=seal,
        layout=choose_layout(len(recipe.noise)) if grid else (1, 1),
        ingredients=ingredients,
    )


def seal_file(
    encode: Encode,
    recipe: Recipe,
    job_id: str,
    limit: int,
    *,
    seal: Seal,
    layout: Layout = (1, 1),
    ingredients: Sequence[Ingredient] = (),
) -> tuple[bytes, FileKind]:
    """What was made of a recipe's pictures in a file that may leave, and the file's format.

    Args:
        encode: Writes the file.
        recipe: What they were made from.
        job_id: Of their job.
        limit: Largest file, in bytes.
        seal: What it is marked with.
        layout: Columns and rows of pictures, each of which bears the number.
        ingredients: What they were made from, beside words.

    Raises:
        ValueError: Nothing fits.
    """
    claim = _write_claim(recipe, job_id, seal, ingredients)
    if claim.room * _SHARE > limit:
        claim = _write_claim(recipe, job_id, seal, [_name_alone(one) for one in ingredients])
    change = None
    if seal.watermark:
        change = partial(_hide, seal.watermark, number=int(job_id[:SHORT], 16), layout=layout)
    # Where hardly anything may be sent, the picture comes before its signature.
    room = claim.room if seal.identity and claim.room * _SHARE <= limit else 0
    data, kind = encode(change, limit - room)
    if seal.identity is None or not room:
        return data, kind
    for timestamps in dict.fromkeys((seal.timestamps, "")):
        work = partial(sign, data, kind, claim, seal.identity, timestamps)
        try:
            signed = seal.stamping.use(work) if timestamps else work()
        except Exception as error:  # noqa: BLE001 - a picture without a signature beats none
            why = type(error).__name__
            _log.error("picture_not_signed", job=job_id, stamped=bool(timestamps), error=why)
        else:
            return (signed if len(signed) <= limit else data), kind
    return data, kind


def _hide(mark: Watermark, image: Image.Image, number: int, layout: Layout) -> Image.Image:
    """The picture with its number, or as it is where that cannot be done."""
    try:
        return mark.embed(image, number, layout)
    except Exception as error:  # noqa: BLE001 - a picture without a mark is better than none
        _log.error("picture_not_marked", number=f"{number:08x}", error=type(error).__name__)
        return image


def _write_claim(
    recipe: Recipe, job_id: str, seal: Seal, ingredients: Sequence[Ingredient]
) -> Claim:
    inputs = recipe.inputs
    return Claim(
        title=f"easel-{job_id[:SHORT]}",
        job=job_id[:SHORT],
        digest=recipe.digest,
        model=recipe.model,
        source=COMPOSITE if inputs.start or inputs.canvas or inputs.edit else GENERATED,
        prompt=recipe.prompt if seal.prompts == "signed" else "",
        ingredients=ingredients,
    )


def _name_alone(one: Ingredient) -> Ingredient:
    return Ingredient(label=one.label, title=one.title)
