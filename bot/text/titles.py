"""What a job is titled with: its prompt as it was typed, and its images by short names."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

import discord

from bot.text import sentences
from bot.text.languages import say
from generation.catalogue.families import compute_shown_size
from generation.recipe import Recipe
from prompt.flags.table import BY_NAME, RATIO, SEED, STYLE
from prompt.reading.grammar import Prompt
from prompt.resolution.fitting import parse_flags
from prompt.resolution.presets import WORDS, Origin
from prompt.resolution.references import RANDOM, find_links
from storage.queue.jobs import Job

TYPED: Final = "as typed"
"""Under what a job's origins keep the text that it was asked for with; no flag is called so."""

NAMES: Final = "names of images"
"""Under what they keep what its images are called, as JSON: names by role."""

IMAGE: Final = "image"
"""The role of an image at the front of a prompt; the others are called as their flags."""

PROMPT_SHOWN: Final = 700
"""Characters of a prompt shown in a message; the picture's own metadata has all of it."""

_SOURCES_SHOWN: Final = 90
_NAME_SHOWN: Final = 32
_DASHES: Final = "(?:--|—|–)"
_LINKS: Final = re.compile(
    rf"{_DASHES}\w++(?:-\w++)*+(?:[ =]+<?https?://\S+)+|<?https?://\S+", re.IGNORECASE
)
_ADDRESS: Final = re.compile(r"https?://[^\s>]+", re.IGNORECASE)
_SEED: Final = re.compile(rf"{_DASHES}{SEED.name}[ =]+\S+", re.IGNORECASE)
_RATIO: Final = re.compile(
    rf"({_DASHES}(?:{'|'.join((RATIO.name, *RATIO.aliases))})[ =]+)(\S+)", re.IGNORECASE
)
_STYLES: Final = re.compile(
    rf"{_DASHES}(?:{'|'.join((STYLE.name, *STYLE.aliases))})[ =]+(?:(?!{_DASHES})\S+\s*)+",
    re.IGNORECASE,
)
_NEAR: Final = 0.1
"""Share by which a picture may differ from its ratio, since models draw some sizes only."""


def keep_title(text: str, prompt: Prompt, attached: Sequence[str]) -> dict[str, str]:
    """What to keep of a request so that its jobs can be titled with what was typed.

    Args:
        text: What was typed; empty where it stands for several prompts.
        prompt: The prompt that it spells.
        attached: Addresses of the images that came with it.
    """
    links = {IMAGE: [*attached, *(link.url for link in prompt.images)], **find_links(prompt.flags)}
    names = {role: [_read_name(url) for url in urls] for role, urls in links.items() if urls}
    return {
        **({TYPED: drop_links(text)} if text else {}),
        NAMES: json.dumps(names, ensure_ascii=False),
    }


def inherit_title(known: Mapping[str, str], before: Recipe, after: Recipe) -> dict[str, str]:
    """What of that still holds for pictures made of pictures."""
    same = (before.prompt, before.parameters) == (after.prompt, after.parameters)
    kept = {NAMES, TYPED} if same else {NAMES}
    return {name: known[name] for name in sorted(kept) if name in known}


def write_title(job: Job, recipe: Recipe) -> str:
    """The prompt in bold and its images, fit for a message: words, flags and seed to be copied."""
    text, sources = (
        _write_prompt(job, recipe),
        shorten(", ".join(_list_sources(job, recipe)), _SOURCES_SHOWN),
    )
    if len(text) > PROMPT_SHOWN:
        text = text[:PROMPT_SHOWN].rstrip() + "…"
    if not recipe.prompt:
        text, sources = f"{sources or say(sentences.NO_WORDS)} {text}", ""
    bold = f"**{discord.utils.escape_markdown(text)}**"
    return f"{bold} · {discord.utils.escape_markdown(sources)}" if sources else bold


def is_shortened(job: Job, recipe: Recipe) -> bool:
    """Whether a message shows less than the whole prompt."""
    return len(_write_prompt(job, recipe)) > PROMPT_SHOWN


def list_unsaid(job: Job, recipe: Recipe) -> list[str]:
    """The flags that count although nobody typed them with this prompt, as flags are written."""
    known = job.origins or {}
    if _read_typed(job) is None:
        return []
    typed, values = Origin.FLAG.value, parse_flags(recipe.parameters)
    links = find_links(values)
    return [
        BY_NAME[name].format(value)
        for name, value in values.items()
        if known.get(name, typed) != typed and name not in links
    ]


def name_links(text: str) -> str:
    """A text with the short name of each file in the place of its address."""
    return _ADDRESS.sub(lambda match: _read_name(match[0]), text)


def drop_links(text: str) -> str:
    """A text on one line without addresses, and without flags that hold nothing else."""
    return " ".join(_LINKS.sub(" ", text).split())


def _write_prompt(job: Job, recipe: Recipe) -> str:
    """The text on one line, without links, with the codes, seed and ratio of the pictures."""
    typed = _read_typed(job)
    whole = f"{recipe.prompt} {recipe.parameters}" if typed is None else typed
    first = recipe.noise[0]
    # No seed alone makes a variation again.
    seed = "" if first.variations else SEED.format(first.seed)
    drawn = _STYLES.sub(lambda match: _write_codes(match[0], recipe), whole)
    bare, found = _SEED.subn(seed, _LINKS.sub(" ", drawn))
    text = bare if found else f"{bare} {seed}"
    return _RATIO.sub(
        lambda match: match[1] + _correct_ratio(match[2], recipe), " ".join(text.split())
    )


def _read_typed(job: Job) -> str | None:
    """What was typed, where it has all of the words; None where a preset adds some."""
    known = job.origins or {}
    return None if WORDS in known else known.get(TYPED)


def _write_codes(typed: str, recipe: Recipe) -> str:
    """Styles as typed, with the code that was drawn in the place of each ``random``."""
    codes = (one for one in STYLE.of(parse_flags(recipe.parameters)) or () if one not in typed)
    # Without its code nobody could ask for the style again.
    return re.sub(
        rf"(?<=\s|=){RANDOM}(?:::\S+)?", lambda m: next(codes, m[0]), typed, flags=re.IGNORECASE
    )


def _correct_ratio(typed: str, recipe: Recipe) -> str:
    """A ratio as typed, or that of the pictures where they were made longer or wider since."""
    width, height = compute_shown_size(recipe)
    asked = RATIO.of(parse_flags(f"--{RATIO.name} {typed}"))
    if asked is None or abs(asked[0] * height / (asked[1] * width) - 1) <= _NEAR:
        return typed
    true = Fraction(width, height).limit_denominator(20)
    return f"{true.numerator}:{true.denominator}"


def _list_sources(job: Job, recipe: Recipe) -> Iterator[str]:
    """What the pictures are made from besides words: by name, or how many of them."""
    names = _read_names(job) or _count_images(recipe)
    for role, known in names.items():
        one = len(known) == 1 and known[0]
        what = one or say(sentences.COUNT_IMAGES, count=len(known))
        yield what if role == IMAGE else say(sentences.SOURCES.get(role, "{what}"), what=what)


def _read_names(job: Job) -> dict[str, list[str]]:
    kept: dict[str, list[str]] = json.loads((job.origins or {}).get(NAMES, "{}"))
    return kept


def _count_images(recipe: Recipe) -> dict[str, list[str]]:
    """What there is of a job whose images nobody remembers by name."""
    links = find_links(parse_flags(recipe.parameters))
    found = {role: [_read_name(url) for url in urls] for role, urls in links.items()}
    return {IMAGE: [""] * len(recipe.inputs.blend), **found} if recipe.inputs.blend else found


def _read_name(url: str) -> str:
    """What a file is called, out of its address."""
    parts = urlsplit(url)
    return shorten(unquote(PurePosixPath(parts.path).name) or parts.netloc, _NAME_SHOWN)


def shorten(text: str, longest: int) -> str:
    """One line of at most so many characters, with a sign where some were left out."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"
