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
from prompt.reading.grammar import format_flags
from prompt.reading.phrases import find_fault, format_phrases
from prompt.reading.separators import shorten
from prompt.sentences import Sentence
from prompt.writing.asides import read_asides, read_refusal
from prompt.writing.positives import turn_positive
from prompt.writing.programs import Abilities
from prompt.writing.prose import find_weight, is_prose, write_prose
from prompt.writing.quality import (
    BOARD_BLAME,
    drop_tags,
    list_missing,
    read_tag,
    split_tags,
    write_tag,
)

Notes = list[str]
Phrases = tuple[Phrase, ...]
Unwanted = tuple[str, ...]

_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_ONLY: Final = "with only what is named"


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
    board = BOARD_BLAME if able.speaks and not able.prose else frozenset[str]()
    unknown = lambda word: word in board or able.foreign(word)  # noqa: E731
    against = [drop_tags(read_emphasis(item), unknown) for item in unwanted]
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


def take_asides(
    phrases: Phrases, unwanted: Unwanted, able: Abilities, notes: Notes
) -> tuple[Phrases, Unwanted, tuple[int, int] | None]:
    """The words without what they say about the picture, which is unwanted things and a ratio."""
    typed, ratio, refused = format_phrases(phrases), None, list[str]()
    if len(phrases) == 1 and not phrases[0].is_weighted and not able.asked:
        asides = read_asides(phrases[0].text)
        if asides.text:
            phrases, ratio = (Phrase(text=asides.text),), asides.ratio
            refused += asides.unwanted
    if able.speaks:
        read = [drop_tags(one, lambda word: bool(read_refusal(word))) for one in phrases]
        # What is nothing but a refusal stays as it is.
        if all(phrase.text for phrase, _ in read):
            phrases = tuple(phrase for phrase, _ in read)
            refused += (read_refusal(tag) for _, tags in read for tag in tags)
    if format_phrases(phrases) == typed:
        return phrases, unwanted, None
    asked = {RATIO.name: ratio, NO.name: tuple(refused)}
    flags = format_flags({name: value for name, value in asked.items() if value})
    # Sentences are told of once they are written.
    if not able.prose:
        fields = {
            "typed": shorten(typed),
            "meant": shorten(" ".join([format_phrases(phrases), *flags])),
        }
        notes.append(Sentence(said.OTHERWISE_THERE, program=able.title, **fields))
    return phrases, tuple(dict.fromkeys((*unwanted, *refused))), ratio


def push_away(
    phrases: Phrases, unwanted: Unwanted, able: Abilities, notes: Notes
) -> tuple[Phrases, Unwanted]:
    """The words without those whose weight is none or less, which are unwanted then."""
    kept = list[Phrase]()
    for one in phrases:
        tags = [tag for chunk in one.chunks for tag in split_tags(chunk)]
        pushed = [tag for tag in tags if read_tag(tag) and find_weight(tag) <= 0]
        if not pushed:
            kept.append(one)
            continue
        left = ", ".join(write_tag(tag) for tag in tags if tag not in pushed)
        unwanted += tuple(read_tag(tag) for tag in pushed if find_weight(tag) < 0)
        if not able.prose:
            fields = {"typed": shorten(format_emphasis(one)), "meant": shorten(left)}
            notes.append(Sentence(said.OTHERWISE_THERE, program=able.title, **fields))
        kept += [replace(read_emphasis(left), weight=one.weight)] if left else []
    return tuple(kept), tuple(dict.fromkeys(unwanted))


def say_positive(
    unwanted: Unwanted, shown: str, able: Abilities, notes: Notes
) -> tuple[list[str], list[str]]:
    """What is said in the place of unwanted words where there is no ``--no``, and what is lost."""
    turned = turn_positive(unwanted, shown)
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
