"""What was drawn, stored with its recipe inside; no GPU is needed for it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import stamina
from PIL import Image

from generation.derive import narrow
from generation.pictures.contact_sheet import compose_sheet
from generation.pictures.metadata import encode_png, write_png
from generation.recipe import Recipe
from generation.recipe.sheet import Sheet
from generation.runtime.render import Pictures
from storage.files import Files, FileStoreError
from storage.queue.jobs import UNTOUCHED, Made, Rendered, Report
from storage.queue.verdicts import Verdict

STORE_PATIENCE: Final = 120.0
"""Seconds for which a drawing waits for the picture store before its job is handed back."""


def keep(
    pictures: Pictures,
    recipe: Recipe,
    files: Files,
    report: Report,
    verdict: Verdict | None = None,
) -> Rendered:
    """Store pictures with their recipe inside, and say where, and what was judged of them.

    Raises:
        FileStoreError: They cannot be stored, for as long as is worth waiting.
    """
    store = partial(_store, files=files, report=partial(report, recipe.steps, recipe.steps, None))
    single = [
        store(image, encode_png(image, recipe, index=k), narrow(recipe, k).digest)
        for k, image in enumerate(pictures.single)
    ]
    told = {UNTOUCHED: list(pictures.untouched)} if pictures.untouched else None
    if pictures.grid is None:
        return Rendered(pictures=single, answer=told, verdict=verdict)
    grid = store(pictures.grid, encode_png(pictures.grid, recipe), recipe.digest)
    return Rendered(pictures=single, grid=grid, answer=told, verdict=verdict)


def keep_sheet(
    cells: Sequence[Image.Image],
    sheet: Sheet,
    files: Files,
    report: Report,
    verdict: Verdict | None = None,
) -> Rendered:
    """Store the pictures of a sheet, each with its own recipe inside, and the sheet as the grid.

    Raises:
        FileStoreError: They cannot be stored, for as long as is worth waiting.
    """
    store = partial(_store, files=files, report=partial(report, sheet.steps, sheet.steps, None))
    single = [
        store(image, encode_png(image, recipe, index=0), recipe.digest)
        for image, recipe in zip(cells, sheet.cells, strict=True)
    ]
    whole = compose_sheet(cells, sheet.columns, sheet.rows)
    grid = store(whole, write_png(whole, {}), sheet.digest)
    return Rendered(pictures=single, grid=grid, verdict=verdict)


def _store(
    image: Image.Image, data: bytes, digest: str, *, files: Files, report: Callable[[], None]
) -> Made:
    for attempt in stamina.retry_context(on=FileStoreError, attempts=None, timeout=STORE_PATIENCE):
        with attempt:
            if attempt.num > 1:
                # Whoever cancels the job need not wait for the store.
                report()
            sha256 = files.put(data)
    return Made(sha256=sha256, width=image.width, height=image.height, digest=digest)
