"""Where a flag makes a difference, and what is said where it does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt.flags.sources import EVERY_SOURCE, PromptSource
from prompt.flags.table import BY_NAME, FLAGS
from prompt.reading.grammar import Prompt, parse
from prompt.resolution.fitting import FOREIGN, fit, list_sources, parse_flags
from tests.prompt.strategies import prompts

WAYS = st.sampled_from(PromptSource)


@pytest.mark.parametrize(
    ("typed", "source", "kept", "note"),
    [
        ("owl --iw 2", PromptSource.IMAGINE, {"iw": 2}, None),
        ("owl --iw 2", PromptSource.IMG2IMG, {}, "`--iw` has no effect with /img2img"),
        ("owl --strength 0.4", PromptSource.IMG2IMG, {"strength": 0.4}, None),
        (
            "owl --repeat 3 --cfg 5",
            PromptSource.VARY,
            {"cfg": 5},
            "it works with /imagine, /img2img.",
        ),
        ("owl --seed 7", PromptSource.REROLL, {}, "`--seed` has no effect with 🔄"),
        ("owl --ar 3:2", PromptSource.REROLL, {"ar": (3, 2)}, None),
        ("owl --ar 3:2", PromptSource.ZOOM, {"ar": (3, 2)}, None),
        ("owl --ar 3:2", PromptSource.VARY, {}, "`--ar` has no effect with V"),
        ("owl --strength 1", PromptSource.PICTURE, {}, "with pictures made from pictures"),
        ("--iw 2", PromptSource.BLEND, {}, "with /blend"),
        ("owl --stop 20", PromptSource.PICTURE, {"stop": 20}, None),
        ("owl --chaos 20", PromptSource.PICTURE, {}, "with pictures made from pictures"),
    ],
)
def test_flags_are_kept_where_they_make_a_difference(
    typed: str, source: PromptSource, kept: dict[str, object], note: str | None
) -> None:
    prompt = fit(parse(typed), source)
    assert prompt.flags == kept
    assert [note] == [note for said in prompt.notes if note and note in said] or not note
    assert len(prompt.notes) == (note is not None)


def test_a_form_keeps_the_flags_of_its_pictures_and_tells_only_of_changes() -> None:
    before = parse_flags("--ar 3:2 --cfg 4")
    same = fit(parse("owl --ar 3:2 --cfg 5"), PromptSource.VARY, before)
    assert (same.flags, same.notes) == ({"ar": (3, 2), "cfg": 5}, ())
    other = fit(parse("owl --ar 1:1"), PromptSource.VARY, before)
    assert other.flags == {"ar": (3, 2)}
    assert len(other.notes) == 1
    assert fit(parse("owl"), PromptSource.VARY, before).flags == {"ar": (3, 2)}


def test_flags_that_are_no_longer_understood_are_none() -> None:
    assert parse_flags("--ar x") == {}


@given(prompts(), WAYS)
def test_nothing_is_left_out_in_silence(prompt: Prompt, source: PromptSource) -> None:
    whole = fit(prompt, source)
    gone = prompt.flags.keys() - whole.flags.keys()
    assert gone == prompt.flags.keys() & FOREIGN[source]
    assert len(whole.notes) == len(prompt.notes) + len(gone)
    assert fit(whole, source) == whole


@given(prompts(), WAYS)
def test_a_prompt_under_its_own_pictures_stays(prompt: Prompt, source: PromptSource) -> None:
    assert fit(prompt, source, before=prompt.flags) == prompt


def test_every_flag_works_somewhere_and_its_rivals_are_not_told_of_in_vain() -> None:
    for row in FLAGS:
        assert row.sources
        assert list_sources(row.name)
        assert row.sources == EVERY_SOURCE or not row.instead, row.name
        assert not row.partner or row.sources <= BY_NAME[row.partner].sources
