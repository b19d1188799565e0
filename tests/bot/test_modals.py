"""Forms: what they ask, and what their answers mean."""

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot import errors
from bot.components import buttons, modals
from bot.text import sentences
from bot.text.languages import LANGUAGES, speaking
from bot.text.wording import word_error
from generation.derive import Parent
from generation.recipe import Region
from tests.bot.samples import recipe

JOB = "0123456789abcdef" * 2


def submitted(**fields: str | list[str]) -> discord.Interaction[Any]:
    """A form as Discord sends it back."""
    parts = [
        {
            "type": 18,
            "component": {
                "custom_id": name,
                **({"values": given} if isinstance(given, list) else {"value": given}),
            },
        }
        for name, given in fields.items()
    ]
    interaction = SimpleNamespace(data={"components": parts})
    return cast("discord.Interaction[Any]", interaction)


@pytest.mark.parametrize(("action", "fields"), [("vary", 1), ("zoom", 2), ("region", 2)])
async def test_a_form_asks_what_its_action_needs(action: str, fields: int) -> None:
    form = modals.build_remix_form(action, JOB, 2, "a cat")
    found = modals.TEMPLATE.fullmatch(form.custom_id)
    assert found is not None
    assert (found["action"], found["job"], found["index"]) == (action, JOB, "2")
    assert len(form.children) == fields


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
async def test_what_a_form_says_fits_into_it(language: str) -> None:
    with speaking(language):
        forms = [
            modals.build_remix_form(action, JOB, 1, "a cat")
            for action in ("vary", "zoom", "region")
        ]
    for form in forms:
        labels = [child for child in form.children if isinstance(child, discord.ui.Label)]
        assert len(form.title) <= 45
        assert all(len(label.text) <= 45 for label in labels)
        assert all(len(label.description or "") <= 100 for label in labels)


@pytest.mark.parametrize(
    ("typed", "zoom"), [("2", 2), ("1.5", 1.5), (" 1,25 ", 1.25), ("1.8x", 1.8), ("1", 1)]
)
def test_a_zoom_is_read(typed: str, zoom: float) -> None:
    assert modals.FormAnswers.read(submitted(zoom=typed, prompt="a cat")).zoom == zoom


@pytest.mark.parametrize("typed", ["", "far", "0.5", "3", "nan", "inf", "-1"])
def test_other_zooms_are_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(errors.ZoomError) as refused:
        modals.FormAnswers.read(submitted(zoom=typed, prompt="a cat"))
    assert f"`{typed}`" in str(word_error(refused.value))


def test_a_zoom_frames_in_the_ratio_of_the_prompt() -> None:
    form = buttons.KINDS["zoom"].form
    assert form is not None
    wide = form(modals.FormAnswers.read(submitted(zoom="1", prompt="a cat --ar 2:1")))
    made = wide(Parent(recipe(), 0, "ab"), 5)
    assert made.inputs.canvas is not None
    assert made.inputs.canvas.edges.left == 0.5
    assert made.inputs.canvas.edges.top == 0
    nothing = form(modals.FormAnswers.read(submitted(zoom="1", prompt="a cat")))
    with pytest.raises(errors.ZoomError):
        nothing(Parent(recipe(), 0, "ab"), 5)


def test_parts_become_regions_and_unknown_ones_nothing() -> None:
    answers = modals.FormAnswers.read(submitted(parts=["0", "4", "9", "x"], prompt="a cat"))
    third = 1 / 3
    assert answers.regions == (
        Region(left=0, top=0, right=third, bottom=third),
        Region(left=third, top=third, right=2 * third, bottom=2 * third),
    )
    assert len(sentences.PARTS) == modals.NINTHS


def test_a_zoom_behind_the_prompt_of_its_own_form_counts() -> None:
    answers = modals.FormAnswers.read(submitted(zoom="2", prompt="a cat --zoom 1.3 --ar 1:1"))
    assert answers.zoom == 1.3
    assert set(answers.prompt.flags) == {"ar"}
    assert "zoom" in modals.FormAnswers.read(submitted(prompt="a cat --zoom 1.3")).prompt.flags
