import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.cards import CARDS, VARIANTS
from prompt.errors import PromptError
from prompt.grammar import parse
from prompt.versions import DEFAULTS, versions, wanted


def test_without_changes_it_is_the_default() -> None:
    assert versions("") == versions(" , ") == DEFAULTS


def test_the_default_names_families_that_exist() -> None:
    assert set(DEFAULTS.values()) <= {"", *(card.called for card in (*CARDS, *VARIANTS))}


@pytest.mark.parametrize(
    ("entry", "key", "family"),
    [
        ("7=easel", "7", "easel"),
        ("6.0=easel", "6", "easel"),
        ("v 7 = easel", "7", "easel"),
        ("v7=easel", "7", "easel"),
        ("niji 6=anime-sdxl", "niji 6", "anime-sdxl"),
        ("Niji=sdxl", "niji", "sdxl"),
        ("v=sdxl", "v", "sdxl"),
        ("9=", "9", ""),
    ],
)
def test_entries_change_it(entry: str, key: str, family: str) -> None:
    changed = versions(f"8=sd15, {entry}")
    assert changed == {**DEFAULTS, "8": "sd15", key: family}


@pytest.mark.parametrize(
    "text", ["7", "=sdxl", "seven=sdxl", "7=sd xl", "7=sdxl;6=sd15", "1.2.3=a"]
)
def test_what_is_no_entry_is_named(text: str) -> None:
    with pytest.raises(PromptError, match="`"):
        versions(text)


@given(st.text(alphabet="v niji7.=,sdxl", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(PromptError):
        assert DEFAULTS.keys() <= versions(text).keys()


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("owl", ""),
        ("owl --v 5.2", "sd15"),
        ("owl --v 7.0", "sdxl"),
        ("owl --v", ""),
        ("owl --niji 5", "sdxl-anime"),
        ("owl --niji --v 7", "sdxl-anime"),
        ("owl --v 7 --model easel", "easel"),
        ("owl --v 99", None),
    ],
)
def test_a_prompt_asks_for_a_family(text: str, family: str | None) -> None:
    assert wanted(parse(text).parameters, DEFAULTS) == family
