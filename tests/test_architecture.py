"""The map of the code names every folder, in the layers' order, and nothing that is not there."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAP = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
WRITTEN = re.compile(
    r"`((?:benchmarks|bot|cli|commands|deploy|docs|faults|generation|migrations|playground|prompt|storage|tests"
    r"|training)/[\w./-]*)`"
)
"""Paths as the pages write them, a folder with a slash at its end."""

INSIDE = re.compile(
    r"(?:tests|generation/weights|benchmarks/(?:controls|recipes)|docs/recipes)/.+"
    r"|playground/page/static/.+"
)
"""Folders whose insides are no rooms of the code: kinds of tests, weights, figures."""


def tracked() -> list[Path]:
    """What belongs to the project, as git knows it."""
    told = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = told.stdout.splitlines() or pytest.skip("this copy of the project is not in git")
    return [Path(name) for name in names if (ROOT / name).is_file()]


def folders() -> set[str]:
    """Every folder that the map is to name."""
    found = {parent.as_posix() for path in tracked() for parent in path.parents}
    return {
        f"{folder}/"
        for folder in found
        if folder != "." and not folder.startswith(".") and not INSIDE.fullmatch(folder)
    }


def layers() -> Iterator[tuple[str, list[str]]]:
    """The packages whose rooms have an order, with that order, the upper ones first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for contract in settings["tool"]["importlinter"]["contracts"]:
        for package in contract.get("containers", ()):
            yield package, [re.split(r"[:|]", layer)[0].strip() for layer in contract["layers"]]


def test_the_map_names_every_folder() -> None:
    named = {path for path in WRITTEN.findall(MAP) if path.endswith("/")}
    kept = {path for path in named if (ROOT / path).is_dir() and not INSIDE.fullmatch(path[:-1])}
    assert kept == folders()


def test_every_room_says_what_it_is() -> None:
    for path in ROOT.glob("*/**/__init__.py"):
        if path.relative_to(ROOT).parts[0] in {"bot", "generation", "prompt", "storage"}:
            assert path.read_text(encoding="utf-8").startswith('"""'), path


@pytest.mark.parametrize(("package", "order"), [*layers()])
def test_rooms_stand_on_the_map_in_their_order(package: str, order: list[str]) -> None:
    places = [MAP.find(f"\n| `{package}/{room}/`") for room in order]
    rows = [place for place in places if place >= 0]
    assert all(upper < lower for upper, lower in pairwise(rows)), order


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_pages_name_is_there(page: Path) -> None:
    for path in WRITTEN.findall(page.read_text(encoding="utf-8")):
        there = (ROOT / path).is_dir() if path.endswith("/") else (ROOT / path).exists()
        assert there, f"{page.name} names {path}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
