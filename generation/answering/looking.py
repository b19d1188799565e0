"""Looking: by what pictures are looked at here, and how that finds room beside what draws.

What draws sees where its text encoder does. Else an eye that the settings name lies in the
machine's own memory and goes to the device for a question; where there is no room beside the model
that draws, that goes out meanwhile. Without either the small judge looks.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

import structlog
import torch
from PIL import Image
from torch import nn

from faults import HostError
from generation.answering.sight import Eye, borrow_eye, load_eye
from generation.catalogue.checkpoints import name_source
from generation.catalogue.extras import Choices
from generation.catalogue.eyes import (
    AUTO,
    choose_eye,
    find_eye_card,
    find_eye_folder,
    is_lent,
    tells_places,
)
from generation.catalogue.memory_plans import (
    Room,
    estimate_served,
    measure_rest,
    plan_ahead,
    plan_eye,
)
from generation.catalogue.served import Models, ServedModel, choose_usual
from generation.families.load import choose_precision
from generation.families.model_error import ModelError
from generation.questions.question import Seen
from generation.recipe import Region
from generation.runtime.pool import Engines
from generation.sampling.engine import Drawer, Engine
from generation.sampling.ladder import Way, climb, list_parts, release, set_aside
from generation.tensors.memory import measure_card
from storage.queue.jobs import NO_MODEL, RenderError, Report

_LOAD: Final = "looking"
"""What the ladder remembers a way by."""

Told = TypeVar("Told")

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Sight:
    """What looks at pictures here besides the judge.

    Attributes:
        name: What it is called; empty where there is nothing.
        source: Where an eye of its own is loaded from; empty where a model that draws lends its.
        lender: That model.
        device: Where it computes.
        frames: Whether it says where things are, and can be asked while something is drawn.
    """

    name: str = ""
    source: str = ""
    lender: ServedModel | None = None
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    frames: bool = False
    _eye: Eye | None = None

    def look(
        self, picture: Image.Image, facts: str, engines: Engines | Drawer, report: Report
    ) -> Seen:
        """What a picture shows.

        Args:
            picture: The picture.
            facts: What was measured of it.
            engines: The models that draw here.
            report: Told of progress; whatever it raises ends it.

        Raises:
            RenderError: ``model`` if the eye cannot be loaded, ``out_of_memory`` if there is no
                room for it even alone.
        """

        def see(eye: Eye) -> Seen:
            return eye.see(picture, facts, lambda done, of: report(done, of, None))

        return self._ask(see, engines, report)

    def frame(
        self, picture: Image.Image, words: str, engines: Engines | Drawer
    ) -> Sequence[Region]:
        """Rectangles around what words name; none where it is not seen.

        Args:
            picture: The picture.
            words: What it is called.
            engines: The models that draw here.

        Raises:
            RenderError: As :meth:`look` does.
        """
        return self._ask(lambda eye: eye.frame(picture, words), engines, lambda *_: None)

    def _ask(self, see: Callable[[Eye], Told], engines: Engines | Drawer, report: Report) -> Told:
        """What an eye is asked, with room made for it."""
        if self.lender is not None and isinstance(engines, Engines):
            engine = self._borrow(engines, self.lender, report)
            lent = borrow_eye(engine)
            ways: list[Way[Eye]] = [lambda: nullcontext(lent)]
            return climb(engine, _LOAD, ways, see)
        if self._eye is None:
            report(0, 0, None)
            self._eye = self._load()
        drawer = engines.latest if isinstance(engines, Engines) else engines
        beside = partial(_lend, self._eye, self.device, ())
        if drawer is None:
            with beside() as eye:
                return see(eye)
        parts = list_parts(drawer.pipe) if isinstance(drawer, Engine) else []
        ways = [beside, partial(_lend, self._eye, self.device, parts)]
        return climb(drawer, _LOAD, ways, see)

    def _borrow(self, engines: Engines, lender: ServedModel, report: Report) -> Engine:
        if lender.card.called not in engines.loaded:
            report(0, 0, None)
        try:
            engine = engines.get(lender)
        except (ModelError, RuntimeError, MemoryError) as error:
            _log.error("what sees cannot be loaded", model=lender.model, error=str(error))
            raise RenderError(NO_MODEL) from error
        if not isinstance(engine, Engine):
            raise RenderError(NO_MODEL)
        # The model itself is asked, not what a LoRA made of it.
        engine.apply_loras(())
        return engine

    def _load(self) -> Eye:
        try:
            return load_eye(self.source, choose_precision(self.device))
        except (HostError, RuntimeError, MemoryError) as error:
            _log.error("the eye cannot be loaded", eye=self.name, error=str(error))
            raise RenderError(NO_MODEL) from error


@contextmanager
def _lend(eye: Eye, device: torch.device, parts: Sequence[nn.Module]) -> Iterator[Eye]:
    """An eye on its device for a while, with parts of another model out of its way."""
    with set_aside(parts):
        if parts:
            release(device)
        try:
            eye.move(device)
            yield eye
        finally:
            # Before the others come back, which need the room.
            eye.move(torch.device("cpu"))
            release(device)


def choose_sight(settings: Choices, models: Models, device: torch.device, room: Room) -> Sight:
    """What looks at pictures by the settings; nothing where what they name is not here.

    Args:
        settings: For ``EASEL_EYES``, and what is loaded beside the usual model.
        models: Those that draw here.
        device: Where to compute.
        room: The memory that models have there.

    Raises:
        EyesError: ``EASEL_EYES`` names nothing.
    """
    usual = choose_usual(models)
    if is_lent(settings.eyes, usual.card):
        return Sight(name_source(usual.card.model), lender=usual, device=device)
    source = choose_eye(settings.eyes, measure_card(device))
    if source and find_eye_folder(source) is None:
        said = "easel models fetch eyes brings it"
        _log.warning("the eye is not on this machine", eye=name_source(source), mend=said)
        source = ""
    if source and _fits(source, usual, settings, device, room):
        # One that a model lends would have to be loaded beside the one that draws.
        frames = tells_places(source)
        return Sight(name_source(source), source=source, device=device, frames=frames)
    other = next((one for one in models.values() if one.card.sees), None)
    if settings.eyes == AUTO and other is not None:
        return Sight(name_source(other.card.model), lender=other, device=device)
    return Sight()


def _fits(
    source: str,
    usual: ServedModel,
    settings: Choices,
    device: torch.device,
    room: Room,
) -> bool:
    """Whether there is room for an eye; where there is not, the log says so."""
    known = find_eye_card(source)
    if device.type != "cuda" or known is None:
        return True
    try:
        plan = plan_ahead(usual.card, settings, room)
        resting = measure_rest(estimate_served(usual.card, settings), plan)
        plan_eye(known.name, known.weights, resting, room)
    except HostError as error:
        _log.warning("pictures are looked at by the judge alone", why=str(error))
        return False
    return True
