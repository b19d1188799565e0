"""Prompts in other languages, and words that the bundled model does not know."""

import pytest

from storage.decisions.choices import PersonChoices
from tests.bot.live.house import House
from tests.bot.live.test_requests import has_drafts, pressed, recipe_of


async def test_a_foreign_prompt_is_shown_as_typed_and_drawn_as_meant(house: House) -> None:
    before = len(house.playground.messages)
    await house.imagine("ein roter Apfel --ar 3:2")
    (job,) = await house.accepted(1)
    assert "ein roter Apfel" in (await house.finished(job)).content
    assert [one.text for one in recipe_of(job).conditions.phrases] == ["a red apple"]
    assert not [m for m in house.playground.messages[before:] if m.ephemeral_to]


async def test_nothing_that_it_knows_is_refused_with_what_it_would_draw(house: House) -> None:
    asked = await house.imagine("an old fisherman at golden hour --ar 3:2")
    said = await house.refusal(asked, "I do not know *fisherman*, *golden hour*; I would draw")
    assert (said.ephemeral_to, list(said.buttons)) == ("mira", ["Draw that"])
    assert await house.jobs.waiting() == []
    await house.until(lambda: has_drafts(house))
    await pressed(house, said, "Draw that")
    (job,) = await house.accepted(1)
    assert (recipe_of(job).prompt, recipe_of(job).parameters) == ("a fish", "--ar 3:2")


async def test_some_words_that_it_knows_are_drawn_and_one_note_names_the_others(
    house: House,
) -> None:
    await house.prefer("mira", PersonChoices(suffix="seen through fog"))
    before = len(house.playground.messages)
    asked = await house.imagine("a {red,blue} cat on a sofa --turbo")
    said = await house.refusal(asked, "I do not know *sofa*")
    for part in ("so I draw `a red cat`.", "so I draw `a blue cat`.", "`--turbo`"):
        assert part in said.content
    private = [m.id for m in house.playground.messages[before:] if m.ephemeral_to]
    assert private == [said.id]
    first, second = map(recipe_of, await house.accepted(2))
    assert {first.prompt, second.prompt} == {
        "a red cat on a sofa, seen through fog",
        "a blue cat on a sofa, seen through fog",
    }


@pytest.mark.parametrize("label", ["V2", "🔄"])
async def test_a_form_is_refused_like_a_prompt_in_private(house: House, label: str) -> None:
    grid = await house.drawn("a cat")
    await house.prefer("mira", PersonChoices(remix=True))
    form = await house.playground.press("mira", grid, label=label)
    await form.acknowledged()
    words = {"prompt": "an old fisherman, pixel art --ar 3:2"}
    sent = await house.playground.submit("mira", form, words)
    said = await house.refusal(sent, "I do not know *fisherman*; I would draw `a fish, pixel art`.")
    assert said.ephemeral_to == "mira"
    assert "a fish, pixel art" in said.content.partition("\n")[2]
    assert house.public(sent.id) == []
    assert await house.jobs.waiting() == []


async def test_in_a_form_that_draws_into_a_picture_that_alone_counts(house: House) -> None:
    grid = await house.drawn("a cat")
    await pressed(house, grid, "U1")
    (job,) = await house.accepted(1)
    picture = await house.finished(job)
    form = await house.playground.press("mira", picture, label="Custom Zoom")
    await form.acknowledged()
    sent = await house.playground.submit("mira", form, {"prompt": "a fisherman", "zoom": "1.5"})
    await house.refusal(sent, "I do not know *fisherman*, so only the image counts.")
    (zoomed,) = await house.accepted(1)
    assert recipe_of(zoomed).inputs.canvas is not None


async def test_words_of_a_preset_may_be_the_ones_that_it_knows(house: House) -> None:
    await house.prefer("mira", PersonChoices(suffix="a cat"))
    await house.imagine("fisherman")
    (job,) = await house.accepted(1)
    assert [one.text for one in recipe_of(job).conditions.phrases] == ["a cat"]
