"""The map of the code names every module of the folders that it opens."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAP = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", ["bot", "prompt"])
def test_the_map_names_every_module_once(folder: str) -> None:
    rows = re.search(rf"Inside `{folder}/`.*?((?:^\|[^\n]*\n)+)", MAP, re.DOTALL | re.MULTILINE)
    assert rows is not None
    last_cells = (row.rsplit("|", 2)[1] for row in rows[1].splitlines())
    named = [name for cell in last_cells for name in re.findall(r"`(\w+)`", cell)]
    modules = {path.stem for path in (ROOT / folder).glob("*.py")} - {"__init__"}
    assert sorted(named) == sorted(modules)
