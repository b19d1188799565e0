"""Reads a pack: zips of rendered pictures beside captions.jsonl."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from training.plan import SIDE
from training.sources import DRAWN_AS

PIXEL_ART: Final = "pixel art"
"""A style of our own, made from flat drawings."""

_COARSE: Final = 32


@dataclass(frozen=True, slots=True)
class Drawing:
    """One picture of a pack, by its line of captions.jsonl.

    Attributes:
        file: Name of the zip and of the picture in it, with a slash between.
        style: Style word.
        label: Name of the thing.
        tags: Keywords of the thing.
        group: What kind of thing it is.
    """

    file: str
    style: str
    label: str
    tags: tuple[str, ...]
    group: str


def list_drawings(pack: Path) -> list[Drawing]:
    """Every drawing of a pack, one for each set and label, and the flat ones again as pixel art.

    Sets that are not among our sources are left out.
    """
    found: dict[tuple[str, str], Drawing] = {}
    for line in (pack / "captions.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["style"] not in DRAWN_AS:
            continue
        drawing = Drawing(
            file=row["file"],
            style=DRAWN_AS[row["style"]],
            label=row["label"],
            tags=tuple(row["tags"]),
            group=row["group"],
        )
        found.setdefault((row["style"], row["label"]), drawing)
    drawings = list(found.values())
    pixelated = [
        Drawing(d.file, PIXEL_ART, d.label, d.tags, d.group) for d in drawings if d.style == "flat"
    ]
    return drawings + pixelated


def load_drawings(pack: Path, drawings: Sequence[Drawing]) -> Tensor:
    """Pictures as uint8 (N, 4, 128, 128): red, green, blue and coverage, not premultiplied."""
    archives = {
        name: (pack / name).read_bytes() for name in {d.file.split("/")[0] for d in drawings}
    }

    def load(part: Sequence[Drawing]) -> list[NDArray[np.uint8]]:
        opened = {name: zipfile.ZipFile(io.BytesIO(data)) for name, data in archives.items()}
        return [_picture(opened, drawing) for drawing in part]

    size = max(1, -(-len(drawings) // 16))
    parts = [drawings[i : i + size] for i in range(0, len(drawings), size)]
    with ThreadPoolExecutor() as pool:
        pictures = [picture for part in pool.map(load, parts) for picture in part]
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()


def open_drawing(archives: Mapping[str, zipfile.ZipFile], drawing: Drawing) -> Image.Image:
    """A drawing as its archive has it, in RGBA of the world's side."""
    archive, name = drawing.file.split("/")
    with Image.open(io.BytesIO(archives[archive].read(name))) as image:
        picture = image.convert("RGBA")
    if picture.size != (SIDE, SIDE):
        picture = picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return picture


def _picture(archives: Mapping[str, zipfile.ZipFile], drawing: Drawing) -> NDArray[np.uint8]:
    picture = open_drawing(archives, drawing)
    if drawing.style == PIXEL_ART:
        picture = pixelate(picture)
    return np.asarray(picture)


def pixelate(picture: Image.Image) -> Image.Image:
    """The picture on a 32-pixel grid with hard edges and 5 levels a channel, at its old size."""
    premultiplied = picture.convert("RGBa").resize((_COARSE, _COARSE), Image.Resampling.BOX)
    coarse = np.asarray(premultiplied.convert("RGBA")).astype(np.float32)
    coarse[..., :3] = np.round(coarse[..., :3] / 51) * 51
    coarse[..., 3] = np.where(coarse[..., 3] > 110, 255, 0)
    small = Image.fromarray(coarse.clip(0, 255).astype(np.uint8), "RGBA")
    return small.resize(picture.size, Image.Resampling.NEAREST)
