"""Names of the drawings: labels by code point, and code points by the packages' own names."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_GROUPS: Final = {
    0: "smileys",
    1: "people",
    3: "animals",
    4: "food",
    5: "travel",
    6: "activities",
    7: "objects",
    8: "symbols",
    9: "flags",
}
_NICKNAMES: Final = ("github", "iamcal", "joypixels", "emojibase", "cldr")


@dataclass(frozen=True, slots=True)
class Label:
    """What a code point is called.

    Attributes:
        label: Its name.
        tags: Keywords.
        group: What kind of thing it is.
    """

    label: str
    tags: tuple[str, ...]
    group: str


def plain_code(code: str) -> str:
    """A code point sequence in lower case, without leading zeros and presentation marks."""
    parts = (part.lstrip("0") for part in code.lower().replace("_", "-").split("-"))
    return "-".join(part for part in parts if part not in {"fe0f", ""})


def load_labels(folder: Path) -> dict[str, Label]:
    """Labels by plain code, without components, regional letters and flags of regions.

    Args:
        folder: The unpacked emojibase-data.
    """
    rows: list[dict[str, Any]] = json.loads((folder / "en" / "data.json").read_text())
    return {
        plain_code(row["hexcode"]): Label(
            row["label"], tuple(row.get("tags", ())), _GROUPS[row["group"]]
        )
        for row in rows
        if row.get("group") in _GROUPS and not row["label"].startswith("flag:")
    }


def name_key(name: str) -> str:
    """A name without what packages write differently."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def codes_by_name(labels: Path, packages: list[Path]) -> dict[str, str]:
    """Plain codes by :func:`name_key`, from code tables of packages, labels and nicknames.

    Args:
        labels: The unpacked emojibase-data.
        packages: Unpacked sets of drawings, some of which have a table of codes.
    """
    found: dict[str, str] = {}
    for code, name in _pairs(labels, packages):
        found.setdefault(name_key(name), plain_code(code))
    return found


def _pairs(labels: Path, packages: list[Path]) -> Iterator[tuple[str, str]]:
    for package in packages:
        table = package / "chars.json"
        if table.exists():
            yield from json.loads(table.read_text()).items()
    for code, label in load_labels(labels).items():
        yield code, label.label
    for nicknames in _NICKNAMES:
        table = labels / "en" / "shortcodes" / f"{nicknames}.json"
        for code, names in json.loads(table.read_text()).items():
            for name in [names] if isinstance(names, str) else names:
                yield code, name
