"""What a prompt says with its references: things, colours and styles in words, and weights."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from generation.catalogue.looks import DRAWN
from generation.guided.sayings import say_references
from generation.judge import name_reference
from generation.questions.question import Seen
from generation.recipe import Ingredient, Phrase, Reference, Role

CAT = Seen(thing="cat", colour="yellow", medium="3d")
SEEN = {
    "cat": CAT,
    "bear": Seen(thing="bear", medium="3d"),
    "apple": Seen(thing="apple", colour="red", medium="3d"),
    "plain": Seen(thing="owl", medium="flat"),
    "photograph": Seen(),
}


def reference(role: Role, *images: str, scale: float = 1.0) -> Reference:
    return Reference(role=role, images=tuple(Ingredient(image=i) for i in images), scale=scale)


@pytest.mark.parametrize(
    ("text", "role", "image", "said"),
    [
        ("", "object", "cat", "a yellow cat, 3d style"),
        ("line art", "object", "cat", "a yellow cat, line art"),
        ("on a red background", "figure", "cat", "a yellow cat on a red background, 3d style"),
        ("a dog, flat style", "figure", "cat", "a dog, flat style, a yellow cat"),
        ("a cat, flat style", "object", "cat", "a yellow cat, flat style"),
        ("a cat, pixel art", "object", "plain", "a cat, pixel art, an owl"),
        ("a blue cat, flat style", "object", "cat", "a blue cat, flat style"),
        ("blue, pixel art", "object", "cat", "a blue cat, pixel art"),
        ("the cat", "object", "cat", "the yellow cat, 3d style"),
        ("a pixel-art cat", "object", "cat", "a pixel-art yellow cat"),
        ("a kitten, Line Art", "figure", "cat", "a yellow kitten, Line Art"),
        ("On a blue background.", "object", "cat", "a yellow cat On a blue background, 3d style"),
        ("a dog in the style of pixel art", "style", "cat", "a dog, 3d style"),
        ("pixel art of a dog", "style", "cat", "a dog, 3d style"),
        ("in Pixel-Art style: a dog.", "style", "cat", "a dog, 3d style"),
        ("a green apple, flat style", "object", "apple", "a green apple, flat style, a red apple"),
        ("a cat with heart eyes", "object", "cat", "a cat with heart eyes, 3d style, a yellow cat"),
        ("a teddy bear, flat style", "object", "bear", "a teddy bear, flat style, a bear"),
        ("a dog", "style", "cat", "a dog, 3d style"),
        ("a dog on a blue background", "style", "plain", "a dog on a blue background, flat style"),
    ],
)
def test_what_a_reference_shows_is_said(text: str, role: Role, image: str, said: str) -> None:
    phrases = (Phrase(text=text),) if text else ()
    sayings = say_references(phrases, [reference(role, image)], SEEN)
    assert sayings
    # Of a style beside a named one the other half is what was said.
    told = [[phrase.text for phrase in one.phrases] for one in sayings]
    assert told in ([[said]], [[text], [said]])
    assert sum(one.weight for one in sayings) == pytest.approx(1)


def test_a_style_beside_a_named_one_counts_for_as_much() -> None:
    sayings = say_references((Phrase(text="a dog, line art"),), [reference("style", "cat")], SEEN)
    assert sayings
    assert [(one.phrases[0].text, one.weight) for one in sayings] == [
        ("a dog, line art", 0.5),
        ("a dog, 3d style", 0.5),
    ]


def test_a_style_counts_for_all_where_none_but_the_taste_is_named() -> None:
    phrases = (Phrase(text="a dog"), Phrase(text="3d style", weight=0.2))
    (only,) = say_references(phrases, [reference("style", "plain")], SEEN) or ()
    assert [one.text for one in only.phrases] == ["a dog, flat style", "flat style"]


def test_images_that_show_the_same_are_one_saying() -> None:
    asked = [reference(r, *["cat"] * 5, scale=0.5) for r in ("style", "figure", "object")]
    assert len(say_references((Phrase(text="a dog"),), asked, SEEN) or ()) <= 8


@pytest.mark.parametrize("weights", [(1e-320, 1e308), (math.inf, 1.0), (1e308, 1e308)])
def test_weights_of_any_size_are_shares(weights: tuple[float, float]) -> None:
    images = tuple(
        Ingredient(image=name, weight=w) for name, w in zip(("cat", "plain"), weights, strict=True)
    )
    asked = Reference(role="object", images=images, scale=0.5)
    sayings = say_references((), [asked], SEEN)
    assert sayings
    assert sum(one.weight for one in sayings) == pytest.approx(1)


@pytest.mark.parametrize("role", ["style", "object"])
def test_what_cannot_be_named_is_not_said(role: Role) -> None:
    for images in (("photograph",), ("cat", "photograph"), ("nowhere",)):
        assert say_references((), [reference(role, *images)], SEEN) is None
    sayings = say_references((), [], SEEN)
    assert sayings
    assert (sayings[0].phrases, sayings[0].weight) == ((), 1)


@given(
    st.lists(
        st.builds(
            lambda role, images, scale: reference(role, *images, scale=scale),
            st.sampled_from(["style", "figure", "object"]),
            st.lists(st.sampled_from(["cat", "plain"]), min_size=1, max_size=3),
            st.floats(0.01, 1.6),
        ),
        max_size=3,
    ),
    st.sampled_from(["", "a dog", "a cat, pixel art", "on a blue background"]),
)
def test_weights_are_one_together_and_what_was_said_stays(
    references: list[Reference], text: str
) -> None:
    sayings = say_references((Phrase(text=text, weight=2.0),), references, SEEN)
    assert sayings
    assert sum(one.weight for one in sayings) == pytest.approx(1)
    for one in sayings:
        assert one.weight > 0
        (phrase,) = one.phrases
        assert phrase.weight == 2
        for word in ("dog", "blue background"):
            assert word not in text or word in phrase.text
        assert sum(style in phrase.text for style in DRAWN) <= 1


def test_of_a_picture_without_ground_or_of_it_alone_nothing_is_named() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    assert name_reference(Image.fromarray(noise)) == Seen()
    assert name_reference(Image.new("RGB", (64, 64), "red")) == Seen()
