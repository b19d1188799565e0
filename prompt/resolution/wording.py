"""Wording: a prompt's words as a model reads them, with token weights where it has them."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, cast

from generation.catalogue.card import Capability, Card
from generation.recipe import Phrase, Weighting
from prompt import sentences as said
from prompt.flags.table import NO, WEIGHTING
from prompt.reading.embeddings import place_embeddings
from prompt.reading.emphasis import drop_weights, read_emphasis
from prompt.reading.grammar import Prompt
from prompt.reading.separators import shorten
from prompt.sentences import Sentence


def weigh_words(prompt: Prompt, card: Card) -> tuple[tuple[Phrase, ...], Phrase, tuple[str, ...]]:
    """What the pictures should show and what they should not, and what weights are lost.

    Args:
        prompt: The person's words.
        card: The family that will draw.

    Returns:
        The wanted phrases; the unwanted words, with those that the family always avoids; and
        sentences of embeddings and token weights that were written and that it does not have.
    """
    told = list[Sentence]()
    unwanted = read_emphasis(", ".join(NO.of(prompt.flags) or ()))
    placed = [place_embeddings(one, card.learnt) for one in (*prompt.phrases, unwanted)]
    *wanted, unwanted = [one for one, _ in placed]
    phrases = tuple(one for one in wanted if one.text)
    if names := dict.fromkeys(chain.from_iterable(names for _, names in placed)):
        typed, model = shorten(", ".join(names)), Sentence(card.title)
        told.append(Sentence(said.EMBEDDING, typed=typed, model=model))
    lost = ""
    if Capability.EMPHASIS not in card.capabilities:
        bare = [drop_weights(one) for one in (*phrases, unwanted)]
        *wanted, unwanted = [one for one, _ in bare]
        phrases = tuple(wanted)
        lost = next((typed for _, typed in bare if typed), "")
    words = ", ".join(filter(None, (unwanted.text, card.avoided)))
    if lost:
        told.append(_tell_lost(lost, card))
    phrases = tuple(lead_with(card.added, one) for one in phrases) if card.added else phrases
    return phrases, Phrase(text=words, spans=unwanted.spans, breaks=unwanted.breaks), tuple(told)


def lead_with(words: str, phrase: Phrase) -> Phrase:
    """A phrase with words before its own, unless it is unwanted or has them already."""
    if phrase.weight <= 0 or words.casefold() in phrase.text.casefold():
        return phrase
    before = f"{words}, " if phrase.text else words
    return replace(
        phrase,
        text=before + phrase.text,
        spans=tuple(
            replace(span, start=span.start + len(before), end=span.end + len(before))
            for span in phrase.spans
        ),
        breaks=tuple(place + len(before) for place in phrase.breaks),
    )


def choose_weighting(values: Mapping[str, Any], unwanted: Phrase, *phrases: Phrase) -> Weighting:
    """Whose arithmetic weighs tokens; the default where no token has a weight."""
    weighted = unwanted.spans or any(one.spans for one in phrases)
    return cast("Weighting", (WEIGHTING.of(values) if weighted else None) or "a1111")


def _tell_lost(typed: str, card: Card) -> Sentence:
    capability = Sentence(Capability.EMPHASIS)
    model = Sentence(card.title)
    return Sentence(said.NO_EMPHASIS, model=model, capability=capability, typed=typed)
