"""Embeddings: names of words that some models were taught afterwards, as people write them.

ComfyUI's ``embedding:name`` can be nothing else. AUTOMATIC1111 takes the bare name, which is told
from words only where it is one of those that negative prompts are full of.
"""

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from generation.recipe import Phrase
from prompt.reading.emphasis import format_emphasis, read_emphasis
from prompt.reading.separators import GONE, close_gaps

_EMBEDDING: Final = re.compile(
    r"(?<![\w:])embedding:([\w./-]++)"
    r"|(?<![\w-])(?:(?:Easy|Fast|Deep|Bad|verybadimage|ng_deep|CyberRealistic_)_?negative(?:XL)?"
    r"(?:[_-]?v\d[\w.]{0,8})?(?:_75t)?|bad-?hands?-?v?\d|badhandv4|bad_prompt(?:_version2)?|"
    r"negative_hand(?:-neg)?|unaestheticXLv?\d?\w?|negativeXL_[A-D]|BadDream|UnrealisticDream|"
    r"bad-artist|bad_pictures)(?![\w-])",
    re.IGNORECASE,
)
_SIGNS: Final = ("embedding:", "negative", "bad", "unaesthetic", "unrealistic")
_ENDING: Final = re.compile(r"\.(?:pt|safetensors)\Z", re.IGNORECASE)
_WEIGHED: Final = re.compile(r"[(\[]\ufffc(?::[\d.]{1,12})?[)\]]")
"""Brackets that only weigh what was taken out."""

_DEEPEST: Final = 6


def place_embeddings(phrase: Phrase, known: Collection[str]) -> tuple[Phrase, tuple[str, ...]]:
    """A phrase with the embeddings that are known by name, and the others, which it is without.

    Args:
        phrase: Words.
        known: Names in lower case.
    """
    low = phrase.text.lower()
    if not any(map(low.__contains__, _SIGNS)):
        return phrase, ()
    lost = list[str]()

    def place(found: re.Match[str]) -> str:
        name = _ENDING.sub("", found[1] or found[0]).rpartition("/")[2].lower()
        if name in known:
            return name
        lost.append(found[0])
        return GONE

    text = _EMBEDDING.sub(place, format_emphasis(phrase))
    for _ in range(_DEEPEST):
        text = _WEIGHED.sub(GONE, text)
    placed = read_emphasis(" ".join(close_gaps(text).split()))
    return replace(placed, weight=phrase.weight), tuple(lost)


def spell_embeddings(phrase: Phrase, form: str) -> Phrase:
    """A phrase with the names of embeddings as a program writes them.

    Args:
        phrase: Words.
        form: How it writes one, with braces for the name.
    """
    low = phrase.text.lower()
    if not any(map(low.__contains__, _SIGNS)):
        return phrase
    typed = format_emphasis(phrase)
    text = _EMBEDDING.sub(lambda found: form.format(found[1] or found[0]), typed)
    return phrase if text == typed else replace(read_emphasis(text), weight=phrase.weight)
