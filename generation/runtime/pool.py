"""Engines: the models of one worker, each loaded at its first job and kept while there is room.

A model is loaded where the device has the memory that its plan takes, or that its card states; till
it has, the one out of use longest is released. Both are estimates, so a lack of memory that shows
later, in loading or in drawing, has all others released before anything else is tried.
"""

import gc
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import structlog
import torch

from generation.catalogue.card import Card
from generation.catalogue.served import Models, ServedModel, find_model_of
from generation.families.load import choose_precision
from generation.families.model_error import ModelError
from generation.recipe import Recipe
from generation.sampling.engine import Drawer
from generation.sampling.parallel import share_cores
from generation.tensors.memory import is_out_of_memory, measure_free
from storage.queue.jobs import NO_MODEL, RenderError, Report

_log = structlog.get_logger(__name__)


class Engines:
    """Loaded models, the one out of use longest first.

    Args:
        models: What may be loaded.
        load: Loads one; raises ``ModelError``.
        device: Where they compute.
        room: GiB that are free there now; measured if not given.
        needs: GiB that a model takes there; as its card states if not given.
    """

    def __init__(
        self,
        models: Models,
        load: Callable[[ServedModel], Drawer],
        device: torch.device,
        room: Callable[[], float] | None = None,
        needs: Callable[[Card], float] | None = None,
    ) -> None:
        self._models, self._load, self._device = models, load, device
        self._room = room or partial(measure_free, device)
        self._needs = needs or partial(estimate_memory, device=device)
        self._loaded: OrderedDict[str, Drawer] = OrderedDict()

    @property
    def loaded(self) -> tuple[str, ...]:
        """Names of those that are loaded, the one used last at the end."""
        return tuple(self._loaded)

    @property
    def latest(self) -> Drawer | None:
        """The engine used last, for what needs no drawing; None if none is loaded."""
        return next(reversed(self._loaded.values()), None)

    def serves(self, recipe: Recipe) -> bool:
        """Whether the model that a recipe is for is among them."""
        return find_model_of(self._models, recipe) is not None

    def get_for(self, recipe: Recipe, report: Report) -> Drawer:
        """The engine that makes a recipe.

        Args:
            recipe: What is to be made.
            report: Called with step 0 of 0 where the model has to be loaded first.

        Raises:
            RenderError: ``model`` if it is not served here, or cannot be loaded.
        """
        one = find_model_of(self._models, recipe)
        if one is None:
            raise RenderError(NO_MODEL)
        if one.card.called not in self._loaded:
            report(0, 0, None)
        try:
            return self.get(one)
        # The job fails, not the worker: its other models still draw.
        except (ModelError, RuntimeError, MemoryError) as error:
            _log.error("the model cannot be loaded", model=one.model, error=str(error))
            raise RenderError(NO_MODEL) from error

    def get(self, one: ServedModel) -> Drawer:
        """A model's engine, loaded if it is not.

        Raises:
            ModelError: It cannot be loaded.
        """
        name = one.card.called
        if name not in self._loaded:
            # Measured after each release: what allocators give back is not what a card states.
            while self._loaded and self._room() < self._needs(one.card):
                self._release(next(iter(self._loaded)))
            engine = self._load_with_room(one)
            self._loaded[name] = engine.with_evict(partial(self._keep_alone, name))
            _log.info(
                "model loaded", model=one.model, family=one.card.id, device=str(engine.device)
            )
        self._loaded.move_to_end(name)
        # Threads are counted for the whole process; the model before may have set another number.
        share_cores(self._loaded[name])
        return self._loaded[name]

    def _load_with_room(self, one: ServedModel) -> Drawer:
        """Loads a model, and once more without all others if there is no memory for it."""
        try:
            return self._load(one)
        except (ModelError, RuntimeError, MemoryError) as error:
            # A ModelError wraps what diffusers raised, so a lack of memory is its cause.
            short = is_out_of_memory(error.__cause__ or error)
            if not (short and self._keep_alone(one.card.called)):
                raise
        return self._load(one)

    def _keep_alone(self, name: str) -> bool:
        """Releases all but one; whether there was any other."""
        others = [other for other in self._loaded if other != name]
        for other in others:
            self._release(other)
        return bool(others)

    def _release(self, name: str) -> None:
        del self._loaded[name]
        gc.collect()  # pipelines and their parts refer to each other
        if self._device.type != "cpu":
            torch.get_device_module(self._device).empty_cache()
        _log.info("model released", model=self._models[name].model)


def estimate_memory(card: Card, device: torch.device) -> float:
    """GiB that a model wants on a device: its card's figure is of numbers of 16 bits."""
    return card.memory * choose_precision(device).itemsize / 2
