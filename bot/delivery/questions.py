"""What a question's message shows: what was measured at once, and the answer when it is there."""

import io
from pathlib import PurePath
from typing import Final

from PIL import Image

from bot.components import buttons, describing
from bot.delivery.content import MessageContent, Picture
from bot.text import description as texts
from bot.text import messages, sentences
from bot.text.languages import say
from bot.text.translations import write_translation
from generation.catalogue.families import find_card
from generation.questions.description import Description, describe
from generation.questions.question import Question, Seen, read_effects, read_told
from prompt.describing.shorter import shorten
from prompt.describing.targets import HERE, write_offers
from prompt.reading.grammar import parse
from prompt.writing.programs import Program
from prompt.writing.write import put_into_prose, write_prompt
from storage.queue.jobs import Event, Job, Progress, Queued

STRIP: Final = (480, 48)
"""Width and height in pixels of the strip of colours."""

_LEAST: Final = 0.06
"""Share of the strip that the smallest colour has at least."""


def compose_asked(job: Job, event: Event) -> MessageContent:
    """The message of a question that has not been answered."""
    question = Question.from_json(job.recipe)
    match event:
        case Queued() as queued:
            title = say(find_card(question.family).title)
            state = messages.write_queued(queued, title)
        case Progress(step=step, steps=steps) if step and steps:
            state = say(sentences.RUNNING, percent=round(100 * step / steps))
        case Progress(steps=0):
            state = say(sentences.LOADING, model=say(find_card(question.family).title))
        case _:
            state = say(sentences.LOOKING if question.image else sentences.STARTING)
    known = describe(question, Seen()) if question.measures else None
    text = texts.write_asked(job, question, known, state)
    return MessageContent(text, buttons.build_running_view(job.id))


def compose_answered(job: Job) -> MessageContent:
    """The message of a question that has ended."""
    question = Question.from_json(job.recipe)
    if question.kind == "translate":
        return _compose_translation(job, question)
    if job.state == "cancelled":
        known = describe(question, Seen()) if question.measures else None
        return MessageContent(
            texts.write_asked(job, question, known, messages.write_cancelled(job))
        )
    if question.kind == "describe":
        content, strip = compose_card(job)
        return MessageContent(content.text, content.view, (strip,) if strip else ())
    if job.state == "failed":
        return MessageContent(texts.write_question_failed(job, question))
    effects = read_effects(job.answer)
    shorter = shorten(question.text, effects)
    text = texts.write_effects(job, question, effects, shorter)
    return MessageContent(text, describing.build_short_view(job.id, len(shorter)))


def _compose_translation(job: Job, question: Question) -> MessageContent:
    """A translation in a model's sentences, or the template's where it did not say all of it."""
    prompt, program = parse(question.exact), Program(question.program)
    plain = write_prompt(prompt, program, split=question.split)
    written = put_into_prose(plain, read_told(job.answer), program)
    teller = PurePath(question.model).name if written != plain else ""
    text, files = write_translation(prompt, written, program, teller)
    return MessageContent(
        text, None, tuple(Picture(name, file.encode(), "") for name, file in files)
    )


def read_description(job: Job) -> Description:
    """What is known of the picture that a job's question is about."""
    return describe(Question.from_json(job.recipe), Seen.from_json(job.answer))


def compose_card(
    job: Job, target: str = HERE, turn: int = 0
) -> tuple[MessageContent, Picture | None]:
    """A description, and beside it the strip of its colours.

    Args:
        job: The question's job, answered or failed.
        target: For whom the prompts are written.
        turn: How often others were asked for.
    """
    question, known = Question.from_json(job.recipe), read_description(job)
    offers = write_offers(known, target, find_card(question.family), turn)
    text = texts.write_description(job, question, known, offers)
    view = describing.build_card_view(job.id, known, target, turn)
    if not known.palette:
        return MessageContent(text, view), None
    name = f"easel-{job.id[:8]}-palette.png"
    strip = Picture(name, draw_strip(known), texts.write_palette_alt(known))
    return MessageContent(text, view), strip


def draw_strip(known: Description) -> bytes:
    """The palette as a PNG: each colour as wide as its share of the picture."""
    width, height = STRIP
    shares = [max(_LEAST, swatch.share) for swatch in known.palette]
    strip, left = Image.new("RGB", STRIP), 0.0
    for swatch, share in zip(known.palette, shares, strict=True):
        right = left + share / sum(shares)
        box = (round(left * width), 0, round(right * width), height)
        strip.paste(f"#{swatch.code}", box)
        left = right
    buffer = io.BytesIO()
    strip.save(buffer, "PNG")
    return buffer.getvalue()
