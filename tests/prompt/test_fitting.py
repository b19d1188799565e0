"""Where a flag makes a difference, and what is said where it does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt.flags.table import BY_NAME, PARAMETERS
from prompt.flags.ways import EVERY_WAY, Way
from prompt.reading.grammar import Prompt, parse
from prompt.resolution.fitting import FOREIGN, fitted, flags_of, works_with
from tests.prompt.strategies import prompts

WAYS = st.sampled_from(Way)


@pytest.mark.parametrize(
    ("typed", "way", "kept", "note"),
    [
        ("owl --iw 2", Way.IMAGINE, {"iw": 2}, None),
        ("owl --iw 2", Way.IMG2IMG, {}, "`--iw` makes no difference with /img2img"),
        ("owl --strength 0.4", Way.IMG2IMG, {"strength": 0.4}, None),
        ("owl --repeat 3 --cfg 5", Way.VARY, {"cfg": 5}, "it works with /imagine, /img2img."),
        ("owl --seed 7", Way.REROLL, {}, "`--seed` makes no difference with 🔄"),
        ("owl --ar 3:2", Way.REROLL, {"ar": (3, 2)}, None),
        ("owl --ar 3:2", Way.ZOOM, {"ar": (3, 2)}, None),
        ("owl --ar 3:2", Way.VARY, {}, "`--ar` makes no difference with V"),
        ("owl --strength 1", Way.PICTURE, {}, "with pictures made from pictures"),
        ("--iw 2", Way.BLEND, {}, "with /blend"),
        ("owl --stop 20", Way.PICTURE, {"stop": 20}, None),
        ("owl --chaos 20", Way.PICTURE, {}, "with pictures made from pictures"),
    ],
)
def test_flags_are_kept_where_they_make_a_difference(
    typed: str, way: Way, kept: dict[str, object], note: str | None
) -> None:
    prompt = fitted(parse(typed), way)
    assert prompt.parameters == kept
    assert [note] == [note for said in prompt.notes if note and note in said] or not note
    assert len(prompt.notes) == (note is not None)


def test_a_form_keeps_the_flags_of_its_pictures_and_tells_only_of_changes() -> None:
    before = flags_of("--ar 3:2 --cfg 4")
    same = fitted(parse("owl --ar 3:2 --cfg 5"), Way.VARY, before)
    assert (same.parameters, same.notes) == ({"ar": (3, 2), "cfg": 5}, ())
    other = fitted(parse("owl --ar 1:1"), Way.VARY, before)
    assert other.parameters == {"ar": (3, 2)}
    assert len(other.notes) == 1
    assert fitted(parse("owl"), Way.VARY, before).parameters == {"ar": (3, 2)}


def test_flags_that_are_no_longer_understood_are_none() -> None:
    assert flags_of("--ar x") == {}


@given(prompts(), WAYS)
def test_nothing_is_left_out_in_silence(prompt: Prompt, way: Way) -> None:
    whole = fitted(prompt, way)
    gone = prompt.parameters.keys() - whole.parameters.keys()
    assert gone == prompt.parameters.keys() & FOREIGN[way]
    assert len(whole.notes) == len(prompt.notes) + len(gone)
    assert fitted(whole, way) == whole


@given(prompts(), WAYS)
def test_a_prompt_under_its_own_pictures_stays(prompt: Prompt, way: Way) -> None:
    assert fitted(prompt, way, before=prompt.parameters) == prompt


def test_every_flag_works_somewhere_and_its_rivals_are_not_told_of_in_vain() -> None:
    for row in PARAMETERS:
        assert row.ways
        assert works_with(row.name)
        assert row.ways == EVERY_WAY or not row.instead, row.name
        assert not row.partner or row.ways <= BY_NAME[row.partner].ways
