"""What the measurements of controls reckon with, and that the page tells what was measured."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmarks.controls import publish
from benchmarks.controls.bench import portions
from benchmarks.controls.image_weight import evenness
from benchmarks.controls.publish import PAGE, Figures, published


@given(st.lists(st.text(), min_size=1, max_size=50), st.integers(0, 300))
def test_portions_share_all_seeds_evenly_and_each_once(items: list[str], count: int) -> None:
    parts = list(portions(items, count))
    assert [seed for _, first, size in parts for seed in range(first, first + size)] == list(
        range(count)
    )
    sizes = [size for _, _, size in parts]
    assert not sizes or max(sizes) - min(sizes) <= 1
    assert [item for item, _, _ in parts] == items[: len(parts)]


@pytest.mark.parametrize(
    ("values", "rank", "largest"),
    [([0, 1, 2, 3], 1.0, 1.0), ([0, 1, 4], 1.0, 1.5), ([3, 2, 1], -1.0, 1.0), ([0, 2, 1], 0.5, 4)],
)
def test_evenness(values: Sequence[float], rank: float, largest: float) -> None:
    found = evenness(values)
    assert found["rank correlation"] == rank
    assert found["largest step over mean"] == largest


def test_the_page_tells_what_was_measured_last() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert published(page) == page


def test_figures_become_tables_curves_and_sheets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Before.\n\n<!-- figures of chaos: python -m benchmarks.controls publish -->\nold\n"
        "<!-- end of figures -->\n\nAfter.\n"
    )
    monkeypatch.setattr(publish, "FIGURES", tmp_path / "figures")
    monkeypatch.setattr(publish, "PAGE", page)
    points = [{"--chaos": 0, "spread": 4.25, "kept": True}, {"--chaos": 100, "spread": 84.0}]
    sheet = [[Image.new("RGB", (8, 8))] * 3] * 2
    kept = Figures(command="a command", day="2026-11-26", torch="2.13", points=points)
    kept.save("chaos", {"chaos": sheet})
    publish.publish()
    text = page.read_text()
    assert text.startswith("Before.\n\n<!--")
    assert text.endswith("<!-- end of figures -->\n\nAfter.\n")
    assert "| --chaos | spread | kept |\n|---:|---:|---|\n| 0 | 4.25 | yes |\n" in text
    assert "`a command`, 2026-11-26" in text
    assert "old" not in text
    with Image.open(tmp_path / "page" / "chaos.png") as curve:
        assert curve.width > 500
    with Image.open(tmp_path / "page" / "chaos.webp") as saved:
        assert saved.size == (24, 16)
    assert published(text) == text
