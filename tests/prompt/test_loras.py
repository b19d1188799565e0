"""LoRAs as people call them: by flag or by tag, with and without a weight."""

from pathlib import Path
from typing import Any

import pytest

from generation.catalogue.card import Card
from generation.catalogue.extras import extend_card
from generation.catalogue.families import find_card
from generation.catalogue.loras import read_offered
from generation.recipe import Lora, Phrase
from prompt.errors import PromptError
from prompt.reading.grammar import format_prompt, parse
from prompt.resolution.resolve import Resolved, resolve

LORAS = read_offered("ink=acme/ink@3f2a#ink.safetensors|0.6|ink wash;bricks=acme/b@1#b.safetensors")
SDXL = extend_card(find_card("sdxl"), "", LORAS)


def resolved(text: str, on: Card = SDXL) -> Resolved:
    return resolve(parse(text), on, model="m", seed=5)


@pytest.mark.parametrize(
    ("typed", "value", "words"),
    [
        ("owl --lora ink", ("ink",), "owl"),
        ("owl --lora ink:0.80 bricks:-1", ("ink:0.8", "bricks:-1"), "owl"),
        ("owl --lora ink, bricks:.5 at night", ("ink", "bricks:0.5"), "owl at night"),
        ("owl --lora ink at night", ("ink",), "owl at night"),
        ("owl --lora ink --lora bricks --lora INK:1", ("INK:1", "bricks"), "owl"),
        ("<lora:ink:0.8> owl", ("ink:0.8",), "owl"),
        ("owl <LoRA:ink> at night <lora:bricks:0.5:1> --ar 3:2", ("ink", "bricks:0.5"), None),
    ],
)
def test_every_spelling_is_read(typed: str, value: tuple[str, ...], words: str | None) -> None:
    prompt = parse(typed)
    assert prompt.flags["lora"] == value
    assert words is None or prompt.text == words
    assert "lora:" not in prompt.text
    assert parse(format_prompt(prompt)) == prompt


@pytest.mark.parametrize("typed", ["--lora ink:2.5", "--lora ink:much", "<lora:ink:9>", "--lora"])
def test_what_is_no_lora_is_refused(typed: str) -> None:
    with pytest.raises(PromptError, match=r"LoRAs such as `ink:0\.8`"):
        parse(f"owl {typed}")


@pytest.mark.parametrize(
    ("typed", "loras"),
    [
        ("--lora ink", (Lora(name="ink", weight=0.6, version="3f2a"),)),
        ("--lora INK:1.2", (Lora(name="ink", weight=1.2, version="3f2a"),)),
        ("--lora bricks:-1", (Lora(name="bricks", weight=-1.0, version="1"),)),
        ("--lora ink:0", ()),
        ("", ()),
    ],
)
def test_the_recipe_says_which_file_and_how_much(typed: str, loras: tuple[Lora, ...]) -> None:
    assert resolved(f"owl {typed}").recipe.conditions.loras == loras


@pytest.mark.parametrize(
    ("typed", "phrases"),
    [
        ("owl --lora ink", (Phrase(text="owl, ink wash"),)),
        ("owl as Ink Wash --lora ink", (Phrase(text="owl as Ink Wash"),)),
        ("owl --lora bricks", (Phrase(text="owl"),)),
        (
            "owl:: fog::-.5 --lora ink",
            (Phrase(text="owl, ink wash"), Phrase(text="fog", weight=-0.5)),
        ),
    ],
)
def test_words_that_wake_one_are_added_once(typed: str, phrases: tuple[Phrase, ...]) -> None:
    got = resolved(typed).recipe
    assert got.conditions.phrases == phrases
    assert "ink wash" not in got.prompt


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(PromptError) as caught:
        resolved("owl --lora oil:1 --ar 3:2")
    assert caught.value.sentence == "There is no LoRA `oil` here; choose from `ink`, `bricks`."
    assert caught.value.suggestion == "owl --ar 3:2"


@pytest.mark.parametrize("family", ["easel", "sdxl"])
def test_a_family_without_says_so_before_anything_is_queued(family: str) -> None:
    with pytest.raises(PromptError, match="does not support LoRAs: leave out `--lora`"):
        resolved("owl --lora ink", on=find_card(family))


def test_a_file_that_changes_makes_another_recipe(tmp_path: Path) -> None:
    file = tmp_path / "ink.safetensors"
    digests: list[Any] = []
    for content in (b"one", b"another"):
        file.write_bytes(content)
        known = extend_card(find_card("sdxl"), "", read_offered(f"ink={file}"))
        digests.append(resolved("owl --lora ink", on=known).recipe.digest)
    assert digests[0] != digests[1]
