"""Recipes inside picture files.

A PNG carries its recipe twice: as JSON in an ``easel`` chunk, from which the picture can be made
again, and as the ``parameters`` text that tools of the AUTOMATIC1111 family read. Other formats
carry both in EXIF, where those tools look as well (UserComment).
"""

import io
import json
from collections.abc import Mapping
from typing import Final

from PIL import Image, PngImagePlugin

from generation.derive import narrow
from generation.recipe import Phrase, Recipe

CHUNK: Final = "easel"
"""Keyword of the PNG chunk that holds the recipe as JSON."""

_PARAMETERS: Final = "parameters"
_FORMATS: Final = ("PNG", "WEBP", "JPEG")
_DESCRIPTION_TAG: Final = 0x010E
_EXIF_IFD: Final = 0x8769
_COMMENT_TAG: Final = 0x9286


def encode_png(
    image: Image.Image,
    recipe: Recipe,
    *,
    index: int | None = None,
    made_by: Mapping[str, str] | None = None,
) -> bytes:
    """The image as PNG with its recipe inside; equal arguments give equal bytes.

    Args:
        image: A picture of the recipe, or the grid of all of them.
        recipe: What it was made from.
        index: Which of the recipe's pictures it is, counted from 0; None for the grid.
        made_by: What else decided the pixels, for people to read, such as the model's hash and
            the versions of libraries: name to value, in the ``parameters`` text only.
    """
    # Of that picture alone, so that whoever has the file can make it without the grid.
    own = recipe if index is None else narrow(recipe, index)
    texts = {CHUNK: _write_json(own), _PARAMETERS: write_parameters(own, made_by)}
    return write_png(image, texts)


def write_png(image: Image.Image, texts: Mapping[str, str]) -> bytes:
    """The image as PNG with texts inside, by their keywords."""
    chunks = PngImagePlugin.PngInfo()
    for keyword, text in texts.items():
        # International text is UTF-8; a plain text chunk would be Latin-1.
        chunks.add_itxt(keyword, text)
    buffer = io.BytesIO()
    # The fastest: a job ends with up to five of these, and drawn pixels hardly shrink further.
    image.save(buffer, "PNG", compress_level=1, pnginfo=chunks)
    return buffer.getvalue()


def read_texts(image: Image.Image) -> dict[str, str]:
    """What an opened PNG of ours tells of how it was made, by keyword."""
    texts = ((keyword, image.info.get(keyword)) for keyword in (CHUNK, _PARAMETERS))
    return {keyword: str(text) for keyword, text in texts if isinstance(text, str)}


def encode_exif(recipe: Recipe, made_by: Mapping[str, str] | None = None) -> bytes:
    """The same for formats without text chunks, as an EXIF block."""
    tags = Image.Exif()
    tags[_DESCRIPTION_TAG] = _write_json(recipe)
    comment = write_parameters(recipe, made_by).encode("utf-16-be")
    # How EXIF marks UTF-16; tools of that family write and read it with the high byte first.
    tags.get_ifd(_EXIF_IFD)[_COMMENT_TAG] = b"UNICODE\0" + comment
    return tags.tobytes()


def read_recipe(data: bytes) -> Recipe | None:
    """The recipe inside a PNG, WebP or JPEG; None if it holds none that is understood.

    It raises nothing, whatever the bytes. A PNG without the chunk is decoded as a whole, so a
    stranger's file has to be held against limits first.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            # For EXIF Pillow decodes a PNG, where it may come behind the pixels.
            text = image.info.get(CHUNK) or image.getexif().get(_DESCRIPTION_TAG)
        return Recipe.from_json(json.loads(text)) if isinstance(text, str) else None
    except Exception:  # noqa: BLE001 - a stranger's file makes Pillow and json raise almost anything
        return None


def write_parameters(recipe: Recipe, made_by: Mapping[str, str] | None = None) -> str:
    """The recipe as AUTOMATIC1111 writes it: prompt, negative prompt, one line of settings."""
    settings = {**_list_settings(recipe), **(made_by or {})}
    lines = [recipe.prompt]
    if recipe.conditions.negative.text:
        lines.append(f"Negative prompt: {_write_weights(recipe.conditions.negative)}")
    lines.append(", ".join(f"{name}: {_quote(value)}" for name, value in settings.items()))
    # PNG allows no NUL in a text.
    return "\n".join(lines).replace("\0", " ")


def _write_weights(phrase: Phrase) -> str:
    """A phrase with its token weights, as ``(word:1.2)``."""
    chunks = []
    for chunk in phrase.chunks:
        words = (text if weight == 1 else f"({text}:{weight:.10g})" for text, weight in chunk)
        chunks.append("".join(words).strip())
    return " BREAK ".join(chunks)


def _list_settings(recipe: Recipe) -> dict[str, str]:
    first, sampling, finishing = recipe.noise[0], recipe.sampling, recipe.finishing
    settings = {
        "Steps": str(sampling.steps),
        "Sampler": sampling.sampler,
        "CFG scale": f"{sampling.guidance:g}",
        "Seed": str(first.seed),
        "Size": f"{recipe.size.width}x{recipe.size.height}",
        "Model": recipe.model,
    }
    if recipe.inputs.start:
        settings["Denoising strength"] = f"{recipe.inputs.start.strength:g}"
    if finishing.upscale > 1:
        settings["Hires upscaler"] = finishing.upscaler.name if finishing.upscaler else "Lanczos"
        settings["Hires upscale"] = str(finishing.upscale)
    if recipe.conditions.loras:
        settings["Lora hashes"] = ", ".join(
            f"{one.name}: {one.version}" for one in recipe.conditions.loras
        )
    if first.variations:
        settings["Variation seed"] = str(first.variations[-1].seed)
        settings["Variation seed strength"] = f"{first.variations[-1].strength:g}"
    if len(recipe.noise) > 1:
        settings["Batch size"] = str(len(recipe.noise))
    return settings


def _quote(value: str) -> str:
    # As AUTOMATIC1111 does, which takes the line apart at commas and colons.
    return json.dumps(value) if any(mark in value for mark in ",:\n") else value


def _write_json(recipe: Recipe) -> str:
    return json.dumps(recipe.to_json(), separators=(",", ":"))
