"""Draws the pictures of docs/recipes from the commands that stand in its pages.

``python -m benchmarks.recipes [PAGE…]`` draws those of the pages that are named, such as
``objects``, or of all; each takes some seconds on one core.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PIL import Image

from benchmarks.recipes.pages import Block, Command, Edit, list_pages, read_blocks
from benchmarks.recipes.session import Session

LONGEST: Final = 512
"""Longest side of a picture in the pages, in pixels."""


def main() -> None:
    """Draw the pages' pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", help="names of pages without .md; all if left out")
    wanted = parser.parse_args().pages
    with tempfile.TemporaryDirectory() as folder:
        for page in list_pages():
            if wanted and page.stem not in wanted:
                continue
            began, session = time.monotonic(), Session(Path(folder))
            for block in select_needed(read_blocks(page)):
                picture = session.run(block)
                if block.picture:
                    save(picture, block.picture)
            print(f"{page.stem}: {time.monotonic() - began:.1f} s")


def select_needed(blocks: Sequence[Block]) -> list[Block]:
    """Those that are shown, and those that one of these goes on from."""
    needed, goes_on = list[Block](), False
    for block in reversed(blocks):
        if block.picture or goes_on:
            needed.append(block)
            first = block.steps[0]
            begins = isinstance(first, Command) or (isinstance(first, Edit) and bool(first.image))
            goes_on = not begins
    return needed[::-1]


def save(picture: Image.Image, path: Path) -> None:
    """Writes a picture small enough for a page."""
    shown = picture.convert("RGB")
    shown.thumbnail((LONGEST, LONGEST))
    path.parent.mkdir(exist_ok=True)
    shown.save(path, "WEBP", quality=80, method=6)


if __name__ == "__main__":
    main()
