"""The worker: a process that takes jobs from the queue and makes their pictures."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from math import inf
from threading import Thread
from typing import Any, Final

import structlog
import torch
from PIL import Image

from faults import HostError
from generation.answering.answer import BLIND, answer
from generation.answering.looking import Sight, choose_sight
from generation.catalogue.card import Card
from generation.catalogue.extras import find_upscaler_file, select_beside, select_entries
from generation.catalogue.memory_plans import MemoryPlanError, plan_ahead, read_room
from generation.catalogue.served import (
    Models,
    ServedModel,
    choose_usual,
    find_model_of,
    list_served,
)
from generation.families.load import load_any
from generation.families.model_error import ModelError
from generation.questions.question import EYES, FRAMERS, SPEAKERS, is_question
from generation.recipe import Recipe
from generation.recipe.layout import is_newer
from generation.recipe.sheet import Sheet, is_sheet
from generation.runtime.classifying import PictureJudge, open_judge
from generation.runtime.compiling import compile_blocks, keep_compiled
from generation.runtime.pool import Engines
from generation.runtime.render import Find, Pictures, find_made, finish, render
from generation.runtime.seeking import Seek, make_seeker, seek_nothing
from generation.runtime.sheets import draw_cells
from generation.runtime.storing import keep, keep_sheet
from generation.sampling.engine import Drawer
from generation.tensors.device_faults import (
    answers,
    is_device_fault,
    read_device,
    require_device,
)
from generation.tensors.memory import find_room, measure_free
from generation.upscaling.spandrel_upscaler import SpandrelUpscaler
from storage import meters
from storage.database.connect import open_engine
from storage.files import Files, FileStoreError
from storage.logs import set_up_logs
from storage.monitoring.worker_watch import watch_worker
from storage.queue import queries
from storage.queue.jobs import (
    DeviceFaultError,
    Keep,
    Render,
    Rendered,
    RenderError,
    Report,
    UnknownJobError,
)
from storage.queue.order import ModelName
from storage.queue.presence import Memory, Sighting
from storage.queue.verdicts import Verdict
from storage.queue.worker import FAULTS, note_fault, read_past, rest, serve
from storage.settings import Settings, load_settings
from storage.signals import RESTART, stop_event
from storage.sweep import keep_swept

NICENESS: Final = 5
"""How far a worker on the CPU steps back for the bot beside it."""

_log = structlog.get_logger(__name__)


def choose_device(name: str) -> torch.device:
    """The device that a setting names; ``auto`` takes the fastest kind there is."""
    if name != "auto":
        return read_device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def load_engine(settings: Settings, one: ServedModel | None = None) -> Drawer:
    """Load one of the models that the settings name; the usual one where none is given.

    Raises:
        UnknownFamilyError: A family is unknown.
        ServedError: The further models cannot be read.
        SourceError: Its LoRAs or the upscaler cannot be read.
        ModelError: It cannot be loaded.
        MissingDeviceError: There is nothing to compute on.
    """
    first, device = choose_usual(list_served(settings)), choose_device(settings.device)
    require_device(device)
    one, began = one or first, time.monotonic()
    family = one.card.id
    engine = load_any(
        one.card,
        one.source,
        device,
        select_beside(settings.adapters, one.card),
        # A decoder that is named for no family is the usual model's: others have other latents.
        select_entries(settings.preview, family, unnamed=family == first.card.id),
        controlnets=select_beside(settings.controlnets, one.card),
        estimators=settings.estimators,
        exact=settings.exact,
        room=find_room(device, settings.memory),
    )
    if settings.compile and device.type == "cuda":
        # Here, so that a worker is ready only when it is warm.
        keep_compiled(settings.data / "compiled")
        compile_blocks(engine)
    meters.LOAD_SECONDS.observe(time.monotonic() - began, model=one.card.called)
    return engine.with_spandrel(_find_upscaler(settings, one.card, device))


def estimate_needs(settings: Settings, device: torch.device, card: Card) -> float:
    """GiB that a model takes on a GPU by its plan; all that there is where it does not fit."""
    room = find_room(device, settings.memory)
    try:
        return plan_ahead(card, settings, room).needs
    except MemoryPlanError:
        # Loading it says why, with all others gone.
        return room.memory


def _find_upscaler(settings: Settings, card: Card, device: torch.device) -> SpandrelUpscaler | None:
    source = find_upscaler_file(settings.upscaler)
    if source is None or card.upscaler is None:
        return None
    try:
        return SpandrelUpscaler(card.upscaler, source.find(), device)
    except OSError as error:
        raise ModelError("the file of EASEL_UPSCALER cannot be found where it is said to be") from (
            error
        )


def make(recipe: Recipe, settings: Settings, report: Report) -> Pictures:
    """What a recipe makes, without queue and database; the image to start from is in the files.

    Raises:
        UnknownFamilyError: The settings' model is of an unknown family.
        ModelError: It cannot be loaded.
        RenderError: The recipe cannot be made.
    """
    files, models = Files.of(settings), list_served(settings)
    engine = load_engine(settings, find_model_of(models, recipe) or choose_usual(models))
    seek = make_seeker(settings.finder)
    return render(engine, recipe, report, read=files.get, find=lambda _: None, seek=seek)


def open_engines(settings: Settings, device: torch.device, models: Models) -> Engines:
    """What draws by the settings, nothing of it loaded yet."""
    needs = partial(estimate_needs, settings, device) if device.type == "cuda" else None
    # Where the setting is a number, it holds for all models together.
    room = partial(measure_free, device, read_room(inf, settings.memory).memory)
    return Engines(models, partial(load_engine, settings), device, room, needs)


def open_sight(settings: Settings, device: torch.device, models: Models) -> Sight:
    """What looks at pictures by the settings, not loaded yet.

    Raises:
        EyesError: ``EASEL_EYES`` names nothing that sees.
    """
    room = find_room(device, settings.memory)
    return choose_sight(settings, models, device, room)


def open_seeker(settings: Settings, sight: Sight, engines: Engines | Drawer) -> Seek:
    """What finds things in pictures by the settings: what they name, or the eye."""
    if not sight.frames:
        return make_seeker(settings.finder)
    return make_seeker(settings.finder, sight.name, partial(sight.frame, engines=engines))


def make_renderer(
    engines: Engines | Drawer,
    files: Files,
    find: Find,
    seek: Seek = seek_nothing,
    sight: Sight = BLIND,
    *,
    judge: PictureJudge | None = None,
) -> Callable[[dict[str, Any], Report], Keep]:
    """The function that the queue calls for every job, with one model or one of several.

    It draws, and gives what encodes and stores the pictures, while the device draws the next. It
    raises UnknownJobError for recipes of a newer release.
    """

    def serve_one(data: dict[str, Any], report: Report) -> Keep:
        if is_question(data):
            told = answer(data, engines, report, files.get, sight)
            return lambda: told
        # Nothing of a picture leaves before it was judged, not even what it seems to become.
        report = judge.hide(report) if judge else report
        if is_sheet(data):
            sheet = Sheet.from_json(data)
            cells = draw_cells(sheet, draw, report, serves)
            return partial(keep_sheet, cells, sheet, files, report, look(cells))
        if is_newer(data):
            raise UnknownJobError
        recipe = Recipe.from_json(data)
        pictures = draw(recipe, report)
        return partial(keep, pictures, recipe, files, report, look(pictures.single))

    def look(pictures: Sequence[Image.Image]) -> Verdict | None:
        return judge.judge(pictures) if judge else None

    def serves(recipe: Recipe) -> bool:
        if isinstance(engines, Engines):
            return engines.serves(recipe)
        return recipe.family == engines.card.id

    def draw(recipe: Recipe, report: Report) -> Pictures:
        if not isinstance(engines, Engines):
            return render(engines, recipe, report, read=files.get, find=find, seek=seek)
        # Enlarging pictures that are stored needs no model of theirs; whichever is loaded will do.
        if (before := find_made(recipe, files.get, find)) and (latest := engines.latest):
            return finish(latest, before, recipe, report)
        engine = engines.get_for(recipe, report)
        return render(engine, recipe, report, read=files.get, find=find, seek=seek)

    return serve_one


def watch_device(make_job: Render, device: torch.device) -> Render:
    """The function that the queue calls, which tells a fault of the device from a job's own.

    What it returns raises DeviceFaultError where ``device`` has failed.
    """

    def watched(data: dict[str, Any], report: Report) -> Rendered | Keep:
        try:
            return make_job(data, report)
        except (FileStoreError, UnknownJobError):
            raise
        except Exception as error:
            # What a job lacks is known by name already; the device has no part in it.
            asked = torch.device("cpu") if isinstance(error, RenderError) else device
            if not is_device_fault(error, asked):
                raise
            raise DeviceFaultError(str(device)) from error

    return watched


def main(settings: Settings) -> None:
    """Take jobs and make their pictures until SIGTERM or SIGINT; blocks.

    Raises:
        UnknownFamilyError: A model's family is unknown.
        ServedError: The further models cannot be read.
        EyesError: ``EASEL_EYES`` names nothing that sees.
        ClassifierError: ``EASEL_CLASSIFIER`` names nothing that is here.
        ModelError: The usual model cannot be loaded, or what judges pictures.
        WorkerNameTakenError: Another live worker goes by this one's name.
        DeviceFaultError: What it computes on has failed; a new process may find it in order.
    """
    stop, models = stop_event(), list_served(settings)
    model = ", ".join(one.model for one in models.values())
    past, wanted = read_past(settings), choose_device(settings.device)
    if past and past.faults >= FAULTS:
        rest(settings, model=model, device=past.device, stop=stop)
        if stop.is_set():
            return
        raise DeviceFaultError(past.device)
    engines = open_engines(settings, wanted, models)
    device = _load_first(engines, choose_usual(models), settings, past)
    sight = open_sight(settings, wanted, models)
    judge = open_judge(settings.classifier, settings.classifier_limit, wanted)
    if device == "cpu":
        # Drawing takes every core, and the bot beside it has to answer Discord within 3 seconds.
        os.nice(NICENESS)
    # No connection is held open while pictures are drawn, nor while there are none to draw.
    database = open_engine(settings.database, pooled=False)

    def find(digest: str) -> str | None:
        with database.connect() as connection:
            image = queries.find_picture(connection, digest)
        return image.sha256 if image else None

    try:
        Thread(target=keep_swept, args=[settings, stop], name="sweep", daemon=True).start()
        seek = open_seeker(settings, sight, engines)
        make_job = watch_device(
            make_renderer(engines, Files.of(settings), find, seek, sight, judge=judge), wanted
        )
        serve(
            settings,
            make_job,
            model=model,
            device=device,
            stop=stop,
            serves=name_models(models.values()) | name_sight(sight) | name_speaker(models),
            holds=lambda: name_models(models[name] for name in engines.loaded),
            measure=partial(read_memory, torch.device(device)),
        )
    finally:
        database.dispose()


def _load_first(
    engines: Engines, usual: ServedModel, settings: Settings, past: Sighting | None
) -> str:
    """Load the usual model before the first job, so that no job has to say that it cannot be had.

    Returns:
        The device that it computes on.

    Raises:
        ModelError: It cannot be loaded.
        DeviceFaultError: The device has failed; that is counted.
    """
    wanted = choose_device(settings.device)
    try:
        # A GPU that is off the bus is not seen at all, and nobody asked for a CPU in its place.
        if past and past.faults and (str(wanted) == "cpu" != past.device or not answers(wanted)):
            raise DeviceFaultError(past.device)
        return str(engines.get(usual).device)
    except (DeviceFaultError, ModelError, RuntimeError) as error:
        # Only one that has failed before is asked: where there never was a GPU, a setting is wrong.
        asked = wanted if past and past.faults else torch.device("cpu")
        if not (isinstance(error, DeviceFaultError) or is_device_fault(error, asked)):
            raise
        device = past.device if past else str(wanted)
        note_fault(settings, model=usual.model, device=device)
        raise DeviceFaultError(device) from error


def name_models(models: Iterable[ServedModel]) -> frozenset[ModelName]:
    """Models as the queue names them."""
    return frozenset(ModelName(one.card.id, one.model) for one in models)


def name_sight(sight: Sight) -> frozenset[ModelName]:
    """What looks at pictures, as the queue names it; nothing where the judge alone does."""
    families = (EYES, FRAMERS) if sight.frames else (EYES,)
    return frozenset(ModelName(one, sight.name) for one in families if sight.name)


def name_speaker(models: Models) -> frozenset[ModelName]:
    """The usual model where it can be asked for words, as the queue names it."""
    usual = choose_usual(models)
    return frozenset({ModelName(SPEAKERS, usual.model)} if usual.card.speaks else ())


def read_memory(device: torch.device) -> Memory | None:
    """How full a GPU's memory is; None of a device whose memory is the machine's."""
    if device.type != "cuda":
        return None
    try:
        free, whole = torch.cuda.mem_get_info(device)
    # A GPU that has failed is told of by the job that it failed at.
    except RuntimeError:
        return None
    return Memory(whole - free, whole)


def measure_memory(device: torch.device) -> None:
    """Notes how full the GPU's memory is, once a model uses it."""
    # Asked of one that no model uses, it would be taken in use.
    if device.type == "cuda" and (allocated := torch.cuda.memory_allocated(device)):
        free, whole = torch.cuda.mem_get_info(device)
        meters.GPU_BYTES.set(allocated, which="allocated")
        meters.GPU_BYTES.set(free, which="free")
        meters.GPU_BYTES.set(whole, which="all")


def start() -> int:
    """Runs the worker; the exit code."""
    try:
        settings = load_settings()
        set_up_logs(settings)
        with watch_worker(settings, partial(measure_memory, choose_device(settings.device))):
            main(settings)
    except DeviceFaultError as error:
        _log.error(str(error), cause=str(error.__cause__ or "").partition("\n")[0])
        return RESTART
    # What the host can mend is one sentence; anything else is a fault, and keeps its traceback.
    except HostError as error:
        _log.error(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(start())
