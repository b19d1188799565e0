"""What is measured of golden pictures, and that nothing is said where a measure is not clear."""

import io
import time
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageDraw, ImageFilter

from generation.oklab import to_oklab
from generation.questions.colours import NAMES, name_colours
from generation.questions.measures import SWATCHES, Measures, has_lattice, measure
from tests.photographs import PHOTOGRAPHS

SIDE = 256


def disc(
    colour: str, ground: str, at: tuple[float, float] = (0.5, 0.5), radius: float = 0.3
) -> Image.Image:
    picture = Image.new("RGB", (SIDE * 2, SIDE * 2), ground)
    x, y, r = at[0] * 2 * SIDE, at[1] * 2 * SIDE, radius * 2 * SIDE
    ImageDraw.Draw(picture).ellipse((x - r, y - r, x + r, y + r), fill=colour)
    return picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def gradient(first: str, second: str) -> Image.Image:
    ends = Image.new("RGB", (2, 1))
    ends.putpixel((0, 0), Image.new("RGB", (1, 1), first).getpixel((0, 0)) or 0)
    ends.putpixel((1, 0), Image.new("RGB", (1, 1), second).getpixel((0, 0)) or 0)
    return ends.resize((SIDE, SIDE), Image.Resampling.BILINEAR)


def sprite(cells: int = 16, scale: int = 12) -> Image.Image:
    """Pixel art: few colours on a lattice."""
    rows = np.random.default_rng(4).integers(0, 5, (cells, cells))
    colours = np.array([[20, 20, 40], [220, 40, 40], [250, 220, 60], [60, 180, 90], [255] * 3])
    return Image.fromarray(colours[rows].astype(np.uint8).repeat(scale, 0).repeat(scale, 1))


def noise() -> Image.Image:
    levels = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    return Image.fromarray(levels)


def names(measures: Measures) -> list[str]:
    return [swatch.name for swatch in measures.palette]


@pytest.mark.parametrize("name", NAMES)
def test_each_colour_goes_by_its_own_name(name: str) -> None:
    pixel = np.frombuffer(bytes.fromhex(NAMES[name]), np.uint8)
    assert name_colours(to_oklab(pixel)[None]) == [name]


def test_a_red_disc_on_white() -> None:
    said = measure(disc("#d0202a", "white"))
    assert names(said) == ["white", "red"]
    assert said.palette[1].share == pytest.approx(0.28, abs=0.02)
    assert (said.ground, said.placement, said.key) == ("white", "centred", "high")
    assert (said.chroma, said.warmth, said.symmetrical) == ("vivid", "warm", True)
    assert (said.width, said.height, said.lattice) == (SIDE, SIDE, False)


@pytest.mark.parametrize(
    ("at", "placement"),
    [((0.25, 0.5), "left"), ((0.75, 0.5), "right"), ((0.5, 0.25), "top"), ((0.5, 0.75), "bottom")],
)
def test_where_a_figure_stands(at: tuple[float, float], placement: str) -> None:
    said = measure(disc("navy", "#e3d5bb", at, 0.15))
    assert (said.ground, said.placement) == ("beige", placement)


def test_a_dark_cool_picture() -> None:
    said = measure(gradient("#050a20", "#1d3a80"))
    assert (said.key, said.warmth, said.ground) == ("low", "cool", "")
    assert {"navy"} <= set(names(said)) <= {"navy", "black", "blue", "indigo", "slate"}


def test_black_and_white() -> None:
    said = measure(gradient("black", "white"))
    assert (said.chroma, said.contrast, said.warmth) == ("colourless", "strong", "")


def test_nothing_is_said_of_what_is_not_clear() -> None:
    said = measure(noise())
    assert (said.key, said.ground, said.placement, said.symmetrical) == ("", "", "", False)
    # A surface of one colour is no ground of anything, and mirrors nothing.
    plain = measure(Image.new("RGB", (SIDE, SIDE), "teal"))
    assert (plain.ground, plain.placement, plain.symmetrical) == ("", "", False)
    assert names(plain) == ["teal"]


def land(grass: str, sky: str, hill: tuple[int, int]) -> Image.Image:
    """A sky over a meadow with a hill, which rises from one side to the other."""
    picture = Image.new("RGB", (SIDE, SIDE), sky)
    left, right = hill
    ends = [(0, left), (SIDE, right), (SIDE, SIDE), (0, SIDE)]
    ImageDraw.Draw(picture).polygon(ends, fill=grass)
    return picture


def test_a_sky_over_a_field_is_brighter_above_and_mirrors_nothing() -> None:
    said = measure(land("#4a5a2a", "#dfe6ee", (150, 110)))
    assert (said.brightest, said.symmetrical) == ("top", False)
    assert measure(land("#4a5a2a", "#dfe6ee", (420, -160))).brightest == "left"
    assert measure(land("#777777", "#808080", (140, 130))).brightest == ""
    # Before a plain ground it is the figure that is bright or dark.
    assert measure(disc("black", "white", (0.5, 0.2), 0.2)).brightest == ""


@pytest.mark.parametrize(
    ("picture", "warmth"),
    [
        (land("#6a8a3a", "#7a9a4a", (150, 110)), ""),
        (land("#c8762a", "#e0b080", (150, 110)), "warm"),
        (land("#2a4a8a", "#90b8e0", (150, 110)), "cool"),
        # A little brown beside much grey is no warmth of the whole.
        (land("#8a8a8a", "#909090", (150, 110)), ""),
    ],
)
def test_grass_is_neither_warm_nor_cool(picture: Image.Image, warmth: str) -> None:
    assert measure(picture).warmth == warmth


def test_one_strong_colour_is_not_muted() -> None:
    grey = land("#7c7a78", "#8a8886", (150, 110))
    assert measure(grey).chroma in {"muted", "colourless"}
    ImageDraw.Draw(grey).rectangle((40, 150, 110, 220), fill="#2060d0")
    assert measure(grey).chroma == ""


def test_the_lattice_of_pixel_art() -> None:
    assert has_lattice(sprite())
    assert has_lattice(sprite(24, 3))


def saved(picture: Image.Image, kind: str) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, kind, quality=90)
    return Image.open(buffer).convert("RGB")


@pytest.mark.parametrize(
    "picture",
    [
        noise(),
        disc("red", "white"),
        Image.new("RGB", (64, 64), "white"),
        sprite().resize((200, 200), Image.Resampling.BILINEAR),
        sprite().filter(ImageFilter.BoxBlur(1)),
        # A chess board has a lattice, and so few cells that anything could.
        sprite(8, 30),
        # A photograph in large squares is no pixel art: nobody chose its colours.
        noise().resize((32, 32), Image.Resampling.BOX).resize((256, 256), Image.Resampling.NEAREST),
    ],
)
def test_no_lattice(picture: Image.Image) -> None:
    assert not has_lattice(picture)


def test_a_lattice_is_lost_with_jpeg_rather_than_guessed() -> None:
    assert not has_lattice(saved(sprite(), "JPEG"))
    assert has_lattice(saved(sprite(), "PNG"))


def test_photographs_have_no_lattice_and_a_palette() -> None:
    for photograph in PHOTOGRAPHS:
        with Image.open(photograph.path) as image:
            image.thumbnail((640, 640))
            said = measure(image)
        assert not said.lattice, photograph.file
        assert 1 <= len(said.palette) <= SWATCHES
        assert sum(swatch.share for swatch in said.palette) <= 1.001


GOLDEN = {
    "astronaut.png": ("", "strong", "warm", "", "", ["silver", "terracotta", "black"]),
    "coffee.png": ("", "", "warm", "", "", ["rust", "terracotta", "tan"]),
    "chelsea.png": ("", "", "warm", "", "", ["brown", "tan", "terracotta"]),
    "rocket.jpg": ("", "soft", "cool", "", "", ["navy", "slate", "charcoal"]),
    "hubble_deep_field.jpg": ("low", "soft", "", "muted", "", ["black", "charcoal"]),
    "camera.png": ("", "", "", "colourless", "", ["grey", "silver", "charcoal"]),
    "page.png": ("", "", "", "colourless", "", ["silver", "white", "grey"]),
    "horse.png": ("", "strong", "", "colourless", "white", ["white", "black"]),
    "retina.jpg": ("", "", "warm", "", "", ["terracotta", "black", "coral"]),
}
"""Of pictures of scikit-image key, contrast, warmth, strength of colours, ground, first colours."""


@pytest.mark.parametrize("file", GOLDEN)
def test_golden_pictures_have_the_measured_values(file: str) -> None:
    with Image.open(Path(skimage.data.__file__).parent / file) as image:
        said = measure(image)
    *measured, colours = GOLDEN[file]
    assert [said.key, said.contrast, said.warmth, said.chroma, said.ground] == measured
    assert names(said)[:3] == colours
    assert not said.lattice


def test_it_is_quick_and_says_the_same_again() -> None:
    picture = noise().resize((2048, 1365))
    began = time.process_time()
    first = measure(picture)
    assert time.process_time() - began < 2
    assert measure(picture) == first


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (3, 2)])
def test_the_smallest_pictures(size: tuple[int, int]) -> None:
    said = measure(Image.new("RGB", size, "orange"))
    assert (said.width, said.height) == size
    assert names(said) == ["orange"]
