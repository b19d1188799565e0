"""Dials written into a prompt, and read out of it as columns and rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.recipe.sheet import MOST_CELLS
from prompt.errors import PromptError
from prompt.resolution.dials import read_axes, write_dials
from prompt.resolution.orders import read_orders

WRITTEN = {
    ("a cat --seed 7", "--stylize 0..1000 x3"): "a cat --seed 7 --stylize {0..1000 x3}",
    ("a cat", "—iw 0.5, 1"): "a cat --iw {0.5, 1}",
    ("a cat", "stylize 0…100"): "a cat --stylize {0…100}",
    ("a cat, --ar 3:2", "oil painting, ink"): "a cat, {oil painting, ink} --ar 3:2",
    ("a {} cat", "red, blue"): "a {red, blue} cat",
    ("a cat", "{red\\, warm, blue}"): "a cat, {red\\, warm, blue}",
    ("a cat", "style of old masters, pop art"): "a cat, {style of old masters, pop art}",
    ("--seed 7", "a cat, a dog"): "{a cat, a dog} --seed 7",
    ("a cat", ""): "a cat",
}


@pytest.mark.parametrize(("typed", "text"), WRITTEN.items())
def test_a_dial_is_written_as_choices_where_they_belong(typed: tuple[str, str], text: str) -> None:
    prompt, dial = typed
    assert write_dials(prompt, [dial]) == text


READ = {
    "a cat --stylize {0..1000 x3}": (("--stylize 0", "--stylize 500", "--stylize 1000"), ()),
    "a {red, blue} cat —iw {0.5..2 x4}": (
        ("red", "blue"),
        ("--iw 0.5", "--iw 1", "--iw 1.5", "--iw 2"),
    ),
    "a cat --chaos {1..3}": (("--chaos 1", "--chaos 2", "--chaos 3"), ()),
    "a {red {fat, thin}, blue} cat": (("red fat", "red thin", "blue"), ()),
    "a {red\\, warm, \\{blue\\}} cat": (("red, warm", "{blue}"), ()),
}


@pytest.mark.parametrize(("text", "axes"), READ.items())
def test_choices_are_columns_and_rows(
    text: str, axes: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    found = read_axes(text)
    assert (found.columns, found.rows) == axes
    assert len(read_orders(found.text)) == len(found.columns) * max(1, len(found.rows))


REFUSED = {
    "a cat": "nothing to compare",
    "a {} cat": "one value",
    "a {red} cat": "one value",
    "a {red, red} cat": "one value",
    "{a, b} {c, d} {e, f}": "3 groups",
    "a cat --stylize {0..100 x30}": "30 pictures",
    "{a, b, c, d, e, f} {1, 2, 3, 4, 5}": "30 pictures",
    "a } cat {": "nothing to compare",
}


@pytest.mark.parametrize(("text", "said"), REFUSED.items())
def test_what_is_no_sheet_is_told(text: str, said: str) -> None:
    with pytest.raises(PromptError, match=said):
        read_axes(text)


@given(st.integers(2, 5), st.integers(0, 5))
def test_each_cell_is_drawn_from_its_own_column_and_row(columns: int, rows: int) -> None:
    rows = rows if rows > 1 else 0
    across = [f"c{k}" for k in range(columns)]
    down = [f"r{k}" for k in range(rows)]
    axes = read_axes(write_dials("x", [", ".join(across), ", ".join(down)]))
    cells = [order.prompt.phrases[0].text for order in axes.arrange(read_orders(axes.text))]
    assert len(cells) <= MOST_CELLS
    wanted = [f"x, {c}, {r}" for r in down for c in across] or [f"x, {c}" for c in across]
    assert cells == wanted


@given(st.text(st.sampled_from("{}.,x0129 -a…\\"), max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        axes = read_axes(write_dials("a cat", [text]))
    except PromptError:
        return
    assert 1 < len(axes.columns) * max(1, len(axes.rows)) <= MOST_CELLS
