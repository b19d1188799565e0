"""A worker as ``easel worker`` starts it, with a painter in the place of a model."""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from generation import worker
from generation.pictures.grid import compose
from generation.recipe import Recipe
from generation.runtime.render import Pictures
from generation.runtime.storing import keep
from storage.files import Files
from storage.queue.jobs import Keep, Report
from tests.haste import hasten
from tests.processes import become, run_module

STEPS = 4
PAUSE = 0.3
"""Seconds of a step: each of some workers has time to take a job of its own."""


def run_command(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path
) -> None:
    """What ``easel`` with these arguments does, in a forked process, for ``spawn``."""
    patch = pytest.MonkeyPatch()
    hasten(patch, pace=0.2)
    patch.setattr(os, "nice", lambda _: 0)
    # A side becomes its module: here without importing everything anew.
    patch.setattr(os, "execv", _become)
    patch.setattr(worker, "make_renderer", make_painter)
    patch.setattr(worker, "_load_first", lambda *_: "cpu")
    run_module("cli", environment, folder, log, *arguments)


def _become(_: str, command: Sequence[str]) -> None:
    module = command[-1]
    # Run anew, it would know of no painter.
    if module == worker.__name__:
        sys.exit(worker.start())
    become(module)


def make_painter(
    _engines: object,
    files: Files,
    *_: object,
    **_named: object,
) -> Callable[[dict[str, Any], Report], Keep]:
    """What the queue calls for every job: plain pictures, step by step."""

    def paint(data: dict[str, Any], report: Report) -> Keep:
        recipe = Recipe.from_json(data)
        for step in range(1, STEPS + 1):
            report(step, STEPS, None)
            time.sleep(PAUSE)
        size = recipe.size.width, recipe.size.height
        single = tuple(Image.new("RGB", size, (90 * k, 90, 90)) for k in range(len(recipe.noise)))
        grid = compose(single) if len(single) > 1 else None
        return partial(keep, Pictures(single, grid), recipe, files, report)

    return paint
