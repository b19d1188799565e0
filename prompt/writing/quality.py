"""Quality tags: words that ask for a good picture of those models that were taught them.

Each kind of model was taught tags of its own; to others they are noise, or draw what they say.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from generation.recipe import Phrase
from prompt.reading.emphasis import BREAK, read_emphasis

Stretch = tuple[str, float]
"""Words and the weight of their tokens."""

SCORES: Final = ("score_9", "score_8_up", "score_7_up")
"""What prompts for Pony begin with (the model's own page), and..."""

LOW_SCORES: Final = ("score_6", "score_5", "score_4")
"""what is unwanted there."""

PRAISE: Final = ("masterpiece", "best quality")
"""What prompts for Illustrious and NoobAI begin with, and..."""

LOW_PRAISE: Final = ("lowres", "worst quality", "bad anatomy")
"""what is unwanted there."""

_PONY: Final = re.compile(r"(?:score_\d(?:_up)?|(?:source|rating)[_:]\w++)")
_YEAR: Final = re.compile(r"year \d{4}")
_BOORU: Final = frozenset(
    {
        *PRAISE, "absurdres", "amazing quality", "high quality", "highest quality", "highres",
        "newest", "top quality", "ultra-detailed", "very aesthetic", "very awa",
    }
)  # fmt: skip
_TALK: Final = frozenset(
    {"4k", "8k", "8k uhd", "award winning", "hd", "uhd", "trending on artstation"}
)

BLAME: Final = frozenset(
    {
        *LOW_SCORES, *LOW_PRAISE, "amateur", "artifacts", "artefacts", "bad", "bad art",
        "bad composition", "bad eyes", "bad face", "bad feet", "bad hands", "bad perspective",
        "bad proportions", "bad quality", "boring", "compression artifacts", "deformed",
        "deformed hands", "deformed iris", "disfigured", "disgusting", "displeasing", "error",
        "extra arms", "extra digit", "extra digits", "extra fingers", "extra legs", "extra limb",
        "extra limbs", "fewer digits", "fused fingers", "jpeg artifacts", "long neck",
        "low quality", "low res", "low resolution", "low-res", "malformed", "malformed hands",
        "malformed limbs", "missing arms", "missing fingers", "missing legs", "missing limbs",
        "morbid", "mutated", "mutated hands", "mutation", "mutilated", "normal quality",
        "pixelated", "poor quality", "poorly drawn", "poorly drawn face", "poorly drawn hands",
        "strange", "too many fingers", "ugly", "unfinished", "very displeasing",
        "worst aesthetic",
    }
)  # fmt: skip
"""Talk of bad quality, which asks for nothing that could be drawn."""


BOARD_BLAME: Final = BLAME & {
    *LOW_SCORES, *LOW_PRAISE, "bad art", "bad feet", "bad hands", "bad proportions", "bad quality",
    "displeasing", "error", "extra digit", "extra digits", "extra limbs", "fewer digits",
    "jpeg artifacts", "low quality", "missing arms", "missing fingers", "missing legs",
    "mutated hands", "normal quality", "poorly drawn face", "poorly drawn hands",
    "very displeasing", "worst aesthetic",
}  # fmt: skip
"""What of it only models know that learnt from boards where it is a tag."""


def is_score(word: str) -> bool:
    """Whether a word is a quality tag of Pony's."""
    return _PONY.fullmatch(word) is not None


def is_praise(word: str) -> bool:
    """Whether a word is a quality tag of models that were taught anime's boards."""
    return word in _BOORU


def is_tag(word: str) -> bool:
    """Whether a word is any quality tag."""
    return is_score(word) or is_praise(word) or _YEAR.fullmatch(word) is not None


def is_talk(word: str) -> bool:
    """Whether a word is a quality tag, or says nothing but that a picture is good."""
    return is_tag(word) or word in _TALK


def split_tags(chunk: Iterable[Stretch]) -> Iterator[list[Stretch]]:
    """What stands between the commas of a phrase's part, each in stretches of one token weight."""
    tag: list[Stretch] = []
    for text, weight in chunk:
        first, *others = text.split(",")
        tag.append((first, weight))
        for other in others:
            yield tag
            tag = [(other, weight)]
    yield tag


def read_tag(tag: Sequence[Stretch]) -> str:
    """A tag's words alone."""
    return "".join(text for text, _ in tag).strip()


def write_tag(tag: Sequence[Stretch]) -> str:
    """A tag with every weight as a number, and its own brackets as characters."""
    return "".join(_write_stretch(text, weight) for text, weight in tag).strip()


def _write_stretch(text: str, weight: float) -> str:
    text = re.sub(r"[()\[\]]", r"\\\g<0>", text)
    bare = text.strip()
    if weight == 1.0 or not bare:
        return text
    return text.replace(bare, f"({bare}:{weight:.10g})", 1)


def drop_tags(phrase: Phrase, unknown: Callable[[str], bool]) -> tuple[Phrase, list[str]]:
    """A phrase without the tags that a program does not know, and those tags."""
    dropped, chunks = list[str](), list[str]()
    for chunk in phrase.chunks:
        kept = list[str]()
        for tag in split_tags(chunk):
            (dropped if unknown(read_tag(tag).lower()) else kept).append(write_tag(tag))
        chunks.append(", ".join(filter(None, kept)))
    if not dropped:
        return phrase, []
    words = read_emphasis(f" {BREAK} ".join(filter(None, chunks)))
    return replace(words, weight=phrase.weight), dropped


def list_missing(wanted: Sequence[str], phrases: Iterable[Phrase]) -> list[str]:
    """Of tags that a program expects those to be added: all, or none where one is there."""
    chunks = (chunk for phrase in phrases for chunk in phrase.chunks)
    there = {read_tag(tag).lower() for chunk in chunks for tag in split_tags(chunk)}
    return [] if there.intersection(wanted) else list(wanted)
