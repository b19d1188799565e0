"""Which model draws what is made from a photograph."""

from dataclasses import replace

import pytest

from generation.catalogue.card import Card
from generation.catalogue.families import find_card
from generation.catalogue.served import Models, ServedModel
from prompt.errors import PromptError
from prompt.reading.grammar import parse
from prompt.resolution.check import check, drop_unreachable
from prompt.resolution.choice import choose_for
from prompt.resolution.presets import Layer, Origin, merge
from prompt.resolution.versions import DEFAULTS

LINK = "https://a.example/1.png"


def models(*names: str) -> Models:
    return {name: ServedModel(card=find_card(name), source=name, model=name) for name in names}


BOTH = models("easel", "easel2")


@pytest.mark.parametrize(
    ("text", "images", "photographs", "drawn"),
    [
        ("a watercolour", 1, True, "easel2"),
        ("", 1, True, "easel2"),
        ("a watercolour", 1, False, "easel"),
        ("a watercolour", 0, False, "easel"),
        ("crayon", 2, True, "easel2"),
        (f"crayon --sref {LINK}", 1, True, "easel2"),
        ("owl --v 7", 1, True, "easel2"),
        # Who chose a model gets it, and what only the other can do goes to that.
        ("owl --model easel", 1, True, "easel"),
        ("owl --model easel2", 1, False, "easel2"),
        ("owl --no fog", 1, True, "easel"),
        ("owl --control lineart", 1, True, "easel"),
        (f"owl --cref {LINK}", 1, True, "easel"),
        ("owl --iw 0", 1, True, "easel"),
        # Only the one for photographs edits, so drawings are edited by it, too.
        ("make it night --edit", 1, False, "easel2"),
        (f"make it night --edit {LINK}", 0, False, "easel2"),
        ("make it night --edit --no fog", 1, True, "easel"),
    ],
)
def test_photographs_are_drawn_by_their_own_model(
    text: str, images: int, photographs: bool, drawn: str
) -> None:
    one = choose_for(parse(text), BOTH, DEFAULTS, images=images, photographs=photographs)
    assert one.card.id == drawn


def test_it_is_chosen_only_beside_the_bundled_model_and_where_it_may_draw() -> None:
    def chosen(served: Models, barred: str = "") -> str:
        def allowed(each: Card) -> bool:
            return each.id != barred

        prompt = parse("watercolour")
        one = choose_for(prompt, served, DEFAULTS, images=1, photographs=True, allowed=allowed)
        return one.card.id

    assert chosen(BOTH) == "easel2"
    assert chosen(BOTH, barred="easel2") == chosen(models("easel")) == "easel"
    assert chosen(models("sdxl", "easel2")) == "sdxl"


def test_without_an_image_it_says_so_and_a_preference_for_it_steps_back() -> None:
    on = find_card("easel2")
    sentence = (
        "Easel 2 redraws images: attach one, or put a link to one at the front of the prompt."
    )
    with pytest.raises(PromptError) as caught:
        check(parse("an owl --model easel2"), on, images=0)
    assert (caught.value.sentences, caught.value.suggestion) == ((sentence,), "an owl")
    check(parse("--model easel2"), on, images=1)
    merged = merge(parse("an owl"), [Layer(Origin.PERSON, "", "--model easel2")])
    dropped = drop_unreachable(merged, on, images=0)
    assert dropped.prompt.flags == {}
    assert sentence in dropped.prompt.notes[0]


def test_a_prompt_that_none_can_draw_is_refused_by_the_usual() -> None:
    lame = {
        **BOTH,
        "easel2": replace(BOTH["easel2"], card=replace(find_card("easel2"), longest_ratio=1)),
    }
    one = choose_for(parse("owl --edit --ar 2:1"), lame, DEFAULTS, images=1, photographs=True)
    assert one.card.id == "easel"
