"""Sheets of sample pictures."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

_LINE = 11
_LINES = 2


def to_images(pictures: Tensor) -> list[Image.Image]:
    """Pictures (N, 3, H, W) in -1 to 1 as images."""
    values = ((pictures.detach().float().cpu().clamp(-1, 1) + 1) * 127.5).round()
    rows = values.permute(0, 2, 3, 1).numpy().astype(np.uint8)
    return [Image.fromarray(row) for row in rows]


def save_sheet(
    images: Sequence[Image.Image], path: Path, *, columns: int, titles: Sequence[str] = ()
) -> None:
    """Lay pictures of one size out in rows, each with its title below, and save them."""
    if not images:
        return
    width, height = images[0].size
    tall = height + (_LINES * _LINE + 4 if titles else 0)
    rows = -(-len(images) // columns)
    sheet = Image.new("RGB", (columns * width, rows * tall), "white")
    draw = ImageDraw.Draw(sheet)
    for number, image in enumerate(images):
        corner = (number % columns * width, number // columns * tall)
        sheet.paste(image, corner)
        if titles:
            text = "\n".join(textwrap.wrap(titles[number], width // 6)[:_LINES])
            draw.multiline_text((corner[0] + 2, corner[1] + height), text, "black", spacing=1)
    sheet.save(path)
