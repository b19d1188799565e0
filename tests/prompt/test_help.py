from pathlib import Path

import pytest

from generation.catalogue.families import CARDS, find_card
from prompt.flags.sources import PromptSource
from prompt.flags.table import BY_NAME, FLAGS
from prompt.guidance import help as flag_help

PAGE = Path(__file__).parents[2] / "docs" / "flags.md"


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == flag_help.format_page(), "run `make docs`"


def test_the_page_has_every_flag_once() -> None:
    page = flag_help.format_page()
    for row in FLAGS:
        assert page.count(f"\n| `{flag_help.format_names(row)}` |") == 1


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "ar",
            (
                "`--ar, --aspect` (a ratio of two whole numbers such as `3:2`): "
                "Width to height of the pictures. Works with /imagine, /img2img, /blend, 🔄, "
                "Custom Zoom, presets and preferences. Default: that of the image, or 1:1."
            ),
        ),
        (
            "no",
            (
                "`--no` (a list such as `fog, people`): What the pictures should not show. "
                "Needs a model with negative prompts: `easel`, `sd15`, `instruct-pix2pix`, "
                "`sdxl`, `chroma`, `qwen-image`, `qwen-image-edit`. "
                "Default: nothing."
            ),
        ),
        ("relax", "`--relax` (no value): Let everyone's fast jobs go first."),
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
    assert flag_help.format_line(BY_NAME[name]) == line


def test_acting_and_idle_are_all() -> None:
    assert sorted(row.name for row in (*flag_help.list_acting(), *flag_help.list_idle())) == sorted(
        row.name for row in FLAGS
    )


def test_a_line_can_name_the_models_own_value() -> None:
    assert flag_help.format_line(BY_NAME["cfg"], find_card("sd15")).endswith("Default: 7.")
    assert flag_help.format_line(BY_NAME["model"], find_card("sd15")).endswith("Default: sd15.")


def test_the_page_says_where_and_with_which_models_a_flag_works() -> None:
    cells = {
        row.split(" | ")[0]: row.split(" | ")[4:] for row in flag_help.format_page().splitlines()
    }
    for row in flag_help.list_acting():
        ways, models = cells[f"| `{flag_help.format_names(row)}`"]
        assert models.startswith("all; some values") == (row.needed_sometimes and models != "all |")
        models = models.removeprefix("all; some values ")
        for source in PromptSource:
            assert (source in row.sources) == (ways == "all" or source in ways.split(", "))
        for each in flag_help.EQUIPPED:
            able = row.capability is None or row.capability in each.capabilities
            named = models.removesuffix(" |").removeprefix("all; some values ").split(", ")
            assert able == (named == ["all"] or each.id in named)


def test_the_page_says_what_each_model_does() -> None:
    page = flag_help.format_page()
    for each in CARDS:
        assert f"\n| {each.title} | {each.guidance:g} | {each.steps} | {each.sampler} |" in page
