"""Texts built of several sentences and values: headings, lists, the lines under pictures."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import discord

from bot.text import sentences, titles
from bot.text.languages import retell, say, tell_age
from generation.catalogue.card import Card
from generation.catalogue.families import compute_shown_size, find_card
from generation.recipe import Noise, Recipe
from prompt.resolution.taught import find_unknown_looks
from storage.decisions.choice_queries import KeptPictures
from storage.queue.forecast import SPREAD
from storage.queue.jobs import UNTOUCHED, Job, Queued

CONTENT_LIMIT: Final = 2000
"""Characters in a message's content (Discord)."""

BY_IMAGE: Final = "by image"
"""Under what a job's origins keep that its image decided which model draws; no flag is called so.
"""

_WORDS_SHOWN: Final = 5
"""Words that are named as unknown, and..."""

_WORD_SHOWN: Final = 30
"""characters of each."""

ASK_SHOWN: Final = 90
"""Characters of each prompt in the question before many jobs."""


@dataclass(frozen=True, slots=True)
class Title:
    """How a job came about: what was asked, and of which picture (counted from 1)."""

    action: str
    index: int | None = None

    def __str__(self) -> str:
        return self.action if self.index is None else f"{self.action}:{self.index}"

    @classmethod
    def read(cls, text: str) -> "Title":
        """The title that ``str`` wrote."""
        # Titles are kept in the database; one of a later version is shown as a plain job.
        action, _, index = text.partition(":")
        return cls(
            action if action in sentences.HEADINGS else "imagine", int(index) if index else None
        )


def fence(text: str) -> str:
    """Text to copy, with nothing in it that could end the block."""
    return f"```\n{text.replace('`', 'ˋ')}\n```"


def join_notes(repairs: Iterable[str]) -> str:
    """What was read otherwise than it was written."""
    return "\n".join(map(retell, repairs))[:CONTENT_LIMIT]


def write_question(count: int, prompts: Sequence[str], more: int) -> str:
    """The question before many jobs: how many, and what they are."""
    lines = [f"- {escape(prompt, ASK_SHOWN)}" for prompt in prompts]
    lines += [say(sentences.ASK_MORE, more=more)] if more else []
    return "\n".join([say(sentences.ASK, count=count), *lines])


def format_code(text: str) -> str:
    """Text to be copied, on one line."""
    # Discord has no escape for a backtick within code; this letter looks like one.
    return f"`{' '.join(text.split()).replace('`', 'ˋ')}`"


def list_presets(
    own: Mapping[str, str], shared: Mapping[str, str], usual: str, default: str
) -> str:
    """A person's and a server's presets, one a line."""
    lines = [
        say(sentences.PRESETS_OWN),
        *_list_presets(own, {usual: say(sentences.PRESET_IS_USUAL)}),
    ]
    lines += [
        say(sentences.PRESETS_SHARED),
        *_list_presets(
            shared,
            {default: say(sentences.PRESET_IS_DEFAULT), usual: say(sentences.PRESET_IS_USUAL)},
        ),
    ]
    return "\n".join(lines)[:CONTENT_LIMIT]


def _list_presets(presets: Mapping[str, str], marks: Mapping[str, str]) -> list[str]:
    return [
        f"- `{name}`{f' ({marks[name]})' if name in marks else ''}: {escape(text, ASK_SHOWN)}"
        for name, text in presets.items()
    ] or [say(sentences.PRESETS_EMPTY)]


def announce_usual_preset(name: str) -> str:
    """What is said when a person's usual preset changes."""
    return say(sentences.PRESET_USUAL, name=name) if name else say(sentences.PRESET_NO_USUAL)


def announce_default_preset(name: str) -> str:
    """What is said when a server's default preset changes."""
    return say(sentences.PRESET_DEFAULT, name=name) if name else say(sentences.PRESET_NO_DEFAULT)


def announce_preference(what: str, value: str) -> str:
    """What is said when a preference changes."""
    return (
        say(sentences.PREFERRED[what], value=format_code(value))
        if value
        else say(sentences.PREFERRED_NOTHING[what])
    )


def announce_option(name: str, text: str) -> str:
    """What is said when a person's own flag changes."""
    return (
        say(sentences.OPTION_SET, name=name, value=format_code(text))
        if text
        else say(sentences.OPTION_GONE, name=name)
    )


def list_options(options: Mapping[str, str]) -> str:
    """A person's own flags, one a line."""
    lines = [f"- `--{name}`: {escape(text, ASK_SHOWN)}" for name, text in options.items()]
    return "\n".join(lines)[:CONTENT_LIMIT] or say(sentences.OPTION_NONE)


def escape(text: str, longest: int) -> str:
    """One line without markup, shortened."""
    return discord.utils.escape_markdown(titles.shorten(text, longest))


def quote(typed: str) -> str:
    """What somebody typed, fit to stand between backticks."""
    return titles.shorten(typed, 40).replace("`", "ˋ")


def write_queued(queued: Queued, model: str) -> str:
    """How a job waits, for people.

    Args:
        queued: How it waits.
        model: What draws it.
    """
    if queued.unserved:
        return say(sentences.QUEUED_UNSERVED, model=model)
    place = (
        say(sentences.NEXT)
        if queued.position <= 1
        else say(sentences.AHEAD, count=queued.position - 1)
    )
    if queued.wait is None:
        return say(sentences.QUEUED, place=place)
    return say(sentences.QUEUED_WAIT, place=place, wait=write_wait(queued.wait))


def write_wait(seconds: float) -> str:
    """An expected wait as the range in which it will lie, never to the second."""
    shortest, longest = (1 - SPREAD) * seconds, (1 + SPREAD) * seconds
    if shortest < 60:
        return say(sentences.WAIT_WITHIN, count=math.ceil(longest / 60))
    unit, said = (60, sentences.WAIT) if shortest < 3600 else (3600, sentences.WAIT_HOURS)
    return say(said, low=int(shortest // unit), count=math.ceil(longest / unit))


def write_heading(job: Job, recipe: Recipe) -> str:
    """The line that says what is being made, and for whom."""
    title = Title.read(job.title)
    return say(
        sentences.HEADINGS[title.action],
        prompt=titles.write_title(job, recipe),
        who=f"<@{job.person_id}>",
        index=title.index,
        asked=escape(recipe.asked[-1] if recipe.asked else "", ASK_SHOWN),
    )


def _write_flags(recipe: Recipe) -> str:
    """The flags that make the pictures again; no seed alone makes a variation again."""
    # A variation is made of two seeds or more, which no flag can say.
    first = recipe.noise[0]
    return f"{recipe.parameters} {'' if first.variations else f'--seed {first.seed}'}".strip()


def write_running(job: Job, recipe: Recipe, state: str) -> str:
    """The message of a job that has not ended: heading and state."""
    return f"{write_heading(job, recipe)} ({state})"


def write_finished(job: Job, recipe: Recipe) -> str:
    """The message of a job that is done: heading, then the settings in small print.

    Below stand why this model drew, where nobody chose it, and the words that it does not know.
    """
    text = f"{write_heading(job, recipe)}\n-# {write_settings(job, recipe)}"
    lines = (*_tell_untouched(job), *_explain_model(job, recipe))
    return stack_lines(text, (f"-# {line}" for line in lines))


def _tell_untouched(job: Job) -> Iterator[str]:
    """How much of the picture before is as it was, where only a part of it was to change."""
    if shares := (job.answer or {}).get(UNTOUCHED):
        # Rounded down, and of several the least, so that it is never less.
        percent = int(100 * min(shares))
        said = {0: sentences.ALL_CHANGED, 100: sentences.NOTHING_CHANGED}
        yield say(said.get(percent, sentences.UNTOUCHED), percent=percent)


def _explain_model(job: Job, recipe: Recipe) -> Iterator[str]:
    drawn = find_card(recipe.family)
    if BY_IMAGE in (job.origins or {}):
        yield say(sentences.BY_IMAGE, model=drawn.title)
    if drawn.looks and (words := find_unknown_looks(recipe.prompt, drawn)):
        named = ", ".join(f"*{escape(word, _WORD_SHOWN)}*" for word in words[:_WORDS_SHOWN])
        yield say(sentences.UNKNOWN_WORDS, words=named, looks=", ".join(drawn.looks))


def write_cancelled(job: Job) -> str:
    """The state of a cancelled job, with whoever cancelled it for its owner."""
    if job.cancelled_by in {None, job.person_id}:
        return say(sentences.CANCELLED)
    return say(sentences.CANCELLED_BY, who=f"<@{job.cancelled_by}>")


def write_failed(job: Job, recipe: Recipe) -> str:
    """The message of a job that could not be made, with the reason."""
    reason = find_reason(job.failure or "")
    return f"{write_heading(job, recipe)}\n{say(sentences.FAILED, reason=reason)}"


def find_reason(code: str) -> str:
    """Why a job failed, by the code that the worker recorded; later versions may have others."""
    return say(sentences.FAILURES.get(code, sentences.FAILURES["internal"]))


def write_undeliverable(job: Job, reason: str) -> str:
    """The message of a job whose end could not be shown: no word in it is the person's.

    Args:
        job: The job.
        reason: Why its pictures could not be sent, if it has any.
    """
    who = f"<@{job.person_id}>"
    if job.state == "done":
        return say(sentences.UNDELIVERABLE, who=who, reason=find_unsent_reason(reason))
    if job.state == "cancelled":
        return f"{who} ({write_cancelled(job)})"
    return f"{who} {say(sentences.FAILED, reason=find_reason(job.failure or ''))}"


def find_unsent_reason(reason: str) -> str:
    """Why pictures could not be sent, by its name."""
    return say(sentences.UNSENT_REASONS[reason])


def write_settings(job: Job, recipe: Recipe) -> str:
    """What decided the pictures, in one line."""
    width, height = compute_shown_size(recipe)
    # Any other seed stands in the heading, where it can be copied with the prompt.
    varied = bool(recipe.noise[0].variations)
    parts = [
        f"{width}×{height}",
        *([say(sentences.SEED, seed=_find_seed(recipe.noise[0]))] if varied else []),
        say(sentences.STEPS, count=recipe.sampling.steps),
        say(sentences.GUIDANCE, value=f"{recipe.sampling.guidance:g}"),
        recipe.sampling.sampler,
        recipe.model,
    ]
    if recipe.inputs.start:
        parts.append(say(sentences.STARTED_FROM, strength=f"{recipe.inputs.start.strength:.2f}"))
    if recipe.conditions.structure:
        scale = f"{recipe.conditions.structure.scale:g}"
        parts.append(say(sentences.KEPT_TO, kind=recipe.conditions.structure.kind, scale=scale))
    # Told, since such a picture took many times as long as its size suggests.
    if recipe.size.tile_side:
        parts.append(say(sentences.IN_PARTS))
    if recipe.finishing.upscaler:
        name = quote(recipe.finishing.upscaler.name)
        parts.append(say(sentences.ENLARGED_BY, factor=recipe.finishing.upscale, upscaler=name))
    elif recipe.finishing.upscale > 1:
        parts.append(say(sentences.ENLARGED, factor=recipe.finishing.upscale))
    if kept := titles.list_unsaid(job, recipe):
        parts.append(format_code(titles.shorten(" ".join(kept), ASK_SHOWN)))
    if took := format_seconds(job.started_at, job.finished_at):
        parts.append(took)
    return " · ".join(parts)


def _find_seed(noise: Noise) -> int:
    """The seed that made a picture different from those beside it."""
    return noise.variations[-1].seed if noise.variations else noise.seed


def list_models(cards: Sequence[Card]) -> str:
    """The models that people may choose among, by the names that they type."""
    names = ", ".join(f"`{card.called}` {say(card.title)}" for card in cards)
    return say(sentences.INFO_MODELS, names=names)


def write_recipe(job: Job, recipe: Recipe) -> str:
    """Everything that decided a job's pictures, for people: words, flags and seeds."""
    flags = titles.name_links(_write_flags(recipe))
    lines = [
        f"**{escape(recipe.prompt or say(sentences.NO_WORDS), titles.PROMPT_SHOWN)}**",
        *([format_code(titles.shorten(flags, titles.PROMPT_SHOWN // 2))] if flags else []),
        f"-# {write_settings(job, recipe)} · {say(sentences.JOB, id=job.id)}",
    ]
    if len(recipe.noise) > 1:
        seeds = ", ".join(f"#{k} {_find_seed(noise)}" for k, noise in enumerate(recipe.noise, 1))
        lines.append(f"-# {say(sentences.RECIPE_SEEDS, seeds=seeds)}")
    return "\n".join(lines)


def stack_lines(text: str, lines: Iterable[str]) -> str:
    """A text with those lines below it that fit into a message."""
    for line in lines:
        text = f"{text}\n{line}" if len(text) + len(line) < CONTENT_LIMIT else text
    return text


def write_choice(kept: KeptPictures, longest: int) -> str:
    """Pictures as a choice in a list: words and flags, age, and how their files are called.

    Args:
        kept: The pictures.
        longest: Most characters.
    """
    index = Title.read(kept.title).index
    end = f"{f' #{index}' if index else ''} · {tell_age(kept.created_at)} · {kept.id[:8]}"
    words = f"{'⭐ ' if kept.favourite else ''}{_write_words(kept.recipe)}"
    return titles.shorten(words, longest - len(end)) + end


def write_entry(kept: KeptPictures) -> str:
    """The same beside a small view of them."""
    index = Title.read(kept.title).index
    words = escape(_write_words(kept.recipe), ASK_SHOWN)
    # Discord tells the age in the language of whoever reads, and keeps it true.
    age = discord.utils.format_dt(kept.created_at, "R")
    star = "⭐ " if kept.favourite else ""
    return f"{star}**{words}**{f' #{index}' if index else ''}\n{age} · `{kept.id[:8]}`"


def _write_words(recipe: Mapping[str, Any]) -> str:
    """The words and flags of a recipe, with short names for links."""
    typed = f"{recipe.get('prompt', '')} {recipe.get('parameters', '')}".strip()
    return titles.name_links(typed) or say(sentences.NO_WORDS)


def write_help() -> str:
    """Where to begin."""
    return f"{say(sentences.HELP)}\n{say(sentences.HELP_MORE)}"


def write_no_help(about: str) -> str:
    """The answer to a word that is neither topic nor flag."""
    return say(sentences.NO_HELP, about=quote(about))


def format_seconds(start: datetime | None, end: datetime | None) -> str:
    """How long something took; empty where it has not ended."""
    return f"{(end - start).total_seconds():.1f} s" if start and end else ""
