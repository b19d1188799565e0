"""Embeddings in prompts: those that a model was taught are drawn with, the others are told."""

from dataclasses import replace

import pytest

from generation.catalogue.families import find_card
from prompt.errors import PromptError
from prompt.reading.grammar import parse
from prompt.resolution.check import check
from prompt.resolution.resolve import resolve

TAUGHT = replace(find_card("sd15"), embeddings=("/words/EasyNegative.safetensors", "my-style.pt"))


@pytest.mark.parametrize(
    ("typed", "shown", "avoided", "told"),
    [
        ("an owl, embedding:my-style", "an owl, my-style", "", ""),
        ("an owl --no EasyNegative, fog", "an owl", "easynegative, fog", ""),
        ("(embedding:my-style.pt:1.3), an owl", "my-style, an owl", "", ""),
        ("an owl, embedding:other, snow", "an owl, snow", "", "`embedding:other`"),
        ("an owl, ((embedding:other)) in snow", "an owl, in snow", "", "`embedding:other`"),
        ("an owl --no (BadDream:1.2), fog", "an owl", "fog", "`BadDream`"),
        ("a bad hand, negative space", "a bad hand, negative space", "", ""),
    ],
)
def test_only_what_the_model_was_taught_is_said_to_it(
    typed: str, shown: str, avoided: str, told: str
) -> None:
    resolved = resolve(parse(typed), TAUGHT, model="m", seed=1)
    (phrase,) = resolved.recipe.conditions.phrases
    assert (phrase.text, resolved.recipe.conditions.negative.text) == (shown, avoided)
    assert told in " ".join(resolved.notes)
    assert bool(resolved.notes) == bool(told)


def test_a_weight_stays_with_its_embedding() -> None:
    resolved = resolve(parse("(embedding:my-style:1.3) owl"), TAUGHT, model="m", seed=1)
    (phrase,) = resolved.recipe.conditions.phrases
    assert phrase.chunks == ((("my-style", 1.3), (" owl", 1.0)),)


def test_an_unknown_embedding_alone_says_nothing_to_draw() -> None:
    with pytest.raises(PromptError, match="Say what to draw"):
        check(parse("embedding:other"), TAUGHT, images=0)
