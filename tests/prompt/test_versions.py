import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.catalogue.families import CARDS, VARIANTS
from generation.catalogue.served import list_served
from prompt.errors import PromptError
from prompt.reading.grammar import parse
from prompt.resolution.notes import write_notes
from prompt.resolution.presets import check_preset
from prompt.resolution.versions import DEFAULTS, choose_model, find_wanted, parse_versions
from storage.settings import Settings


def test_without_changes_it_is_the_default() -> None:
    assert parse_versions("") == parse_versions(" , ") == DEFAULTS


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
    changed = parse_versions(f"8=sd15, {entry}")
    assert changed == {**DEFAULTS, "8": "sd15", key: family}


@pytest.mark.parametrize(
    "text", ["7", "=sdxl", "seven=sdxl", "7=sd xl", "7=sdxl;6=sd15", "1.2.3=a"]
)
def test_what_is_no_entry_is_named(text: str) -> None:
    with pytest.raises(PromptError, match="`"):
        parse_versions(text)


@given(st.text(alphabet="v niji7.=,sdxl", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(PromptError):
        assert DEFAULTS.keys() <= parse_versions(text).keys()


MODELS = list_served(
    Settings(  # type: ignore[call-arg]
        _env_file=None, models="flux2-klein, photo=acme/photo-xl, sdxl-anime"
    )
)
TABLE = parse_versions("8=FLUX2-klein")


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("owl", "easel"),
        ("owl --model photo", "photo"),
        ("owl --model Photo --v 7", "photo"),
        ("owl --model Photo, at night", "photo"),
        ("owl --model sdxl", "photo"),
        ("owl --v 7", "photo"),
        ("owl --niji 6", "sdxl-anime"),
        ("owl --v 8", "flux2-klein"),
        ("owl --v", "easel"),
        ("owl --v 5", "easel"),
        ("owl --v 99", "easel"),
        ("owl --model z-image", "easel"),
        ("owl --model dalle", "easel"),
    ],
)
def test_what_is_served_draws_or_else_the_usual_one(text: str, drawn: str) -> None:
    assert choose_model(parse(text).flags, MODELS, TABLE).card.called == drawn


@pytest.mark.parametrize(
    ("text", "told"), [("owl --v 7", 0), ("owl --niji 6", 0), ("owl --v 5", 1), ("owl --v 99", 1)]
)
def test_only_a_version_whose_model_is_not_served_is_remarked_upon(text: str, told: int) -> None:
    prompt = parse(text)
    card = choose_model(prompt.flags, MODELS, TABLE).card
    assert len(list(write_notes(prompt, card, TABLE, images=0))) == told


@pytest.mark.parametrize("text", ["owl --model Photo", "owl --model sdxl"])
def test_what_is_kept_for_later_may_name_what_is_served(text: str) -> None:
    assert check_preset(text, MODELS) == text.lower()


def test_what_is_kept_for_later_names_nothing_unheard_of() -> None:
    with pytest.raises(PromptError, match="not `photo`") as refused:
        check_preset("owl --model photo")
    assert (refused.value.position, refused.value.suggestion) == (4, "owl")


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
    assert find_wanted(parse(text).flags, DEFAULTS) == family
