"""What a family cannot do is said before anything is queued, with what to use instead."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.errors import NotAbleError
from bot.text.wording import word_error
from generation.catalogue.card import Capability, Card
from generation.catalogue.families import CARDS, VARIANTS
from prompt.errors import PromptError
from prompt.reading.grammar import Prompt, parse
from prompt.resolution.check import check

LINK = "https://a.example/1.png"


def _brings(capability: str, flag: str) -> str:
    return (
        f"{{}} does not support {capability}: say in words what `--{flag}` should bring, or "
        "put one image"
        " link at the front of the prompt."
    )


CALLS = {
    Capability.IMAGE_PROMPT: (
        f"{LINK} apple",
        "{} does not support image prompts: use words alone.",
    ),
    Capability.NEGATIVE: (
        "apple --no fog",
        (
            "{} does not support negative prompts: leave out `--no`, and say in words what should "
            "be there."
        ),
    ),
    Capability.GUIDANCE: (
        "apple --cfg 9",
        (
            "{} does not support guidance scale: leave out `--cfg`, and give words more weight "
            "with `::`."
        ),
    ),
    Capability.BLEND: (
        f"{LINK} {LINK} apple",
        "This prompt has 2 images, and only one works: keep the one you want.",
    ),
    Capability.STYLE: (f"apple --sref {LINK}", _brings("style references", "sref")),
    Capability.CHARACTER: (f"apple --cref {LINK}", _brings("character references", "cref")),
    Capability.STRUCTURE: (
        f"{LINK} apple --control canny",
        (
            "{} does not support structure from images: leave out `--control`, and set "
            "`--strength` for how"
            " much of the image is kept."
        ),
    ),
    Capability.LORA: ("apple --lora ink", "{} does not support LoRAs: leave out `--lora`."),
    Capability.TILE: (
        "apple --tile",
        "{} does not support seamless tiles: leave out `--tile`, and ask for a pattern in words.",
    ),
    Capability.HD: (
        "apple --hd",
        (
            "{} does not support drawing at twice the size: leave out `--hd`, and press U1 to "
            "U4 for a larger"
            " picture."
        ),
    ),
    Capability.EDIT: (
        f"apple --edit {LINK}",
        (
            "{} does not support editing by words: instead of `--edit`, put one image link at "
            "the front of"
            " the prompt and set `--iw`."
        ),
    ),
}
"""A prompt that calls for a capability, and the sentence where there is none."""

TOLD = {Capability.EMPHASIS}
"""Without what a prompt is drawn all the same, and a note says so."""

PRESSED = {Capability.VARIATION, Capability.OUTPAINT, Capability.INPAINT}
"""What only buttons call for."""


def pairs() -> Iterator[tuple[Card, Capability]]:
    for each in (*CARDS, *VARIANTS):
        yield from ((each, one) for one in Capability if one not in TOLD)


def test_every_capability_is_called_for_somewhere() -> None:
    assert set(CALLS) | PRESSED | TOLD == set(Capability)


def count_images(prompt: Prompt, on: Card) -> int:
    """How many images come with a prompt; one is attached where the family needs any."""
    return len(prompt.images) or int(on.needs_image)


@pytest.mark.parametrize(
    ("each", "capability"), list(pairs()), ids=lambda one: getattr(one, "called", str(one))
)
def test_what_is_lacking_is_said_in_one_sentence(each: Card, capability: Capability) -> None:
    lacking = replace(each, capabilities=each.capabilities - {capability})
    if capability is Capability.IMAGE_PROMPT:
        lacking = replace(lacking, needs_image=False)
    if capability in PRESSED:
        said = word_error(NotAbleError(capability, each.title)) or ""
        assert said.startswith(f"{each.title} cannot ")
        assert ";" in said, "and what to do instead"
        return
    text, wanted = CALLS[capability]
    prompt = parse(text)
    with pytest.raises(PromptError) as caught:
        check(prompt, lacking, images=count_images(prompt, lacking))
    assert caught.value.sentences == (wanted.format(each.title),)
    able = parse(caught.value.suggestion or "")
    check(able, lacking, images=count_images(able, lacking))


@pytest.mark.parametrize("each", [*CARDS, *VARIANTS], ids=lambda each: each.called)
def test_what_is_claimed_is_let_through(each: Card) -> None:
    for capability in each.capabilities - PRESSED - TOLD:
        prompt = parse(CALLS[capability][0])
        check(prompt, each, images=count_images(prompt, each))
