"""The pages of docs/recipes: commands between fences, and the pictures that they made."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.text import sentences

FOLDER: Final = Path(__file__).parents[2] / "docs" / "recipes"

_BLOCK: Final = re.compile(
    r"^```text\n(?P<lines>.*?)\n```\n+(?:!\[[^\]]*\]\((?P<picture>[^)]+)\))?",
    re.DOTALL | re.MULTILINE,
)
_COMMAND: Final = re.compile(r"/(?P<name>[a-z0-9]+)(?: +(?P<given>.*))?")
_OPTION: Final = re.compile(
    r"(?:^|\s)(prompt|image|style|character|drawing|strength|image[1-5]|keep):"
)
_EDIT: Final = re.compile(
    r"✏️ Edit(?: picture (?P<index>\d)| (?P<image>\w+\.webp))?: (?P<words>.+?)(?: · (?P<where>.+))?"
)
_PRINT: Final = re.compile(r"Print…: (?P<longest>\d+(?:\.\d+)?) cm")
_PRESS: Final = re.compile(r"(?P<label>[UV](?P<index>\d)|[A-Z🔄⬅➡⬆⬇].*)")


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command: its name, and what stands behind each option."""

    name: str
    options: dict[str, str]


@dataclass(frozen=True, slots=True)
class Edit:
    """What is typed into ✏️ Edit.

    Attributes:
        words: What is to change.
        index: Number of the picture that is meant.
        places: Parts of the picture that are chosen, as the form numbers them.
        reading: The answer to a question about it, as its button says; empty for none.
        image: The image of somebody's message that is edited; empty for what was drawn last.
    """

    words: str
    index: int
    places: tuple[int, ...] = ()
    reading: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class Press:
    """A button that is pressed, and the number on it."""

    label: str
    index: int


@dataclass(frozen=True, slots=True)
class Print:
    """A size on paper that is typed into Print…, in centimetres."""

    longest: float


Step = Command | Edit | Press | Print


@dataclass(frozen=True, slots=True)
class Block:
    """Steps that follow each other, and the file of the picture that the last one makes."""

    steps: tuple[Step, ...]
    picture: Path | None


def list_pages() -> list[Path]:
    """Every page with commands, in alphabetical order."""
    return sorted(page for page in FOLDER.glob("*.md") if page.stem != "README")


def read_blocks(page: Path) -> list[Block]:
    """The blocks of a page in order; each goes on where the one before it ended.

    Raises:
        ValueError: A line is no command.
    """
    found = _BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [
        Block(
            tuple(map(read_step, match["lines"].splitlines())),
            page.parent / match["picture"] if match["picture"] else None,
        )
        for match in found
    ]


def read_step(line: str) -> Step:
    """What a line says to do.

    Raises:
        ValueError: It is no command, no edit and no button.
    """
    if match := _COMMAND.fullmatch(line):
        return Command(match["name"], dict(_split_options(match["given"] or "")))
    if match := _EDIT.fullmatch(line):
        places, reading = _read_where(match["where"] or "")
        index = int(match["index"] or 1)
        return Edit(match["words"], index, places, reading, match["image"] or "")
    if match := _PRINT.fullmatch(line):
        return Print(float(match["longest"]))
    if match := _PRESS.fullmatch(line):
        return Press(match["label"], int(match["index"] or 1))
    raise ValueError(f"{line!r} is no command")


def _split_options(given: str) -> Iterator[tuple[str, str]]:
    parts: Sequence[str] = _OPTION.split(given)
    if parts[0].strip():
        raise ValueError(f"{parts[0]!r} stands behind no option")
    for name, value in zip(parts[1::2], parts[2::2], strict=True):
        yield name, value.strip()


def _read_where(where: str) -> tuple[tuple[int, ...], str]:
    """Parts by their names in the form, or what a button says."""
    names = {name: int(number) for number, name in sentences.PARTS.items()}
    said = [part.strip() for part in where.split(",") if part.strip()]
    if all(part in names for part in said):
        return tuple(names[part] for part in said), ""
    return (), where
