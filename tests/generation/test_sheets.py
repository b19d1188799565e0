"""Sheets: kept as JSON, drawn cell by cell, composed with their labels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from generation.derive import reroll
from generation.pictures.contact_sheet import LONGEST_SIDE, compose_sheet, mark_labels
from generation.pictures.metadata import read_recipe
from generation.recipe import Recipe, RecipeError
from generation.recipe.sheet import Sheet, is_sheet
from generation.runtime.render import Pictures
from generation.runtime.sheets import draw_cells
from generation.runtime.storing import keep_sheet
from generation.sampling.engine import Engine
from storage.files import Files
from storage.queue.jobs import RenderError, Report
from tests.generation.samples import APPLE, never, quiet, rendering

CELLS = tuple(reroll(APPLE, seed) for seed in range(6))
SHEET = Sheet(typed="a {b, c, d}", columns=("b", "c", "d"), rows=("1", "2"), cells=CELLS)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "images")


def test_a_sheet_is_read_as_it_was_written() -> None:
    data = SHEET.to_json()
    assert is_sheet(data)
    assert not is_sheet(APPLE.to_json())
    assert Sheet.from_json(data) == SHEET
    assert SHEET.labels == ("b · 1", "c · 1", "d · 1", "b · 2", "c · 2", "d · 2")


@pytest.mark.parametrize(
    "change",
    [
        {"columns": ["b", "c"]},
        {"cells": []},
        {"sheet": 2},
        {"rows": None},
        {"cells": [{"version": 1}] * 6},
    ],
)
def test_what_is_no_sheet_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(RecipeError):
        Sheet.from_json(SHEET.to_json() | change)


def test_models_are_drawn_with_in_a_row_and_pictures_stay_in_their_places() -> None:
    other = replace(APPLE, model="other")
    cells = tuple(replace(CELLS[k], model=("easel-1", "other")[k % 2]) for k in range(4))
    sheet = Sheet(typed="", columns=("a", "b", "c", "d"), cells=cells)
    drawn: list[Recipe] = []
    told: list[tuple[int, int]] = []

    def draw(recipe: Recipe, report: Report) -> Pictures:
        drawn.append(recipe)
        report(recipe.steps, recipe.steps, None)
        return Pictures((Image.new("RGB", (8, 8), (recipe.noise[0].seed, 0, 0)),), None)

    pictures = draw_cells(
        sheet, draw, lambda step, steps, _: told.append((step, steps)), lambda _: True
    )
    assert [recipe.model for recipe in drawn] == ["easel-1", "easel-1", other.model, other.model]
    assert [picture.getpixel((0, 0)) for picture in pictures] == [(k, 0, 0) for k in range(4)]
    assert told == [(APPLE.steps * k, sheet.steps) for k in range(1, 5)]


def test_nothing_is_drawn_where_one_of_its_models_is_not_served() -> None:
    with pytest.raises(RenderError, match="model"):
        draw_cells(SHEET, lambda *_: pytest.fail("drawn"), quiet, lambda one: one != CELLS[5])


def test_each_picture_is_stored_with_its_own_recipe_and_the_sheet_beside_them(files: Files) -> None:
    pictures = [Image.new("RGB", (64, 64), (k, 0, 0)) for k in range(6)]
    made = keep_sheet(pictures, SHEET, files, quiet)
    assert [one.digest for one in made.pictures] == [cell.digest for cell in CELLS]
    assert [read_recipe(files.get(one.sha256)) for one in made.pictures] == list(CELLS)
    assert made.grid is not None
    assert made.grid.width > 3 * 64
    assert made.grid.digest == SHEET.digest


def test_a_cell_is_what_its_recipe_draws_alone(easel: Engine, files: Files) -> None:
    job = rendering(easel, files, never)
    sheet = Sheet(typed="", columns=("a", "b"), cells=CELLS[:2])
    together, alone = job(sheet.to_json(), quiet), job(CELLS[1].to_json(), quiet)
    assert together.pictures[1] == alone.pictures[0]
    assert together.pictures[0] != alone.pictures[0]


def is_picture(sheet: Image.Image, colour: tuple[int, int, int]) -> np.ndarray:
    found: np.ndarray = (np.asarray(sheet) == colour).all(axis=2)
    return found


@given(
    st.integers(1, 5),
    st.integers(0, 5),
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
)
def test_every_picture_is_whole_and_in_reading_order(
    columns: int, rows: int, size: tuple[int, int]
) -> None:
    count = columns * max(1, rows)
    colours = [(10 + 9 * k, 200 - 5 * k, 90) for k in range(count)]
    pictures = [Image.new("RGB", size, colour) for colour in colours]
    sheet = compose_sheet(pictures, [f"c{k}" for k in range(columns)], ["r"] * rows)
    places = []
    for colour in colours:
        down, across = np.nonzero(is_picture(sheet, colour))
        assert (int(np.ptp(across)) + 1, int(np.ptp(down)) + 1) == size
        places.append((down.min(), across.min()))
    assert places == sorted(places)


def test_a_sheet_is_never_larger_than_it_may_be() -> None:
    pictures = [Image.new("RGB", (1024, 2048))] * 10
    assert max(compose_sheet(pictures, ["x"] * 10).size) < LONGEST_SIDE + 600
    with pytest.raises(ValueError, match="each cell"):
        compose_sheet(pictures, ["x"] * 3)


def test_labels_that_cannot_be_drawn_are_lettered() -> None:
    assert mark_labels(["--iw 1", "oil"], letters=True) == ("--iw 1", "oil")
    assert mark_labels(["снег", "oil"], letters=True) == ("A", "B")
    assert mark_labels(["a" * 40, "oil"], letters=False) == ("1", "2")
