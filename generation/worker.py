"""The worker: a process that takes jobs from the queue and makes their pictures."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import structlog
import torch
from PIL import Image

from generation.cards import BUNDLED, Card, UnknownFamilyError, model_name, source
from generation.controlnets import UnknownStructureError
from generation.cooking import Find, Pictures, cook
from generation.derive import narrow
from generation.equipment import card_here, upscaler_file
from generation.families import ModelError, load
from generation.families.diffusion import Engine
from generation.learned import Learned
from generation.metadata import encode_png
from generation.recipe import Recipe
from generation.sources import SourceError
from storage import queries
from storage.connect import open_engine
from storage.engine import DatabaseNotReadyError, WorkerNameTakenError, serve
from storage.files import Files
from storage.jobs import Cooked, Made, Report
from storage.logs import set_up_logs
from storage.settings import Settings, SettingsError, load_settings
from storage.signals import stop_event

NICENESS: Final = 5
"""How far a worker on the CPU steps back for the bot beside it."""

FAULTS: Final = (
    DatabaseNotReadyError,
    ModelError,
    SettingsError,
    SourceError,
    UnknownFamilyError,
    UnknownStructureError,
    WorkerNameTakenError,
)
"""What an admin can mend: its text is one sentence, and that is all they see."""

_log = structlog.get_logger(__name__)


def choose_device(name: str) -> torch.device:
    """The device that a setting names; ``auto`` takes the fastest kind there is."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def load_engine(settings: Settings) -> Engine:
    """Load the model that the settings name, the bundled one if they name none.

    Raises:
        UnknownFamilyError: Its family is unknown.
        SourceError: What lies beside it cannot be read.
        ModelError: It cannot be loaded.
    """
    card, device = card_here(settings), choose_device(settings.device)
    engine = load(
        card,
        source(settings.model, card) if settings.model else str(BUNDLED),
        device,
        settings.adapters,
        settings.preview,
        controlnets=settings.controlnets,
        estimators=settings.estimators,
    )
    return replace(engine, learned=_learned(settings, card, device))


def _learned(settings: Settings, card: Card, device: torch.device) -> Learned | None:
    source = upscaler_file(settings.upscaler)
    if source is None or card.upscaler is None:
        return None
    try:
        return Learned(card.upscaler, source.find(), device)
    except OSError as error:
        raise ModelError("the file of EASEL_UPSCALER cannot be found where it is said to be") from (
            error
        )


def make(recipe: Recipe, settings: Settings, report: Report) -> Pictures:
    """What a recipe makes, without queue and database; the image to start from is in the files.

    Raises:
        UnknownFamilyError: The settings' model is of an unknown family.
        ModelError: It cannot be loaded.
        CookingError: The recipe cannot be made.
    """
    files = Files.of(settings)
    engine = load_engine(settings)
    return cook(engine, recipe, report, read=files.get, find=lambda _: None)


def cook_with(
    engine: Engine, files: Files, find: Find
) -> Callable[[dict[str, Any], Report], Cooked]:
    """The function that the queue calls for every job."""

    def serve_one(data: dict[str, Any], report: Report) -> Cooked:
        recipe = Recipe.from_json(data)
        return keep(cook(engine, recipe, report, read=files.get, find=find), recipe, files)

    return serve_one


def keep(pictures: Pictures, recipe: Recipe, files: Files) -> Cooked:
    """Store pictures with their recipe inside, and say where."""

    def stored(image: Image.Image, index: int | None, digest: str) -> Made:
        sha256 = files.put(encode_png(image, recipe, index=index))
        return Made(sha256=sha256, width=image.width, height=image.height, digest=digest)

    single = [stored(image, k, narrow(recipe, k).digest) for k, image in enumerate(pictures.single)]
    grid = None if pictures.grid is None else stored(pictures.grid, None, recipe.digest)
    return Cooked(pictures=single, grid=grid)


def main(settings: Settings) -> None:
    """Take jobs and make their pictures until SIGTERM or SIGINT; blocks.

    Raises:
        UnknownFamilyError: The model's family is unknown.
        ModelError: The model cannot be loaded.
        WorkerNameTakenError: Another live worker goes by this one's name.
    """
    stop = stop_event()
    engine = load_engine(settings)
    device = str(engine.pipe.device)
    if device == "cpu":
        os.nice(NICENESS)
    model = model_name(settings.model, engine.card)
    _log.info("model loaded", model=model, family=engine.card.id, device=device)
    database = open_engine(settings.database)

    def find(digest: str) -> str | None:
        with database.connect() as connection:
            image = queries.image_with_digest(connection, digest)
        return image.sha256 if image else None

    try:
        make_job = cook_with(engine, Files.of(settings), find)
        serve(settings, make_job, model=model, device=device, stop=stop)
    finally:
        database.dispose()


def start() -> int:
    """Runs the worker; the exit code."""
    try:
        settings = load_settings()
        set_up_logs(settings)
        main(settings)
    except FAULTS as error:
        _log.error(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(start())
