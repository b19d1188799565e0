"""Prompts as people paste them, from a list that is kept beside the project."""

from collections import Counter
from pathlib import Path

import pytest

from generation.cards import card
from prompt.errors import PromptError
from prompt.grammar import format_prompt, parse
from prompt.resolve import Resolved, resolve

LIST = Path(__file__).parents[3] / "shared" / "prompts.txt"
LINE_BREAK = "\u2424"


def drawn(text: str) -> Resolved | PromptError:
    try:
        prompt = parse(text)
        images = ["ab" * 32] * len(prompt.images)
        return resolve(prompt, card("easel"), model="m", seed=1, images=images)
    except PromptError as error:
        return error


def read(text: str) -> str:
    try:
        prompt = parse(text)
    except PromptError:
        return "refused"
    assert parse(format_prompt(prompt)) == prompt
    return "understood with notes" if prompt.notes else "understood"


def outcome(text: str) -> str:
    match drawn(text):
        case PromptError(sentence=sentence, suggestion=None):
            assert sentence.endswith(".")
            return "refused"
        case PromptError(sentence=sentence, suggestion=str(suggestion)):
            assert sentence.endswith((".", "?"))
            assert isinstance(drawn(suggestion), Resolved)
            return "refused with a prompt that works"
        case Resolved(notes=()):
            return "drawn"
    return "drawn with notes"


@pytest.mark.skipif(not LIST.exists(), reason="the list of prompts is not beside the project")
def test_real_prompts_are_drawn_or_refused_with_a_way_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = LIST.read_text(encoding="utf-8").splitlines()
    texts = [line.replace(LINE_BREAK, "\n") for line in lines if line and line[0] != "#"]
    readings, outcomes = Counter(map(read, texts)), Counter(map(outcome, texts))
    with capsys.disabled():
        for counts in (readings, outcomes):
            told = ", ".join(f"{count} {name}" for name, count in counts.most_common())
            print(f"\n{len(texts)} real prompts: {told}", end="")  # noqa: T201 - the figure
    assert readings["refused"] <= len(texts) // 6
    assert outcomes["refused"] <= len(texts) // 20
