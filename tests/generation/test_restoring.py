"""What an editor redrew beside its task is put back, and what it was told to do stays."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmarks.psnr import measure_psnr
from benchmarks.restoring import (
    LEAST_OVERLAP,
    LEAST_PSNR,
    Case,
    make_case,
    measure_overlap,
)
from generation.pictures import restoring
from generation.pictures.before_after import put_beside
from generation.pictures.metadata import encode_png
from generation.pictures.restoring import restore
from generation.recipe import Ingredient, Inputs, RecipeError
from generation.runtime.render import render
from generation.runtime.storing import keep
from generation.sampling.engine import Engine
from storage.queue.jobs import UNTOUCHED
from tests.generation.samples import SEEN, recipe_for, seen
from tests.photographs import ASTRONAUT, CHELSEA
from tests.recipes import change

SHOWN = next(iter(SEEN))
PLAIN = Image.new("RGB", (96, 64), (90, 140, 60))


def read(path: Any) -> Image.Image:
    with Image.open(path) as photograph:
        return photograph.convert("RGB").resize((320, 240))


@pytest.mark.parametrize("number", [1, 2, 9])
def test_the_edit_is_found_and_all_else_is_put_back(number: int) -> None:
    case: Case = make_case(number)
    made = restore(case.original, case.edited)
    assert measure_overlap(made.changed, case.changed) >= LEAST_OVERLAP
    assert measure_psnr(made.picture, case.original, ~case.changed) >= LEAST_PSNR
    same = (np.asarray(made.picture) == np.asarray(case.original)).all(-1)
    assert same.mean() >= made.untouched > 0.5


def test_another_picture_is_a_change_of_the_whole() -> None:
    original, other = read(ASTRONAUT.path), read(CHELSEA.path)
    made = restore(original, other)
    assert made.untouched == 0
    assert made.picture.tobytes() == other.tobytes()


def test_night_is_no_drift_of_colours() -> None:
    original = read(CHELSEA.path)
    night = original.point(lambda level: round(level * 0.35))
    made = restore(original, night)
    assert made.untouched == 0
    assert made.picture.tobytes() == night.tobytes()


def test_nothing_but_drift_gives_the_picture_back() -> None:
    original = read(CHELSEA.path)
    drifted = original.point(lambda level: min(255, round(level * 0.97 + 5)))
    made = restore(original, drifted)
    assert made.untouched == 1
    assert made.picture.tobytes() == original.tobytes()


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (19, 10), (64, 3)])
@pytest.mark.parametrize("other", [(1, 1), (38, 32)])
def test_pictures_of_any_size_make_one_as_large_as_the_first(
    size: tuple[int, int], other: tuple[int, int]
) -> None:
    chance = np.random.default_rng(7)
    one, two = (
        Image.fromarray(chance.integers(0, 256, (*sides[::-1], 3)).astype(np.uint8))
        for sides in (size, other)
    )
    made = restore(one, two)
    assert made.picture.size == size
    assert 0 <= made.untouched <= 1


def test_a_plain_picture_stays_itself() -> None:
    assert restore(PLAIN, PLAIN).picture.tobytes() == PLAIN.tobytes()


def test_a_recipe_has_it_done_and_tells_how_much_stayed(
    native: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = change(recipe_for(native, steps=1), edit=(Ingredient(image=SHOWN),), restored=True)
    given = []

    def put_back(original: Image.Image, edited: Image.Image) -> restoring.Restored:
        given.append((original.size, edited.size))
        return restoring.Restored(original, 0.75, np.zeros((1, 1), np.bool_))

    monkeypatch.setattr("generation.runtime.render.restore", put_back)
    stored: list[bytes] = []

    class Files:
        def put(self, data: bytes) -> str:
            stored.append(data)
            return "ab" * 32

    image = seen(SHOWN)

    def open_image(_: str) -> bytes:
        return encode_png(image, recipe)

    pictures = render(native, recipe, lambda *_: None, read=open_image, find=lambda _: None)
    assert given == [((64, 64), (64, 64))] * len(recipe.noise)
    assert pictures.untouched == (0.75,) * len(recipe.noise)
    told = keep(pictures, recipe, Files(), lambda *_: None)  # type: ignore[arg-type]
    assert told.answer == {UNTOUCHED: [0.75] * len(recipe.noise)}


def test_what_is_put_back_comes_from_one_image() -> None:
    for edit in ((), (Ingredient(image="ab"), Ingredient(image="cd"))):
        with pytest.raises(RecipeError):
            Inputs(edit=edit, restored=True)


@given(*[st.tuples(st.integers(1, 60), st.integers(1, 60))] * 2)
def test_before_and_after_stand_whole_beside_each_other(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    before, after = Image.new("RGB", one, "red"), Image.new("RGB", other, "blue")
    both = put_beside(before, after)
    assert both.height == after.height
    assert both.getpixel((0, 0)) == (255, 0, 0)
    assert both.crop((both.width - after.width, 0, *both.size)).tobytes() == after.tobytes()
    assert both.getpixel((both.width - after.width - 1, 0)) == (255, 255, 255)
