from pathlib import Path

import pytest

from generation.cards import CARDS, card
from prompt import help as flag_help
from prompt.parameters import BY_NAME, PARAMETERS

PAGE = Path(__file__).parents[2] / "docs" / "flags.md"


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == flag_help.page(), "run `make docs`"


def test_the_page_has_every_flag_once() -> None:
    page = flag_help.page()
    for row in PARAMETERS:
        assert page.count(f"\n| `{flag_help.names(row)}` |") == 1


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "ar",
            (
                "`--ar, --aspect` (a ratio of two whole numbers such as `3:2`): "
                "Width to height of the pictures. Default: 1:1."
            ),
        ),
        ("relax", "`--relax` (no value): Let everybody's usual prompts go first."),
        (
            "steps",
            (
                "`--steps` (a whole number from 1 to 100): "
                "Denoising steps: more take longer and refine more. Default: the model's own."
            ),
        ),
    ],
)
def test_a_line_says_all(name: str, line: str) -> None:
    assert flag_help.line(BY_NAME[name]) == line


def test_acting_and_idle_are_all() -> None:
    assert sorted(row.name for row in (*flag_help.acting(), *flag_help.idle())) == sorted(
        row.name for row in PARAMETERS
    )


def test_a_line_can_name_the_models_own_value() -> None:
    assert flag_help.line(BY_NAME["cfg"], card("sd15")).endswith("Default: 7.")
    assert flag_help.line(BY_NAME["model"], card("sd15")).endswith("Default: sd15.")


def test_the_page_says_what_each_model_does() -> None:
    page = flag_help.page()
    for each in CARDS:
        assert f"\n| {each.title} | {each.guidance:g} | {each.steps} | {each.sampler} |" in page
