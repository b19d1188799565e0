"""Where values came from, as people are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import messages, origins, sentences
from bot.text.languages import LANGUAGES, catalogue, speaking
from generation.recipe import Noise
from prompt import sentences as told
from tests.bot.samples import job, recipe

DECIDED = "--ar 3:2 --steps 12"


def test_a_job_from_before_origins_were_kept_was_typed() -> None:
    assert origins.write_origins(job(origins=None), recipe(parameters=DECIDED)) == [
        "-# typed: `--ar 3:2` `--steps 12`",
        "-# the model's own: `--cfg 4`",
    ]


def test_places_stand_in_the_order_in_which_they_count() -> None:
    kept = {
        "steps": "this server's default house",
        "ar": "typed",
        "cfg": "your preferences",
        "words": "preset ink, your preferences",
        "strength": "usual /img2img",
    }
    made = recipe(parameters=f"{DECIDED} --cfg 4 --strength 0.5")
    assert origins.write_origins(job(origins=kept), made) == [
        "-# typed: `--ar 3:2`",
        "-# preset `ink`: added words",
        "-# personal preferences: added words `--cfg 4`",
        "-# the server's default `house`: `--steps 12`",
        "-# the default of /img2img: `--strength 0.5`",
    ]


def test_what_was_not_changed_keeps_its_origin() -> None:
    before = recipe(parameters=DECIDED)
    known = {"ar": "preset ink", "steps": "your preferences", "words": "preset ink"}
    parent = job(recipe=before.to_json(), origins={**known, "seed": "typed"})
    assert origins.inherit_origins(parent, before) == {**known, "seed": "typed"}
    other = recipe("a pear", parameters="--ar 3:2 --steps 9 --cfg 4", noise=(Noise(seed=9),))
    assert origins.inherit_origins(parent, other) == {
        "ar": "preset ink",
        "steps": "typed",
        "cfg": "typed",
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_they_are_told_in_the_language(language: str) -> None:
    with speaking(language):
        (typed, own) = origins.write_origins(job(), recipe(parameters=DECIDED))
    known = catalogue(language)
    assert typed.startswith(f"-# {known[told.ORIGIN_TYPED]}: ")
    assert own.startswith(f"-# {known[sentences.ORIGIN_CARD]}: ")


@given(st.text(max_size=6000), st.text(max_size=500), st.lists(st.text(max_size=900), max_size=4))
def test_the_recipes_message_fits_with_as_many_of_them_as_there_is_room_for(
    prompt: str, flags: str, more: list[str]
) -> None:
    card = messages.write_recipe(job(), recipe(prompt, parameters=flags))
    assert len(messages.stack_lines(card, more)) <= messages.CONTENT_LIMIT
    assert messages.stack_lines("words", []) == "words"
    assert messages.stack_lines("words", ["short"]) == "words\nshort"
