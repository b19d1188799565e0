"""Prompts as people paste them, from a list that is kept beside the project."""

from collections import Counter
from pathlib import Path

import pytest

from generation.catalogue.families import find_card
from prompt.errors import PromptError
from prompt.reading.grammar import format_prompt, parse
from prompt.resolution.orders import Order, read_orders
from prompt.resolution.references import list_addresses
from prompt.resolution.resolve import Resolved, resolve

LIST = Path(__file__).parents[3] / "shared" / "prompts.txt"
LINE_BREAK = "\u2424"

pytestmark = pytest.mark.skipif(
    not LIST.exists(), reason="the list of prompts is not beside the project"
)


def real_prompts() -> list[str]:
    lines = LIST.read_text(encoding="utf-8").splitlines() if LIST.exists() else []
    return [line.replace(LINE_BREAK, "\n") for line in lines if line and line[0] != "#"]


def recipe(order: Order) -> Resolved:
    images = ["ab" * 32] * len(order.prompt.images)
    kept = dict.fromkeys(list_addresses(order.prompt.flags), "cd" * 32)
    return resolve(order.prompt, find_card("easel"), model="m", seed=1, images=images, kept=kept)


def refusal(text: str) -> PromptError | None:
    try:
        for order in read_orders(text):
            recipe(order)
    except PromptError as error:
        return error
    return None


def told(text: str) -> tuple[str, tuple[str, ...]]:
    """What becomes of a prompt, and every sentence that its author reads."""
    if error := refusal(text):
        return "refused", (error.sentence,)
    notes = tuple(note for order in read_orders(text) for note in recipe(order).notes)
    repaired = any(note.startswith("Read ") for note in notes)
    return ("corrected" if repaired else "understood"), notes


def test_most_are_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    texts = real_prompts()
    counts = Counter(told(text)[0] for text in texts)
    with capsys.disabled():
        figures = ", ".join(f"{count} {name}" for name, count in counts.most_common())
        print(f"\n{len(texts)} real prompts: {figures}", end="")  # noqa: T201 - the figure
    assert counts["refused"] <= len(texts) // 5


@pytest.mark.parametrize("text", real_prompts(), ids=lambda text: text[:40])
def test_what_is_said_is_whole_sentences(text: str) -> None:
    for sentence in told(text)[1]:
        assert sentence[0] in "`“" or sentence[0].isupper()
        assert sentence.endswith((".", "?"))


@pytest.mark.parametrize("text", real_prompts(), ids=lambda text: text[:40])
def test_a_refusal_leads_to_a_prompt_that_is_drawn(text: str) -> None:
    error = refusal(text)
    if error is None:
        return
    if error.suggestion is None:
        assert error.sentence.startswith("Say what to draw")
    else:
        assert refusal(error.suggestion) is None


@pytest.mark.parametrize("text", real_prompts(), ids=lambda text: text[:40])
def test_what_is_understood_survives_being_written(text: str) -> None:
    if refusal(text) is None:
        for order in read_orders(text):
            assert parse(format_prompt(order.prompt)) == order.prompt
