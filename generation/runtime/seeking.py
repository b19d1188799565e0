"""Seeking: what a recipe looks for in a picture is found by what the settings name."""

from collections.abc import Callable
from functools import cache
from typing import Final

import structlog
import torch
from PIL import Image

from generation.catalogue.finder_names import find_eye, find_tracer, name_finder
from generation.conditioning.finders import (
    Finder,
    Frame,
    FramingFinder,
    load_finder,
    load_tracer,
)
from generation.pictures.figure import grow
from generation.recipe import Sought
from storage.queue.jobs import RenderError

SIDE: Final = 512
"""Longer side in pixels of a mask, as of one that people paint."""

_log = structlog.get_logger(__name__)

Seek = Callable[[Image.Image, Sought], Image.Image]
"""A picture and what is looked for in it → where it is, as a mask."""


def seek_nothing(_: Image.Image, sought: Sought) -> Image.Image:
    """Where there is nothing that finds things.

    Raises:
        RenderError: ``finder``, always.
    """
    _log.error("nothing finds things here; EASEL_FINDER names what would", wanted=sought.finder)
    raise RenderError("finder")


def make_seeker(setting: str, eye: str = "", frame: Frame | None = None) -> Seek:
    """What finds things by what ``EASEL_FINDER`` names, loaded when it is first needed.

    It computes on the CPU, beside whatever draws: a search takes some seconds, and no memory of a
    GPU; an eye goes where it looks at pictures. What is returned raises ``RenderError``: ``finder``
    where it is not what a recipe names or cannot be loaded, ``not_found`` where it does not see the
    thing.

    Args:
        setting: ``EASEL_FINDER``.
        eye: Name of the eye that frames things where the setting names nothing else; empty for
            none.
        frame: Has it do so.
    """
    here = name_finder(setting, eye if frame else "")
    load = cache(lambda: _load(here, frame))

    def seek(picture: Image.Image, sought: Sought) -> Image.Image:
        if not here or sought.finder != here:
            return seek_nothing(picture, sought)
        try:
            finder = load()
        except (OSError, ValueError) as error:
            _log.error("what EASEL_FINDER names cannot be loaded", error=str(error))
            raise RenderError("finder") from None
        return seek_with(finder, picture, sought)

    return seek


def _load(here: str, frame: Frame | None) -> Finder:
    device = torch.device("cpu")
    if frame is None or not find_eye(here):
        return load_finder(here, device)
    tracer = find_tracer(here)
    return FramingFinder(frame, load_tracer(tracer, device) if tracer else None)


def seek_with(finder: Finder, picture: Image.Image, sought: Sought) -> Image.Image:
    """Where a finder sees something, with a border around it, as a mask of at most ``SIDE`` pixels.

    Raises:
        RenderError: ``not_found`` if it does not see it.
    """
    found = finder.find(picture, sought.words)
    if found is None:
        raise RenderError("not_found")
    mask = found.copy()
    mask.thumbnail((SIDE, SIDE), Image.Resampling.NEAREST)
    return grow(mask, sought.border)
