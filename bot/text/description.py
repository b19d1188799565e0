"""What is said of a picture that was described, and of a prompt whose words were weighed."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import discord

from bot.text import sentences
from bot.text.languages import retell, say
from bot.text.messages import (
    CONTENT_LIMIT,
    escape,
    fence,
    find_reason,
    format_code,
    quote,
    stack_lines,
)
from generation.catalogue.families import find_card
from generation.questions.description import Aspect, Description, Value
from generation.questions.question import Effect, Question
from prompt.describing.shorter import STRONG, is_idle
from prompt.describing.targets import Offer
from storage.queue.jobs import Job

PROMPT_LIMIT: Final = 320
"""Most characters of one of several prompts in a message; its form has all of it."""

LEAST: Final = 80
"""Characters that each of them has room for, however much is known of the picture."""

VALUE_SHOWN: Final = 90
"""Characters of a value that a model gave in its own words."""

_MARKED: Final = 16
"""Characters that a prompt takes besides its own: its number, and what shows that it is code."""

_LOST_SHOWN: Final = 2
_WORD: Final = re.compile(r"[^\s,]+")


def write_question_heading(job: Job, question: Question) -> str:
    """The line that says what is asked, and for whom."""
    return say(sentences.HEADINGS[question.kind], who=f"<@{job.person_id}>")


def write_asked(job: Job, question: Question, description: Description | None, state: str) -> str:
    """The message of a question that has no answer yet: what is known without any model.

    Args:
        job: The job.
        question: What is asked.
        description: What was measured; None for a prompt.
        state: How the job stands.
    """
    heading = f"{write_question_heading(job, question)} ({state})"
    if description is None:
        return f"{heading}\n> {escape(question.text, PROMPT_LIMIT)}"
    return stack_lines(heading, _list_values(description))


def write_description(
    job: Job, question: Question, description: Description, offers: Sequence[Offer]
) -> str:
    """The card: four prompts, what is known of the picture and how, and what is not."""
    heading, values = write_question_heading(job, question), list(_list_values(description))
    # What is known has to be there; each prompt is whole in its form.
    taken = len(heading) + sum(len(line) + 1 for line in values)
    room = (CONTENT_LIMIT - taken) // max(1, len(offers)) - _MARKED
    shown = max(LEAST, min(PROMPT_LIMIT, room))
    lines = [heading, *_list_prompts((offer.text for offer in offers), shown), *values]
    if job.state == "failed":
        reason = find_reason(job.failure or "")
        lines.append(f"-# {say(sentences.LOOK_FAILED, reason=reason)}")
    if description.lacks_subject:
        lines.append(f"**{say(sentences.UNKNOWN_SUBJECT)}**")
    lost = dict.fromkeys(note for offer in offers for note in offer.lost)
    lines += [f"-# {retell(note)}" for note in list(lost)[:_LOST_SHOWN]]
    return stack_lines(lines[0], lines[1:])


def _list_prompts(texts: Iterable[str], most: int = PROMPT_LIMIT) -> Iterator[str]:
    for number, text in enumerate(texts, 1):
        short = text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
        shown = f"\n{fence(short)}" if "\n" in short else f" {format_code(short)}"
        yield f"**{number}**{shown}"


def _list_values(description: Description) -> Iterator[str]:
    """What is known, one line for each aspect, with how it is known."""
    if description.exact:
        name, known = say(sentences.KNOWN_PROMPT), say(sentences.CERTAINTIES["exact"])
        yield f"-# **{name}** {known}"
    for value in description.values:
        name = say(sentences.ASPECTS[value.aspect])
        known = say(sentences.CERTAINTIES[value.certainty])
        yield f"-# **{name}** {', '.join(_say_names(value))} · *{known}*"


def _say_names(value: Value) -> Iterator[str]:
    for name in value.names:
        if value.worded:
            whole = len(name) <= VALUE_SHOWN
            cut = name if whole else f"{name[: VALUE_SHOWN - 1].rstrip()}…"
            yield discord.utils.escape_markdown(cut)
            continue
        match value.aspect:
            case Aspect.SUBJECT:
                yield discord.utils.escape_markdown(quote(name))
            case Aspect.GROUND:
                yield say(sentences.PLAIN_GROUND, colour=_say_colour(name))
            case Aspect.COLOUR | Aspect.PALETTE:
                yield _say_colour(name)
            case _:
                yield say(sentences.SEEN.get(name, name))


def _say_colour(name: str) -> str:
    return say(sentences.COLOURS.get(name, name))


def write_palette_alt(description: Description) -> str:
    """What a screen reader says of the strip of colours."""
    colours = ", ".join(_say_colour(swatch.name) for swatch in description.palette)
    return say(sentences.PALETTE_ALT, colours=colours)


def write_effects(
    job: Job, question: Question, effects: Sequence[Effect], shorter: Sequence[str]
) -> str:
    """A prompt with its strong words bold and its idle ones struck, and shorter ones below."""
    model = say(find_card(question.family).title)
    heading = write_question_heading(job, question)
    text = _mark_words(question, effects)[: CONTENT_LIMIT // 2]
    told = say(sentences.WORD_EFFECTS, model=model) if shorter else say(sentences.NOTHING_SHORTER)
    lines = [f"> {text}", f"-# {told}", *_list_prompts(shorter)]
    return stack_lines(heading, lines)


def _mark_words(question: Question, effects: Sequence[Effect]) -> str:
    marks = iter(effects)

    def mark(found: re.Match[str]) -> str:
        one, word = next(marks, None), discord.utils.escape_markdown(found[0])
        if one is None or one.text != found[0]:
            return word
        if is_idle(one):
            return f"~~{word}~~"
        return f"**{word}**" if one.share >= STRONG else word

    return _WORD.sub(mark, " ".join(question.text.split()))


def write_question_failed(job: Job, question: Question) -> str:
    """The message of a question about a prompt that could not be answered."""
    reason = say(sentences.FAILED, reason=find_reason(job.failure or ""))
    return f"{write_question_heading(job, question)}\n{reason}"
