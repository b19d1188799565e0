"""Compiling: a denoiser's repeated blocks as kernels of their own, made before the first job."""

import os
from pathlib import Path
from typing import Final

import structlog

from generation.derive import GRID, narrow
from generation.families.model_error import ModelError
from generation.runtime.render import draw_refined
from generation.runtime.trial import compose_recipe
from generation.sampling.engine import Drawer, Engine

CACHE: Final = "TORCHINDUCTOR_CACHE_DIR"
"""Variable that says where PyTorch keeps what it has compiled."""

_log = structlog.get_logger(__name__)


def keep_compiled(folder: Path) -> None:
    """Keep what is compiled from now on in a folder, so that it survives a restart."""
    os.environ.setdefault(CACHE, str(folder.resolve()))


def compile_blocks(engine: Drawer, backend: str = "inductor") -> None:
    """Compile a model's repeated blocks, and draw until the kernels for its usual sizes are there.

    Blocks alone, since they are alike and compiled once for all: in a fraction of the time that
    the whole would take, and nearly as quick afterwards (PyTorch's recipe of regional compilation).

    Args:
        engine: The model; a guide-driven one has no such blocks, and stays as it is.
        backend: PyTorch's compiler.

    Raises:
        ModelError: It cannot be compiled here.
    """
    if not isinstance(engine, Engine):
        return
    grid = compose_recipe(engine.card, engine.card.called, steps=2)
    try:
        engine.denoiser.compile_repeated_blocks(backend=backend)
        # Kernels are made for a number of pictures: for one, and for as many as go together.
        for count in sorted({1, min(GRID, engine.batching.size)}):
            drawn = narrow(grid, 0) if count == 1 else grid
            # By the ladder, as jobs are: a grid that finds no memory is drawn one at a time.
            draw_refined(engine, drawn, None, lambda *_: None)
    # Compilers fail in many ways, and none of them is anything that a job could mend.
    except Exception as error:
        _log.error("cannot compile", model=engine.card.called, error=str(error)[:200])
        raise ModelError(
            f"{engine.card.title} cannot be compiled here; take EASEL_COMPILE=on away"
        ) from error
