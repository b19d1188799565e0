"""A drawing becomes finished pictures, and everything that goes wrong on the way is said."""

import io
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from playground import Interaction, Message
from tests.journeys.studio import Studio, opened, recipe_of, result

QUICK = "--steps 4 --seed 7 --batch 1"


def png(image: Image.Image) -> bytes:
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def drawing(place: str = "left") -> bytes:
    """A circle in pen on paper, on one side of it."""
    left = 40 if place == "left" else 240
    paper = Image.new("RGB", (480, 480), "white")
    ImageDraw.Draw(paper).ellipse((left, 140, left + 200, 340), outline="black", width=8)
    return png(paper)


async def sketch(
    studio: Studio, prompt: str, drawn: bytes, person: str = "mira", **options: Any
) -> Interaction:
    return await studio.playground.command(
        person,
        "sketch",
        {"prompt": f"{prompt} {QUICK}", **options},
        files={"drawing": ("drawing.png", drawn)},
    )


async def pixels(studio: Studio, message: Message) -> np.ndarray:
    return np.asarray(await opened(studio.playground, message), float)


def middle(picture: np.ndarray) -> float:
    """How far from the left the middle of what stands out lies, from 0 to 1."""
    away = np.abs(picture - np.median(picture[:8], axis=(0, 1))).max(axis=2) > 40
    return float(np.nonzero(away)[1].mean() / away.shape[1])


async def test_a_drawing_says_where_things_are(studio: Studio) -> None:
    left = await result(await sketch(studio, "a red ball", drawing("left")))
    right = await result(await sketch(studio, "a red ball", drawing("right")))
    recipe = await recipe_of(studio, left)
    assert recipe.conditions.structure is not None
    assert (recipe.conditions.structure.kind, recipe.conditions.structure.scale) == ("scribble", 1)
    assert recipe.inputs.start is None
    assert "scribble at scale 1" in left.content
    places = [middle(await pixels(studio, message)) for message in (left, right)]
    assert places[0] < 0.45 < 0.55 < places[1]


async def test_the_control_map_is_shown_on_request(studio: Studio) -> None:
    message = await result(await sketch(studio, "a ball", drawing(), strength=1.5))
    assert "Control map" in message.buttons
    shown = await result(await studio.playground.press("otto", message, label="Control map"))
    assert "Control map for" in shown.content
    assert list(shown.buttons) == ["Recipe"]
    pixels = np.asarray((await opened(studio.playground, shown)).convert("L"))
    assert pixels.max() > 200
    assert (pixels < 40).mean() > 0.8, "white lines on black"
    recipe = await recipe_of(studio, shown)
    assert recipe.conditions.structure is not None
    assert recipe.conditions.structure.scale == 1.5
