"""What a picture was made of and what was made of it, drawn as a tree of small pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw, ImageFont

SIDE: Final = 160
"""Longest side of each picture, in pixels."""

_GAP: Final = 36
_ABOVE: Final = 58
_MARGIN: Final = 24
_TEXT: Final = 15
_LINES: Final = 2

# Discord's dark and light themes both set it off.
_GROUND: Final = "#2b2d31"
_EDGE: Final = "#80848e"
_LETTERS: Final = "#f2f3f5"
_CHOSEN: Final = "#f0b232"

# What Pillow's own font has letters for.
_LAST_LETTER: Final = 0x24F


@dataclass(frozen=True, slots=True)
class Node:
    """One picture of the tree.

    Attributes:
        image: The picture, or a grid of several.
        text: What was asked for to make it.
        parent: Place of what it was made of, among the nodes before it; None for the first.
        chosen: Whether it is the one whose lineage is shown.
    """

    image: Image.Image
    text: str
    parent: int | None = None
    chosen: bool = False


def draw_lineage(nodes: Sequence[Node]) -> Image.Image:
    """The tree, with the number of each picture, and above it the wish that led to it.

    Args:
        nodes: The first is the root; each other comes behind its parent.
    """
    columns, rows = _place(nodes)
    wide, high = SIDE + _GAP, SIDE + _ABOVE
    size = (
        2 * _MARGIN + round((max(columns) + 1) * wide) - _GAP,
        2 * _MARGIN + (max(rows) + 1) * high,
    )
    sheet = Image.new("RGB", size, _GROUND)
    pen = ImageDraw.Draw(sheet)
    pen.font = ImageFont.load_default(_TEXT)
    spots = [
        (_MARGIN + round(column * wide) + SIDE // 2, _MARGIN + row * high + _ABOVE)
        for column, row in zip(columns, rows, strict=True)
    ]
    for node, (middle, top) in zip(nodes, spots, strict=True):
        if node.parent is not None:
            across, above = spots[node.parent]
            bend = top - _ABOVE + 8
            pen.line(
                [(across, above + SIDE // 2), (across, bend), (middle, bend), (middle, top)],
                _EDGE,
                3,
            )
    for number, (node, spot) in enumerate(zip(nodes, spots, strict=True), 1):
        _draw_node(sheet, pen, node, number, spot)
    return sheet


def _place(nodes: Sequence[Node]) -> tuple[list[float], list[int]]:
    """Columns and rows: those without children side by side, the others above their children."""
    children: list[list[int]] = [[] for _ in nodes]
    rows = [0] * len(nodes)
    for place, node in enumerate(nodes):
        if node.parent is not None:
            children[node.parent].append(place)
            rows[place] = rows[node.parent] + 1
    columns, used = [0.0] * len(nodes), 0

    def settle(place: int) -> None:
        nonlocal used
        for child in children[place]:
            settle(child)
        if children[place]:
            first, last = children[place][0], children[place][-1]
            columns[place] = (columns[first] + columns[last]) / 2
        else:
            columns[place], used = float(used), used + 1

    settle(0)
    return columns, rows


def _draw_node(
    sheet: Image.Image, pen: ImageDraw.ImageDraw, node: Node, number: int, spot: tuple[int, int]
) -> None:
    middle, top = spot
    small = node.image.convert("RGB")
    small.thumbnail((SIDE, SIDE))
    left = middle - small.width // 2
    if node.chosen:
        edge = (left - 4, top - 4, left + small.width + 3, top + small.height + 3)
        pen.rectangle(edge, fill=_CHOSEN)
    sheet.paste(small, (left, top))
    badge = pen.textbbox((left + 6, top + 4), str(number))
    pen.rectangle((badge[0] - 5, badge[1] - 4, badge[2] + 5, badge[3] + 4), fill=_GROUND)
    pen.text((left + 6, top + 4), str(number), _LETTERS)
    for line, text in enumerate(_break_text(node.text, pen)):
        y = top - _ABOVE + 16 + line * (_TEXT + 3)
        box = pen.textbbox((middle, y), text, anchor="ma")
        pen.rectangle((box[0] - 3, box[1] - 1, box[2] + 3, box[3] + 1), fill=_GROUND)
        pen.text((middle, y), text, _LETTERS, anchor="ma")


def _break_text(text: str, pen: ImageDraw.ImageDraw) -> list[str]:
    """The text in lines as wide as a column; nothing where the font lacks a letter of it."""
    if any(ord(letter) > _LAST_LETTER for letter in text):
        return []
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and pen.textlength(longer) > SIDE + _GAP - 8:
            lines.append(word)
        else:
            lines[-1] = longer
    shown = lines[:_LINES]
    if len(lines) > _LINES:
        shown[-1] += "…"
    while pen.textlength(max(shown, key=len)) > SIDE + _GAP and len(shown[-1]) > 2:
        shown = [line if line != max(shown, key=len) else f"{line[:-2]}…" for line in shown]
    return shown
