"""What ``--stylize``, ``--chaos`` and their like become."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.catalogue.card import Capability, Card
from generation.catalogue.families import CARDS, find_card
from generation.derive import REDRAWN
from generation.recipe import Recipe
from prompt.errors import PromptError
from prompt.reading.grammar import parse
from prompt.resolution.resolve import resolve
from tests.recipes import change

EASEL = find_card("easel")
EVERY = pytest.mark.parametrize("on", CARDS, ids=lambda card: card.id)


def recipe(text: str, on: Card = EASEL) -> Recipe:
    images = ["ab" * 32] if on.needs_image else []
    return resolve(parse(text), on, model="m", seed=1, images=images).recipe


@EVERY
@pytest.mark.parametrize(
    "flags",
    [
        "--stylize 100",
        "--chaos 0",
        "--weird 0",
        "--stop 100",
        "--exp 0",
        "--quality 1",
        "--raw",
        "--style raw",
        "--sd",
    ],
)
def test_defaults_and_raw_leave_every_pixel_as_it_was(flags: str, on: Card) -> None:
    assert recipe(f"apple {flags}", on).digest == recipe("apple", on).digest


@EVERY
@pytest.mark.parametrize(
    ("flags", "field", "value"),
    [
        ("--stop 40", "stop", 0.4),
        ("--tile", "seamless", True),
        ("--exp 25", "detail", 0.25),
        ("--hd", "refinement", REDRAWN),
        ("--chaos 100", "chaos", 1.0),
        ("--weird 3000", "weirdness", 1.0),
    ],
)
def test_become_fields_of_the_recipe(flags: str, field: str, value: object, on: Card) -> None:
    needed = {"refinement": Capability.HD, "seamless": Capability.TILE}.get(field)
    if needed is not None and needed not in on.capabilities:
        with pytest.raises(PromptError, match=f"does not support {needed}"):
            recipe(f"apple {flags}", on)
        return
    made = recipe(f"apple {flags}", on)
    # What looks for other shapes, or for none in the middle, begins at no plan.
    plan = 0.0 if field in ("seamless", "chaos", "weirdness") else on.plan
    assert made == change(
        recipe("apple", on), parameters=made.parameters, plan=plan, **{field: value}
    )


def shares(text: str, on: Card = EASEL) -> dict[str, float]:
    return {phrase.text: phrase.weight for phrase in recipe(text, on).conditions.phrases}


@EVERY
def test_the_whole_taste_stands_behind_every_wanted_phrase(on: Card) -> None:
    taste = on.vocabulary.taste
    assert shares("cat:: dog::2 --s 1000", on) == {f"cat, {taste}": 1.0, f"dog, {taste}": 2.0}


@given(st.integers(101, 1000))
def test_above_the_default_taste_grows_and_weight_stays(stylize: int) -> None:
    taste = EASEL.vocabulary.taste
    here, there = (shares(f"cat --s {s}").get(f"cat, {taste}", 0.0) for s in (stylize - 1, stylize))
    assert here < there <= 1
    assert sum(shares(f"cat --s {stylize}").values()) == pytest.approx(1)


@given(st.integers(0, 99), st.floats(0.5, 9))
def test_below_the_default_pictures_are_pushed_away(stylize: int, weight: float) -> None:
    taste = EASEL.vocabulary.taste
    here, there = (shares(f"cat::{weight:.3f} --s {s}") for s in (stylize, stylize + 1))
    assert here[taste] < there.get(taste, 0.0) <= 0
    assert here[taste] >= -0.25 * weight * 1.001
    assert here["cat"] == pytest.approx(weight, abs=0.001)


@pytest.mark.parametrize("raw", ["--raw", "--style raw"])
def test_raw_leaves_half_of_the_taste_that_was_asked_for(raw: str) -> None:
    taste = EASEL.vocabulary.taste
    whole, half = (shares(f"cat --s 1000 {more}")[f"cat, {taste}"] for more in ("", raw))
    assert half == pytest.approx(whole / 2)


def test_taste_comes_behind_a_style_by_code() -> None:
    (text,) = shares("cat --sref 5 --s 1000")
    assert text.startswith("cat, ")
    assert text.endswith(EASEL.vocabulary.taste)


@pytest.mark.parametrize(
    ("flags", "factor"),
    [("--q 0.5", 0.5), ("--q 2", 2), ("--draft", 0.5), ("--draft --q 2", 1), ("--q .25", 0.25)],
)
@EVERY
def test_quality_and_draft_set_the_steps(flags: str, factor: float, on: Card) -> None:
    assert recipe(f"apple {flags}", on).sampling.steps == max(1, round(on.steps * factor))


@given(st.floats(0.25, 4), st.floats(0.25, 4))
def test_more_quality_never_takes_fewer_steps(one: float, other: float) -> None:
    low, high = sorted((one, other))
    less, more = (recipe(f"apple --q {quality:.2f}").sampling.steps for quality in (low, high))
    assert less <= more


@pytest.mark.parametrize(
    "words", ["a c++ book", "a frame (16:9)", "smile :)", "ROCK AND ROLL", "a well-known dog-"]
)
@pytest.mark.parametrize(
    "on", [card for card in CARDS if not card.taught], ids=lambda card: card.id
)
def test_words_mean_what_they_say(words: str, on: Card) -> None:
    (phrase,) = recipe(f"{words} --seed 3", on).conditions.phrases
    assert (phrase.text, phrase.weight) == (words, 1.0)
