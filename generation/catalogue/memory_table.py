"""The table of memory plans in ``docs/hosting.md``, written from the code.

``python -m generation.catalogue.memory_table docs/hosting.md`` prints the page with a fresh one.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from generation.catalogue.card import Card
from generation.catalogue.families import CARDS, VARIANTS
from generation.catalogue.memory_plans import (
    MemoryPlanError,
    Room,
    choose_plan,
    count_usable,
    describe,
    estimate_footprint,
)

SIZES: Final = (8, 12, 16, 24, 48, 80)
"""GiB of the cards in the table."""

BEGIN: Final = "<!-- Written by `make docs`. -->\n"
END: Final = "<!-- End. -->\n"


def write_table() -> Iterator[str]:
    """The table's lines: a row for each model, a column for each size of card."""
    yield "| model | " + " | ".join(f"{size} GB" for size in SIZES) + " |"
    yield "|---" * (len(SIZES) + 1) + "|"
    for card in (*CARDS, *VARIANTS):
        cells = [_write_cell(card, size) for size in SIZES]
        yield f"| `{card.called}` | " + " | ".join(cells) + " |"


def _write_cell(card: Card, size: int) -> str:
    try:
        plan = choose_plan(card, estimate_footprint(card), Room(count_usable(size)))
    except MemoryPlanError:
        return "–"
    return f"{describe(plan)}; {plan.needs:.1f}"


def refresh(page: str) -> str:
    """A page with a fresh table between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + "\n".join(write_table()) + "\n" + END + after


if __name__ == "__main__":
    sys.stdout.write(refresh(Path(sys.argv[1]).read_text(encoding="utf-8")))
