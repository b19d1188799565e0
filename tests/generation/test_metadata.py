import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from generation.derive import narrow
from generation.pictures.metadata import (
    CHUNK,
    encode_exif,
    encode_png,
    read_recipe,
    write_parameters,
)
from generation.recipe import SEED_LIMIT, Noise, Phrase, Recipe, Span, Start, VariationNoise
from tests.recipes import change, make

DOT = Image.new("RGB", (1, 1), "red")
APPLE = make(
    family="easel",
    model="tiny",
    prompt="a red apple",
    phrases=(Phrase(text="a red apple"),),
    width=192,
    height=128,
    noise=(Noise(seed=7),),
    steps=12,
    guidance=4.0,
    sampler="DPM++ 2M Karras",
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
SEEDS = st.integers(0, SEED_LIMIT - 1)
SHARES = st.floats(0, 1)
TURNS = st.builds(VariationNoise, seed=SEEDS, strength=SHARES)
NOISES = st.builds(Noise, seed=SEEDS, variations=st.lists(TURNS, max_size=3).map(tuple))
STARTS = st.builds(
    Start, image=st.text("0123456789abcdef", min_size=64, max_size=64), strength=st.floats(0.01, 1)
)
PHRASES = st.builds(Phrase, text=TEXT, weight=st.floats(-2, 2))
RECIPES = st.builds(
    make,
    family=TEXT,
    model=TEXT,
    prompt=TEXT,
    parameters=TEXT,
    phrases=st.lists(PHRASES, max_size=3).map(tuple),
    negative=TEXT,
    width=st.integers(1, 4096),
    height=st.integers(1, 4096),
    noise=st.lists(NOISES, min_size=1, max_size=4).map(tuple),
    steps=st.integers(1, 100),
    guidance=st.floats(0, 30),
    sampler=TEXT,
    start=st.none() | STARTS,
    upscale=st.integers(1, 4),
)


def webp(recipe: Recipe) -> bytes:
    buffer = io.BytesIO()
    DOT.save(buffer, "WEBP", exif=encode_exif(recipe))
    return buffer.getvalue()


def jpeg(recipe: Recipe) -> bytes:
    buffer = io.BytesIO()
    DOT.save(buffer, "JPEG", exif=encode_exif(recipe))
    return buffer.getvalue()


@given(RECIPES)
def test_a_png_gives_back_its_recipe(recipe: Recipe) -> None:
    assert read_recipe(encode_png(DOT, recipe)) == recipe


@given(RECIPES)
def test_other_formats_give_it_back_too(recipe: Recipe) -> None:
    assert read_recipe(webp(recipe)) == recipe
    assert read_recipe(jpeg(recipe)) == recipe


def test_one_picture_carries_its_own_recipe() -> None:
    grid = change(APPLE, noise=tuple(Noise(seed=seed) for seed in range(4)))
    assert read_recipe(encode_png(DOT, grid, index=2)) == narrow(grid, 2)


def test_equal_arguments_equal_bytes() -> None:
    made_by = {"Version": "Easel 0.1"}
    once, twice = (encode_png(DOT, APPLE, made_by=made_by) for _ in range(2))
    assert once == twice


def test_the_pixels_stay() -> None:
    image = Image.effect_noise((31, 17), 80).convert("RGB")
    with Image.open(io.BytesIO(encode_png(image, APPLE))) as read:
        assert read.tobytes() == image.tobytes()


def test_the_chunks_are_what_other_tools_look_for() -> None:
    with Image.open(io.BytesIO(encode_png(DOT, APPLE, made_by={"Model hash": "ab12"}))) as image:
        chunks = dict(image.info)
    assert json.loads(chunks[CHUNK]) == APPLE.to_json()
    assert chunks["parameters"] == (
        "a red apple\n"
        "Steps: 12, Sampler: DPM++ 2M Karras, CFG scale: 4, Seed: 7, Size: 192x128, Model: tiny, "
        "Model hash: ab12"
    )


def test_the_comment_of_other_formats_is_the_same_text() -> None:
    with Image.open(io.BytesIO(jpeg(APPLE))) as image:
        comment = image.getexif().get_ifd(0x8769)[0x9286]
    assert comment.removeprefix(b"UNICODE\0").decode("utf-16-be") == write_parameters(APPLE)


def test_settings_appear_when_they_apply() -> None:
    noise = Noise(
        seed=1,
        variations=(VariationNoise(seed=2, strength=0.5), VariationNoise(seed=3, strength=0.25)),
    )
    recipe = change(
        APPLE,
        negative="blur, text",
        start=Start(image="0" * 64, strength=0.65),
        noise=(noise, Noise(seed=4)),
        model="a, b",
    )
    assert write_parameters(recipe) == (
        "a red apple\n"
        "Negative prompt: blur, text\n"
        "Steps: 12, Sampler: DPM++ 2M Karras, CFG scale: 4, Seed: 1, Size: 192x128, "
        'Model: "a, b", Denoising strength: 0.65, Variation seed: 3, '
        "Variation seed strength: 0.25, Batch size: 2"
    )


def png_with(chunk: str, text: str) -> bytes:
    chunks = PngInfo()
    chunks.add_itxt(chunk, text)
    buffer = io.BytesIO()
    DOT.save(buffer, "PNG", pnginfo=chunks)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        encode_png(DOT, APPLE)[:200],
        png_with("other", "{}"),
        png_with(CHUNK, "no JSON"),
        png_with(CHUNK, "{}"),
        png_with(CHUNK, json.dumps({**APPLE.to_json(), "version": 99})),
        png_with(CHUNK, json.dumps({**APPLE.to_json(), "noise": []})),
        png_with(CHUNK, "[" * 100_000),
        png_with(CHUNK, " " * (2 * 1024 * 1024)),
    ],
    ids=[
        "empty",
        "text",
        "cut",
        "other",
        "no-json",
        "no-recipe",
        "version",
        "steps",
        "deep",
        "big",
    ],
)
def test_anything_else_holds_no_recipe(data: bytes) -> None:
    assert read_recipe(data) is None


def test_token_weights_are_told_of_what_is_unwanted() -> None:
    spans = (Span(start=0, end=3, weight=1.2),)
    recipe = change(APPLE, negative=Phrase(text="fog, rain", spans=spans, breaks=(5,)))
    assert "Negative prompt: (fog:1.2), BREAK rain\n" in write_parameters(recipe)
