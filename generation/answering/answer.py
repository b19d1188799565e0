"""Questions answered: the worker's side."""

import io
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, Final

from PIL import Image

from generation.answering.form import write_facts
from generation.answering.looking import Sight
from generation.answering.telling import tell
from generation.answering.word_effects import measure_words, write_recipe
from generation.catalogue.families import find_card
from generation.judge import name_drawing
from generation.questions.question import Effect, Question, Seen, write_effects, write_told
from generation.runtime.pool import Engines
from generation.runtime.render import Read
from generation.sampling.engine import Drawer, Engine
from generation.sampling.ladder import Way, climb
from storage.files import MissingFileError
from storage.queue.jobs import NO_MODEL, Rendered, RenderError, Report

BLIND: Final = Sight()
"""Where the judge alone looks."""


def answer(
    data: Mapping[str, Any],
    engines: Engines | Drawer,
    report: Report,
    read: Read,
    sight: Sight = BLIND,
) -> Rendered:
    """What a question is answered with.

    Args:
        data: The question, as its ``to_json`` wrote it.
        engines: The models that draw here.
        report: Told of progress; whatever it raises ends it.
        read: Finds the picture.
        sight: What looks at pictures besides the judge.

    Raises:
        RenderError: ``missing_image`` if the picture is gone, ``model`` if what is to read the
            prompt, or to look, is not served here, ``words`` if it reads none, ``out_of_memory`` if
            there is no room for what looks, ``words_out_of_memory`` if even one text at a time is
            too much.
    """
    question = Question.from_json(data)
    report(0, 1, None)
    if question.kind == "describe":
        return Rendered(answer=_look(question, engines, report, read, sight).to_json())
    if question.kind == "translate":
        return Rendered(answer=_tell(question, engines, report))
    return Rendered(answer=_weigh(question, engines, report))


def _look(
    question: Question, engines: Engines | Drawer, report: Report, read: Read, sight: Sight
) -> Seen:
    try:
        png = read(question.image)
    except MissingFileError:
        raise RenderError("missing_image") from None
    if not question.eye:
        return look_at(png)
    # An answer is kept as that of the eye which was asked.
    if question.eye != sight.name:
        raise RenderError(NO_MODEL)
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        return sight.look(image.convert("RGB"), write_facts(question.measures), engines, report)


def look_at(png: bytes) -> Seen:
    """What the bundled judge knows of a stored picture."""
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        return name_drawing(image)


def _tell(question: Question, engines: Engines | Drawer, report: Report) -> dict[str, object]:
    engine = _open_reader(question, engines, report)
    if not engine.card.speaks:
        raise RenderError(NO_MODEL)
    ways: list[Way[Engine]] = [lambda: nullcontext(engine)]
    return write_told(climb(engine, "telling", ways, lambda one: tell(one, question.text)))


def _open_reader(question: Question, engines: Engines | Drawer, report: Report) -> Engine:
    """The model that reads a question's words."""
    recipe = write_recipe(find_card(question.family), question.model, question.text)
    engine = engines.get_for(recipe, report) if isinstance(engines, Engines) else engines
    # The guide-driven model draws by an image, not by words.
    if not isinstance(engine, Engine):
        raise RenderError("words")
    # The model itself is asked, not what the job before made of it.
    engine.apply_loras(())
    return engine


def _weigh(question: Question, engines: Engines | Drawer, report: Report) -> dict[str, object]:
    engine = _open_reader(question, engines, report)
    single = engine.alone()
    masked = (question.said, *question.masked) if question.masked else ()

    def measure(attempt: Engine) -> tuple[Effect, ...]:
        told = lambda done, of: report(done, of, None)  # noqa: E731
        return measure_words(attempt, question.text, told, masked)

    ways: list[Way[Engine]] = [lambda: nullcontext(engine), lambda: nullcontext(single)]
    try:
        return write_effects(climb(engine, "words", ways, measure))
    except RenderError as error:
        # No smaller picture helps, as there is none.
        raise RenderError("words_out_of_memory") from error
