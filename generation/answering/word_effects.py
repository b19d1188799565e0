"""What each word of a prompt does to a model's prediction, not to an embedding of it.

A word is replaced by as many commas as it has tokens, so that all others keep their places, and the
model is asked where the same noise would lead. How far that is from where the whole prompt leads is
what the word does. What stands between two commas is measured as a whole besides: the words of a
name may each do little alone.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from torch import Tensor

from generation.catalogue.card import Card
from generation.questions.question import Effect
from generation.recipe import Conditions, Phrase, Recipe, Sampling, Size, seed_noise
from generation.sampling.engine import Engine

MOST_WORDS: Final = 60
"""Words that are measured; those behind them are taken for idle."""

_SEED: Final = 1
_WORD: Final = re.compile(r"[^\s,]+")
_ITEM: Final = re.compile(r"[^,]+")
_MASK: Final = " ,"

Stretch = tuple[int, int]


def measure_words(
    engine: Engine,
    text: str,
    told: Callable[[int, int], None],
    masked: Sequence[str] = (),
) -> tuple[Effect, ...]:
    """How much each word of a text does, in order.

    Args:
        engine: The model that is asked.
        text: Words of a prompt, without flags.
        told: Called with how many of all texts were looked at; whatever it raises ends it.
        masked: For a model that is told other words than these, what it is told of all of them, and
            then without each.
    """
    words = [match.span() for match in _WORD.finditer(text)]
    measured = words[:MOST_WORDS]
    items = [] if masked else _list_items(text, measured)
    stretches = [*measured, *(stretch for stretch, _ in items)]
    if not measured:
        return ()
    texts = [text, *(_mask(text, stretch, engine.pipe) for stretch in stretches)]
    texts = list(masked[: len(texts)]) or texts
    base = write_recipe(engine.card, engine.card.model, texts[0])
    recipes = [_say(base, each) for each in texts]
    estimates = engine.estimate(recipes, lambda done: told(done, len(recipes)))
    distances = _compare(estimates)
    shares = distances[: len(measured)]
    for (_, members), whole in zip(items, distances[len(measured) :], strict=True):
        shares = _raise_together(shares, members, whole)
    strongest = max(shares) or 1.0
    known = [share / strongest for share in shares]
    known += [0.0] * (len(words) - len(measured))
    return tuple(
        Effect(text[start:end], share) for (start, end), share in zip(words, known, strict=True)
    )


def _list_items(text: str, words: Sequence[Stretch]) -> list[tuple[Stretch, list[int]]]:
    """Stretches between commas that hold several words, with the places of these among all."""
    found = []
    for match in _ITEM.finditer(text):
        start, end = match.span()
        members = [k for k, word in enumerate(words) if start <= word[0] < end]
        if len(members) > 1:
            found.append(((words[members[0]][0], words[members[-1]][1]), members))
    # One item alone is the whole prompt, whose words are compared with each other anyway.
    return [one for one in found if len(one[1]) < len(words)]


def _raise_together(shares: Sequence[float], members: Sequence[int], whole: float) -> list[float]:
    """Shares of which those of one item are raised until the strongest does what the item does."""
    strongest = max(shares[k] for k in members)
    factor = max(1.0, whole / strongest) if strongest else 1.0
    raised = list(shares)
    for k in members:
        raised[k] = shares[k] * factor
    return raised


def _mask(text: str, stretch: Stretch, pipe: Any) -> str:  # noqa: ANN401 - diffusers has no types
    """The text with commas in the place of each word of a stretch, one for each token."""
    start, end = stretch
    # A processor, where a model has one in the tokenizer's place, holds it.
    tokenizer = getattr(pipe.tokenizer, "tokenizer", pipe.tokenizer)
    read = tokenizer(text[start:end], add_special_tokens=False, truncation=False, verbose=False)
    return f"{text[:start]}{_MASK * max(1, len(read.input_ids))}{text[end:]}"


def write_recipe(card: Card, model: str, text: str) -> Recipe:
    """One picture of a text as the model usually draws it.

    Args:
        card: The model's card.
        model: What recipes call it.
        text: Words of a prompt.
    """
    return Recipe(
        family=card.id,
        model=model,
        prompt=text,
        size=Size(width=card.side, height=card.side),
        noise=seed_noise(_SEED, 1),
        sampling=Sampling(steps=card.steps, guidance=card.guidance, sampler=card.sampler),
        conditions=Conditions(phrases=(Phrase(text=text),)),
    )


def _say(recipe: Recipe, text: str) -> Recipe:
    conditions = replace(recipe.conditions, phrases=(Phrase(text=text),))
    return replace(recipe, prompt=text, conditions=conditions)


def _compare(estimates: Sequence[tuple[Tensor, Tensor]]) -> list[float]:
    """How far each estimate but the first is from the first; both levels count the same."""
    base, others = estimates[0], estimates[1:]
    levels = [
        [float((one[level] - base[level]).norm()) for one in others] for level in range(len(base))
    ]
    longest = [max(level) or 1.0 for level in levels]
    return [
        sum(each / most for each, most in zip(row, longest, strict=True)) / len(levels)
        for row in zip(*levels, strict=True)
    ]
