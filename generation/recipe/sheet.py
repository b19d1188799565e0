"""A sheet: one picture for each value of one or two dials, kept as JSON in a recipe's place."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from generation.recipe.recipe import Recipe
from generation.recipe.values import RecipeError

VERSION: Final = 1
"""The version of the format that is known here."""

MOST_CELLS: Final = 25
"""Pictures on a sheet at most: a Discord menu offers so many."""

_KEY: Final = "sheet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Pictures that differ in one or two things alone.

    Attributes:
        typed: The prompt with its choices in braces, for people to read.
        columns: What is changed from left to right, as its labels.
        rows: The same from top to bottom; empty where one thing alone is changed.
        cells: The recipe of each picture, row by row; each makes one.
    """

    typed: str
    columns: tuple[str, ...]
    rows: tuple[str, ...] = ()
    cells: tuple[Recipe, ...]

    def __post_init__(self) -> None:
        if len(self.cells) != len(self.columns) * max(1, len(self.rows)):
            raise RecipeError("a sheet has a cell for each row of each column")
        if not 0 < len(self.cells) <= MOST_CELLS:
            raise RecipeError(f"a sheet has up to {MOST_CELLS} cells")
        if any(len(cell.noise) != 1 for cell in self.cells):
            raise RecipeError("each cell of a sheet is one picture")

    @property
    def labels(self) -> tuple[str, ...]:
        """What tells each cell from the others, row by row."""
        if not self.rows:
            return self.columns
        return tuple(f"{column} · {row}" for row in self.rows for column in self.columns)

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal of what decides the pixels of its pictures and their labels."""
        parts = (*self.columns, "", *self.rows, "", *(cell.digest for cell in self.cells))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    @property
    def steps(self) -> int:
        """Denoising steps of all its pictures."""
        return sum(cell.steps for cell in self.cells)

    @property
    def pixels(self) -> int:
        """Pixels of all its pictures, as they are made."""
        return sum(cell.pixels for cell in self.cells)

    def to_json(self) -> dict[str, object]:
        """The sheet as JSON-ready data."""
        return {
            _KEY: VERSION,
            "prompt": self.typed,
            "columns": list(self.columns),
            "rows": list(self.rows),
            "cells": [cell.to_json() for cell in self.cells],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> "Sheet":
        """The sheet that ``to_json`` wrote.

        Raises:
            RecipeError: It is none of a known version.
        """
        match data:
            case {
                "sheet": 1,
                "prompt": str(typed),
                "columns": [*columns],
                "rows": [*rows],
                "cells": [*cells],
            }:
                return cls(
                    typed=typed,
                    columns=tuple(map(str, columns)),
                    rows=tuple(map(str, rows)),
                    cells=tuple(map(Recipe.from_json, cells)),
                )
        raise RecipeError("this is not a sheet of a known version")


def read_recipes(data: Mapping[str, object]) -> tuple[Recipe, ...]:
    """The recipe that a job keeps, or those of its sheet's pictures.

    Raises:
        RecipeError: It is neither, of a known version.
    """
    return Sheet.from_json(data).cells if is_sheet(data) else (Recipe.from_json(data),)


def is_sheet(data: Mapping[str, object]) -> bool:
    """Whether what a job keeps is a sheet rather than a recipe."""
    return _KEY in data
