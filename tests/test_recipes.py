"""The pages of docs/recipes: their commands are ones, and their pictures are what these make."""

import importlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.recipes.__main__ import LONGEST, select_needed
from benchmarks.recipes.pages import (
    FOLDER,
    Block,
    Command,
    Edit,
    Press,
    Step,
    list_pages,
    read_blocks,
    read_step,
)
from benchmarks.recipes.session import Session, find_derivation, plan_edit
from prompt.flags.sources import PromptSource
from prompt.resolution.orders import read_orders

MOST = 3 * 2**20
"""Bytes of all files of the pages."""

NEAR = 6.0
"""Mean difference of a channel, of 255, between two processors and after WebP."""

DRAWN = ("photo-to-art-1", "ten-styles-2", "sketch-to-art-2")
"""Pictures that are drawn here, one of each way; drawing all takes minutes."""


def steps(page: Path) -> Iterator[Step]:
    for block in read_blocks(page):
        yield from block.steps


@pytest.mark.parametrize("page", list_pages(), ids=lambda page: page.stem)
def test_every_command_is_one(page: Path) -> None:
    for step in steps(page):
        match step:
            case Command():
                check_command(step)
            case Edit():
                planned = plan_edit(step)
                assert planned.exact or planned.drawn
            case Press():
                assert callable(find_derivation(step.label))


def check_command(step: Command) -> None:
    """The slash command has these options, and takes the prompt."""
    module = importlib.import_module(f"commands.{step.name}")
    known = {option.name for option in getattr(module, step.name)._params.values()}
    assert step.options.keys() <= known
    for name, value in step.options.items():
        assert name in {"prompt", "strength", "keep"} or (FOLDER / value).is_file()
    if step.name != "blend":
        source = PromptSource.IMG2IMG if step.name == "img2img" else PromptSource.IMAGINE
        assert read_orders(step.options["prompt"], source=source)


@pytest.mark.parametrize("line", ["hello", "/imagine a cat", "✏️ Edit picture 12: warmer"])
def test_what_is_no_command_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"is no command|behind no option"):
        read_step(line)


def test_what_is_no_button_is_refused() -> None:
    with pytest.raises(ValueError, match="is no button"):
        find_derivation("Draw everything")


def test_what_a_picture_goes_on_from_is_drawn_as_well() -> None:
    lines = ("/imagine prompt:a", "U2", "/imagine prompt:b", "✏️ Edit a.webp: warmer")
    first, second, alone, own = map(read_step, lines)
    shown = FOLDER / "a.webp"
    blocks = [
        Block((one,), picture)
        for one, picture in ((alone, None), (first, None), (second, shown), (alone, None))
    ]
    assert select_needed(blocks) == blocks[1:3]
    # An image of one's own goes on from nothing.
    assert select_needed([Block((alone,), None), Block((own,), shown)]) == [Block((own,), shown)]


def test_every_picture_is_shown_and_all_are_small() -> None:
    shown = set(FOLDER.glob("*.webp"))
    for page in FOLDER.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        linked = {page.parent / name for name in re.findall(r"\]\(([\w/.-]+)\)", text)}
        assert all(path.exists() for path in linked), page
        shown |= {path for path in linked if path.suffix == ".webp"}
    files = set(FOLDER.rglob("*.webp"))
    assert files == shown, "pictures that no page shows"
    assert sum(path.stat().st_size for path in files) <= MOST


def test_every_page_is_listed_and_tells_both_settings() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    for page in list_pages():
        assert f"({page.name})" in index
        text = page.read_text(encoding="utf-8")
        assert "SDXL" in text
        assert "FLUX.2 klein" in text


@pytest.mark.parametrize("name", DRAWN)
def test_the_commands_make_the_pictures(name: str, tmp_path: Path) -> None:
    page = FOLDER / f"{name.rpartition('-')[0]}.md"
    shown = FOLDER / "pictures" / f"{name}.webp"
    blocks = read_blocks(page)
    alone = [one if one.picture == shown else replace(one, picture=None) for one in blocks]
    session = Session(tmp_path)
    *_, made = (session.run(block).convert("RGB") for block in select_needed(alone))
    made.thumbnail((LONGEST, LONGEST))
    with Image.open(shown) as kept:
        assert kept.size == made.size
        there = np.asarray(kept.convert("RGB"), np.float32)
    assert np.abs(np.asarray(made, np.float32) - there).mean() <= NEAR
