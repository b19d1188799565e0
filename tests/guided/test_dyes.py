"""Dyes: the colours that words name, given to a picture by the rules that made the artwork."""

import pytest
import torch
from torch import Tensor

from generation.guided.dyes import COLOUR_WORDS, COLOURS, colour_shares, dye, find_cover, lay
from generation.guided.told_colours import Told, list_things, take_colours

HUES = ("red", "orange", "yellow", "green", "blue", "purple", "pink")


def patch(colour: str, side: int = 32) -> Tensor:
    """A square of a colour in the middle of white (3, side, side), with a white hole in it."""
    picture, quarter = torch.ones(3, side, side), side // 4
    picture[:, quarter:-quarter, quarter:-quarter] = torch.tensor(COLOURS[colour])[:, None, None]
    picture[:, 15:17, 15:17] = 1
    return picture


def shown(picture: Tensor, *, dirty: float = 0.0) -> Tensor:
    """A thing (3, H, W) on white, and on black and green; its rest is what is as light as white."""
    thing = picture.amin(0) < 1
    thing[13:19, 13:19] = True
    grounds = torch.tensor([COLOURS[one] for one in ("white", "black", "green")])
    laid = torch.where(thing, picture, grounds[:, :, None, None])
    laid[0, :, :4, 4:12] -= dirty
    return laid


def named(picture: Tensor) -> str:
    inside = picture[None, :, 8:-8, 8:-8]
    return COLOUR_WORDS[int(colour_shares(inside, torch.ones(1, 16, 16)).argmax())]


def is_ground(picture: Tensor, colour: str) -> bool:
    behind = torch.cat([picture[:, :7].flatten(1), picture[:, :, -7:].flatten(1)], 1)
    return torch.allclose(behind, torch.tensor(COLOURS[colour])[:, None].expand_as(behind))


@pytest.mark.parametrize("own", ["red", "orange", "green", "blue"])
@pytest.mark.parametrize("wanted", [*HUES, "brown", "black", "grey"])
@pytest.mark.parametrize("ground", ["white", "blue"])
def test_a_thing_takes_on_any_colour_and_its_ground_another(
    own: str, wanted: str, ground: str
) -> None:
    made = dye(shown(patch(own)), wanted, ground, lines=False)
    assert made is not None
    assert named(made) == wanted
    assert is_ground(made, ground)


@pytest.mark.parametrize("wanted", [word for word in COLOUR_WORDS if word != "white"])
def test_lines_are_inked_and_the_ground_is_seen_through_them(wanted: str) -> None:
    made = dye(patch("black")[None], wanted, "yellow", lines=True)
    assert made is not None
    torch.testing.assert_close(made[:, 10, 10], torch.tensor(COLOURS[wanted]), atol=0.12, rtol=0)
    torch.testing.assert_close(made[:, 15, 15], torch.tensor(COLOURS["yellow"]))
    assert is_ground(made, "yellow")


@pytest.mark.parametrize("colour", ["", "blue"])
def test_haze_between_lines_is_ground(colour: str) -> None:
    hazy = patch("black").clamp_max(0.95)[None]
    whole = dye(hazy, colour, lines=True) if colour else lay(hazy, "white", lines=True)
    assert whole is not None
    assert is_ground(whole, "white")


@pytest.mark.parametrize("ground", ["white", "blue"])
@pytest.mark.parametrize("lines", [False, True])
def test_a_white_thing_keeps_its_shades(lines: bool, ground: str) -> None:
    shaded = patch("red")
    shaded[:, 18:24, 8:24] *= 0.4
    made = dye(shown(shaded), "white", ground, lines=lines)
    assert made is not None
    assert is_ground(made, ground)
    light, dark = made[:, 10, 12], made[:, 20, 12]
    assert lines or light.mean() > dark.mean() + 0.05
    assert 0.95 > light.mean() >= dark.mean() > 0.65
    assert ground == "blue" or (made.amax(0) - made.amin(0)).max() < 0.01


def test_black_lines_are_white_on_black() -> None:
    made = lay(patch("black")[None], "black", lines=True)
    assert made[:, 10, 10].min() > 0.85
    assert is_ground(made, "black")


@pytest.mark.parametrize("wanted", ["yellow", "brown"])
def test_a_soft_outline_that_is_tinted_lies_between_the_tint_and_the_ground(wanted: str) -> None:
    soft = patch("grey")
    soft[:, 8] = (soft[:, 8] + 1) / 2
    made = dye(shown(soft), wanted, "blue", lines=False)
    assert made is not None
    halfway = (made[:, 12, 12] + torch.tensor(COLOURS["blue"])) / 2
    torch.testing.assert_close(made[:, 8, 12], halfway, atol=0.05, rtol=0)


def test_what_has_no_hue_is_tinted_as_far_as_it_is_light() -> None:
    made = dye(shown(patch("grey")), "blue", lines=False)
    assert made is not None
    assert named(made) == "blue"
    assert is_ground(made, "white")
    dark = patch("black")
    dark[:, 15:17, 15:17] = 0.1
    # Too dark for any rule.
    assert dye(shown(dark), "yellow", lines=False) is None


@pytest.mark.parametrize("own", ["green", "white"])
def test_a_ground_is_cleaned_and_what_stays_on_every_ground_is_the_thing(own: str) -> None:
    pale = patch("green")
    pale[:, 8:-8, 8:-8] = torch.tensor(COLOURS[own])[:, None, None] - 0.1
    hazy = shown(pale, dirty=0.1)
    made = lay(hazy, "white", lines=False)
    assert is_ground(made, "white")
    cover = find_cover(hazy, lines=False)
    assert cover[:7].amax() == 0
    assert cover[9:-9, 9:-9].amin() > 0.9
    assert cover[15, 15] == 1


def test_one_picture_alone_is_all_thing() -> None:
    assert find_cover(patch("green")[None], lines=False).amin() == 1


def test_an_outline_is_as_soft_on_any_ground() -> None:
    soft = patch("black")
    soft[:, 8] = (soft[:, 8] + 1) / 2
    made = lay(shown(soft), "red", lines=False)
    halfway = (torch.tensor(COLOURS["black"]) + torch.tensor(COLOURS["red"])) / 2
    torch.testing.assert_close(made[:, 8, 12], halfway, atol=0.02, rtol=0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "a purple turtle, flat style",
            Told("a turtle, flat style", "a purple turtle, flat style", "purple"),
        ),
        ("an orange cat", Told("a cat", "an orange cat", "orange")),
        (
            "a white octopus, line art",
            Told("an octopus, line art", "a white octopus, line art", "white"),
        ),
        ("3d style, blue top hat", Told("3d style, top hat", "3d style, blue top hat", "blue")),
        ("an orange green apple", Told("a green apple", "an orange green apple", "orange")),
        ("a cat with heart eyes", Told("a cat with heart eyes", "a cat with heart eyes")),
        ("orange fruit", Told("orange fruit", "orange fruit")),
        (
            "a red cat on an orange background, 3d",
            Told("a cat, 3d", "a red cat, 3d", "red", "orange"),
        ),
        ("A White Kitten", Told("a Kitten", "A White Kitten", "white")),
        ("a cat, blue background", Told("a cat", "a cat", "", "blue")),
    ],
)
def test_colours_are_taken_out_of_the_words(text: str, told: Told) -> None:
    assert take_colours(text) == told


@pytest.mark.parametrize(
    "text",
    [
        *("", "blue", "flat style", "a red background", "a cat on a background"),
        *("a red car and a blue house", "a red car and a house", "a red blue car"),
        *("a red cat and a dog on a blue background", "a red thing"),
    ],
)
def test_words_of_several_things_or_none_stay_together(text: str) -> None:
    assert take_colours(text) is None


@pytest.mark.parametrize(
    ("text", "things"),
    [
        ("a red car and a blue house", ["a red car", "a blue house"]),
        ("an owl beside a cat, line art", ["an owl", "a cat"]),
        (
            "a red cat and a dog on a blue background",
            ["a red cat on a blue background", "a dog on a blue background"],
        ),
        ("a purple turtle", ["a purple turtle"]),
        ("blue", []),
    ],
)
def test_each_thing_of_a_text_keeps_its_colour_and_the_ground(text: str, things: list[str]) -> None:
    assert list_things(text) == things
