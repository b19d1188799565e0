"""Retouching: exact, undone exactly, and found again instead of drawn."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from generation.derive import Parent, extend
from generation.edits import edit_anew, edit_natively, is_edited_whole, set_retouch
from generation.oklab import from_oklab, to_oklab
from generation.pictures.retouch import move_tone, retouch
from generation.recipe import Edges, Retouch, Tone
from generation.runtime.render import find_made
from tests.bot.samples import recipe

PICTURE = Image.fromarray(
    np.random.default_rng(5).integers(0, 256, (12, 20, 3), np.uint8).astype(np.uint8)
)
RECIPE = recipe()
RETOUCHES = st.builds(
    Retouch,
    turns=st.integers(0, 3),
    flipped=st.booleans(),
    crop=st.none() | st.tuples(st.integers(1, 21), st.integers(1, 21)),
)
TURNED = {
    1: Image.Transpose.ROTATE_270,
    2: Image.Transpose.ROTATE_180,
    3: Image.Transpose.ROTATE_90,
}


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and one.tobytes() == other.tobytes()


@given(RETOUCHES, st.integers(1, 3))
def test_turning_further_is_turning_what_there_is(before: Retouch, quarters: int) -> None:
    once = retouch(PICTURE, before)
    assert same(retouch(PICTURE, before.turn(quarters)), once.transpose(TURNED[quarters]))


@given(RETOUCHES)
def test_flipping_twice_is_nothing(before: Retouch) -> None:
    assert before.flip().flip() == before
    flipped = retouch(PICTURE, before.flip())
    mirrored = retouch(PICTURE, before).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert same(flipped, mirrored)


@given(RETOUCHES)
def test_the_shape_is_known_beforehand(wanted: Retouch) -> None:
    assert retouch(PICTURE, wanted).size == wanted.shape(*PICTURE.size)


def test_oklab_there_and_back_is_the_same_pixel() -> None:
    shown = np.asarray(PICTURE)
    assert np.abs(255 * from_oklab(to_oklab(shown)) - shown).max() < 0.5
    # White, by the definition of its author.
    assert to_oklab(np.full(3, 255, np.uint8)) == pytest.approx([1, 0, 0], abs=1e-3)


@pytest.mark.parametrize(
    ("tone", "channel", "more"),
    [
        (Tone(warmth=0.5), 0, True),
        (Tone(warmth=-0.5), 2, True),
        (Tone(warmth=0.5), 2, False),
        (Tone(light=0.4), 1, True),
        (Tone(light=-0.4), 1, False),
    ],
)
def test_a_tone_moves_its_channel(tone: Tone, channel: int, more: bool) -> None:
    before, after = (
        np.asarray(picture, np.float32)[..., channel].mean()
        for picture in (PICTURE, move_tone(PICTURE, tone))
    )
    assert bool(after > before) is more
    assert abs(after - before) > 2


def test_greys_have_no_colour_and_black_and_white_stay() -> None:
    grey = np.asarray(move_tone(PICTURE, Tone(colour=-1.0)), np.int16)
    assert np.ptp(grey, axis=-1).max() <= 1
    ends = Image.fromarray(np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8))
    for tone in (Tone(warmth=1.0), Tone(light=0.4), Tone(colour=-1.0, sepia=1.0)):
        assert same(move_tone(ends, tone), ends)


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_a_step_there_and_back_is_none(warmth: float, light: float) -> None:
    tone = Tone(warmth=round(warmth, 3), light=round(light, 3))
    assert tone.add(tone.scale(-1)) == Tone()


def test_what_is_retouched_is_found_instead_of_drawn() -> None:
    """Also where it is enlarged afterwards: what is stored is as it was drawn."""
    data = io.BytesIO()
    PICTURE.save(data, "PNG")
    stored = {replace(RECIPE, noise=RECIPE.noise[:1]).digest: "bytes of it"}
    wanted = Retouch(turns=1, tone=Tone(warmth=0.5))
    alone = replace(RECIPE, noise=RECIPE.noise[:1])
    for upscale in (1, 2):
        larger = replace(alone, finishing=replace(alone.finishing, upscale=upscale))
        found = find_made(set_retouch(larger, wanted), lambda _: data.getvalue(), stored.get)
        assert found
        assert same(found[0], retouch(PICTURE, wanted))
    assert find_made(alone, lambda _: data.getvalue(), stored.get) is None


def test_a_retouch_that_came_to_nothing_is_none() -> None:
    assert set_retouch(RECIPE, Retouch(turns=1).turn(3)) == RECIPE


def test_what_goes_on_beyond_a_grey_picture_is_grey() -> None:
    grey = Tone(colour=-1.0, sepia=1.0)
    more = Parent(set_retouch(RECIPE, Retouch(turns=1, tone=grey.add(Tone(warmth=0.5)))), 0, "ab")
    assert extend(more, 7, Edges(left=0.5)).finishing.retouch == Retouch(tone=grey)
    once = move_tone(PICTURE, grey)
    levels = [np.asarray(picture, np.int16) for picture in (once, move_tone(once, grey))]
    # Within the rounding of one level.
    assert np.abs(levels[0] - levels[1]).max() <= 1


def test_a_whole_picture_is_changed_again_from_what_it_was_made_of() -> None:
    first, second = "a" * 64, "b" * 64
    made = edit_natively(Parent(RECIPE, 0, first), 5, restored=False)
    toned = set_retouch(made, Retouch(tone=Tone(warmth=0.5)))
    again = edit_anew(Parent(toned, 0, second), 6)
    assert is_edited_whole(toned)
    assert again.inputs == made.inputs
    assert again.finishing.retouch == toned.finishing.retouch
    # What was cut or put back is another picture.
    assert not is_edited_whole(set_retouch(made, Retouch(crop=(1, 1))))
    put_back = edit_natively(Parent(RECIPE, 0, first), 5, restored=True)
    assert not is_edited_whole(put_back)
