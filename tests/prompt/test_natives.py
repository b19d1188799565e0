"""Prompts of every program's people for every other's, held against what these would laugh at."""

import json
import re
from pathlib import Path
from typing import Final

import pytest

from prompt.flags.table import BY_NAME, NO
from prompt.reading.grammar import Prompt, parse
from prompt.writing.programs import Program
from prompt.writing.write import Written, write_prompt

FILE: Final = Path(__file__).with_name("natives.txt")
PASTED: Final = [
    parse(line.replace("␤", "\n"))
    for line in FILE.read_text("utf-8").splitlines()
    if not line.startswith("#")
]
BOARDS: Final = re.compile(
    r"\b\d+(?:girl|boy)s?\b|\w_\w|score_|masterpiece|best quality|\(medium\)"
)
LONG: Final = re.compile(r"\d\.\d{4,}")
DISTILLED: Final = re.compile(r"[([{]|\bno \w|\bwithout\b|::|--")


def write_all(program: Program) -> list[tuple[Prompt, Written]]:
    return [(one, write_prompt(one, program)) for one in PASTED]


def test_ten_of_each() -> None:
    assert len(PASTED) == 60


def test_midjourney_is_told_in_words() -> None:
    for prompt, written in write_all(Program.MIDJOURNEY):
        words = written.text.partition(" --")[0]
        assert not BOARDS.search(words), words
        assert "(" not in words
        assert "lowres" not in written.text
        assert not re.search(r"\b(?:generate|create|draw) an?\b", words, re.IGNORECASE)
        assert prompt.phrases or prompt.images


@pytest.mark.parametrize("program", [Program.FLUX, Program.DALLE])
def test_sentences_hold_no_signs_and_refuse_nothing(program: Program) -> None:
    for prompt, written in write_all(program):
        told = written.kept.text
        assert not BOARDS.search(told), told
        if program is Program.FLUX:
            assert not DISTILLED.search(re.sub(r"\"[^\"]*\"", "", told)), told
        assert "  " not in told
        assert not re.search(r"\b(?:Seen|Taken|Made|Shown) (?:[.,]|and\b)", told)
        # Of what it is made is said once.
        assert not ("as a photograph" in told and "as a hand-made drawing" in told)
        assert told or not prompt.text


def test_automatic1111_takes_the_last_line_for_settings() -> None:
    for _, written in write_all(Program.A1111):
        last = written.text.splitlines()[-1]
        if re.match(r"(?:Steps|Sampler|CFG scale|Seed|Size): ", last):
            assert len(re.findall(r"[\w ]+: [^,]+", last)) >= 3, last


@pytest.mark.parametrize("program", [Program.A1111, Program.COMFYUI, Program.NOVELAI, Program.PONY])
def test_nobody_writes_so_many_decimals(program: Program) -> None:
    for _, written in write_all(program):
        assert not LONG.search(written.text), written.text


def test_novelai_has_whole_tiles_of_a_megapixel_and_none_of_ponys_tags() -> None:
    for _, written in write_all(Program.NOVELAI):
        body = json.loads(written.text)
        assert "score_" not in body["prompt"]
        if "width" in body:
            assert body["width"] % 64 == body["height"] % 64 == 0
            assert body["width"] * body["height"] <= 2**20


@pytest.mark.parametrize(
    ("program", "lead", "against"),
    [(Program.PONY, "score_9", "score_"), (Program.ILLUSTRIOUS, "masterpiece", "lowres")],
)
def test_tags_of_quality_go_first(program: Program, lead: str, against: str) -> None:
    for prompt, written in write_all(program):
        if prompt.text:
            assert lead in written.text.partition(",")[0]
            assert " AND " not in written.text
            assert any(against in one for one in NO.of(written.kept.flags) or ())


def test_comfyui_weighs_by_numbers_and_names_embeddings() -> None:
    for _, written in write_all(Program.COMFYUI):
        graph = json.loads(written.text)
        for node in graph.values():
            text = node["inputs"].get("text", "")
            assert "((" not in text
            assert not re.search(r"(?<!embedding:)\bEasyNegative", text)


@pytest.mark.parametrize("program", Program)
def test_whatever_is_not_the_same_is_told(program: Program) -> None:
    for prompt, written in write_all(program):
        lacking = [
            name
            for name, value in prompt.flags.items()
            if BY_NAME[name].matters(value) and name not in written.kept.flags
        ]
        assert not lacking or written.lost
