"""The shape of pictures that are made from an image."""

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.catalogue.card import Capability, Card
from generation.catalogue.families import CARDS, VARIANTS, find_card
from prompt.reading.grammar import parse
from prompt.resolution.resolve import Resolved, resolve

IMAGE, OTHER = "ab" * 32, "cd" * 32
LINK = "https://a.example/1.png"
ABLE = [each for each in (*CARDS, *VARIANTS) if Capability.IMAGE_PROMPT in each.capabilities]


def made(text: str, on: Card, images: tuple[str, ...], **shapes: tuple[int, int]) -> Resolved:
    known = {"ab" * 32: shapes.get("first", (1, 1)), "cd" * 32: shapes.get("second", (1, 1))}
    kept = {LINK: OTHER}
    prompt = parse(text)
    return resolve(prompt, on, model="m", seed=1, images=images, kept=kept, shapes=known)


def log_ratio(size: tuple[int, int]) -> float:
    return log(size[0] / size[1])


@given(st.sampled_from(ABLE), st.integers(1, 4096), st.integers(1, 4096))
def test_a_picture_has_its_images_ratio_as_far_as_the_family_draws(
    on: Card, width: int, height: int
) -> None:
    resolved = made("an owl", on, (IMAGE,), first=(width, height))
    size = resolved.recipe.size
    limit = log(on.longest_ratio)
    wanted = max(-limit, min(limit, log_ratio((width, height))))
    # Each side is rounded to what the family takes.
    step = on.multiple / 2 / size.width + on.multiple / 2 / size.height
    assert abs(log_ratio((size.width, size.height)) - wanted) <= step * 1.1
    assert max(size.width, size.height) <= on.longest_ratio * min(size.width, size.height)
    told = f"{on.title} draws from 1:{on.longest_ratio:g} to {on.longest_ratio:g}:1, so the ends"
    longer = max(width, height) > on.longest_ratio * min(width, height)
    cut = [note for note in resolved.notes if "cut off" in note]
    assert cut == ([f"{told} of the image were cut off."] if longer else [])


@pytest.mark.parametrize(
    ("text", "images", "on", "ratio"),
    [
        ("owl --ar 1:2", (IMAGE,), "easel", (1, 2)),
        ("owl", (), "easel", (1, 1)),
        ("owl --iw 0", (IMAGE,), "easel", (1, 1)),
        ("owl --strength 0", (IMAGE,), "easel", (3, 2)),
        ("owl", (IMAGE, OTHER), "easel", (3, 2)),
        ("owl --strength 0.5", (OTHER, IMAGE), "easel", (1, 3)),
        ("owl --control lineart", (IMAGE,), "easel", (3, 2)),
        (f"owl --sref {LINK}", (), "easel", (1, 1)),
        (f"owl --sref {LINK}", (IMAGE,), "easel", (3, 2)),
        ("make it night --edit", (IMAGE,), "flux2-klein", (3, 2)),
        (f"make it night --edit {LINK}", (), "flux2-klein", (1, 3)),
    ],
)
def test_whose_shape_counts(
    text: str, images: tuple[str, ...], on: str, ratio: tuple[int, int]
) -> None:
    size = made(text, find_card(on), images, first=(600, 400), second=(100, 300)).recipe.size
    assert (size.width, size.height) == find_card(on).size(*ratio)


def test_an_image_given_back_is_one_picture_unless_more_are_asked_for() -> None:
    for flags, count in (("", 1), (" --batch 3", 3)):
        assert (
            len(made(f"owl --strength 0{flags}", find_card("easel"), (IMAGE,)).recipe.noise)
            == count
        )
    assert made("owl --strength 0", find_card("easel"), (IMAGE, OTHER)).recipe.inputs.gives_back
