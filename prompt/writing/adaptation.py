"""Adaptation: quality tags, unwanted words, weights and sentences as a program expects them."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from generation.recipe import Phrase
from prompt import sentences as said
from prompt.flags.table import NO, RATIO
from prompt.reading.emphasis import format_emphasis, read_emphasis
from prompt.reading.phrases import find_fault, format_phrases
from prompt.reading.separators import shorten
from prompt.sentences import Sentence
from prompt.writing.positives import turn_positive
from prompt.writing.programs import Abilities
from prompt.writing.prose import find_weight, is_prose, write_prose
from prompt.writing.quality import drop_tags, list_missing, read_tag, split_tags

Notes = list[str]
Phrases = tuple[Phrase, ...]
Unwanted = tuple[str, ...]

_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_ONLY: Final = "showing only what is named"


def split_weights(phrases: Phrases, able: Abilities, notes: Notes) -> Phrases:
    """Tags with weights as ideas of their own, for a program that mixes ideas by their shares."""
    if len(phrases) != 1 or not phrases[0].spans:
        return phrases
    tags = [tag for chunk in phrases[0].chunks for tag in split_tags(chunk)]
    words = [(text, round(find_weight(tag), 2)) for tag in tags if (text := read_tag(tag))]
    parts = tuple(
        Phrase(text=", ".join(text for text, _ in run), weight=weight)
        for weight, run in groupby(words, key=lambda word: word[1])
    )
    if find_fault(parts):
        return phrases
    typed, meant = shorten(format_phrases(phrases)), shorten(format_phrases(parts))
    notes.append(Sentence(said.OTHERWISE_THERE, program=able.title, typed=typed, meant=meant))
    return parts


def fit_quality(
    phrases: Phrases, unwanted: Unwanted, able: Abilities, notes: Notes
) -> tuple[Phrases, Unwanted]:
    """The words without quality tags of others, and with those that prompts there begin with."""
    read = [(drop_tags(one, able.foreign)) for one in phrases]
    against = [drop_tags(read_emphasis(item), able.foreign) for item in unwanted]
    if dropped := [word for _, words in (*read, *against) for word in words]:
        notes.append(Sentence(said.DROPPED_THERE, program=able.title, parts=quote(dropped)))
        phrases = tuple(phrase for phrase, _ in read if phrase.text)
        unwanted = tuple(format_emphasis(phrase) for phrase, _ in against if phrase.text)
    lead = list_missing(able.quality, phrases)
    flaws = list_missing(able.flaws, map(read_emphasis, unwanted))
    if lead or flaws:
        notes.append(Sentence(said.ADDED_THERE, program=able.title, parts=quote([*lead, *flaws])))
    first, *others = phrases or (Phrase(text=""),)
    words = ", ".join(filter(None, (*lead, format_emphasis(first))))
    begun = replace(read_emphasis(words), weight=first.weight) if lead else first
    kept = (begun, *others) if begun.text else ()
    return kept, (*flaws, *unwanted)


def say_positive(unwanted: Unwanted, able: Abilities, notes: Notes) -> tuple[list[str], list[str]]:
    """What is said in the place of unwanted words where there is no ``--no``, and what is lost."""
    turned = turn_positive(unwanted)
    if turned.positives:
        pairs = turned.positives.items()
        parts = ", ".join(f"`{shorten(word)}` → `{instead}`" for word, instead in pairs)
        notes.append(Sentence(said.TURNED_THERE, program=able.title, parts=parts))
    only = [_ONLY] if able.prose and turned.left else []
    lost = [NO.format((word,)) for word in (*turned.left, *turned.quality)]
    return [*dict.fromkeys(turned.positives.values()), *only], lost


def add_words(phrases: Phrases, words: Sequence[str]) -> Phrases:
    """Phrases with more words at the end of the first."""
    if not words:
        return phrases
    first, *others = phrases or (Phrase(text=""),)
    text = ", ".join(filter(None, (format_emphasis(first), *words)))
    return (replace(read_emphasis(text), weight=first.weight), *others)


def write_sentences(
    phrases: Phrases,
    positives: Sequence[str],
    ratio: tuple[int, int] | None,
    *,
    typed: str,
    able: Abilities,
    notes: Notes,
) -> Phrases:
    """The words as sentences, with what is told of them.

    Args:
        phrases: The words, of a single phrase.
        positives: What is said in the place of unwanted words.
        ratio: Width to height, where there is no other place for it.
        typed: The words before anything was done to them.
        able: What the program has.
        notes: Takes what is told.
    """
    text, templated = write_prose(phrases, positives, ratio)
    if ratio is not None:
        fields = {"typed": RATIO.format(ratio), "meant": shorten(text.rpartition(". ")[2])}
        notes.append(Sentence(said.OTHERWISE_THERE, program=able.title, **fields))
    if typed != text:
        fields = {"typed": shorten(typed), "meant": shorten(text)}
        notes.append(Sentence(said.OTHERWISE_THERE, program=able.title, **fields))
    if templated:
        notes.append(Sentence(said.PLAIN_THERE))
    return (Phrase(text=text),) if text else ()


def tell_windows(phrases: Phrases, able: Abilities, notes: Notes) -> None:
    """Tells of sentences that are longer than what a text encoder reads together."""
    for phrase in phrases:
        count = len(_TOKEN.findall(phrase.text))
        if (
            able.window
            and count > able.window
            and is_prose(phrase.text, 1 + phrase.text.count(","))
        ):
            fields = {"program": able.title, "limit": able.window, "count": count}
            notes.append(Sentence(said.WINDOW_THERE, **fields))
            return


def quote(parts: Sequence[str]) -> str:
    """Parts of a prompt, to stand in a sentence."""
    return ", ".join(f"`{shorten(part)}`" for part in parts)
