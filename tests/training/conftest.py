"""A small pack of artwork, a world of it, and a whole model trained for seconds."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageDraw

from training import evaluate, pictures, vae
from training.plan import SIDE, SIZES, Options
from training.run import run
from training.sharp import FACTOR
from training.world import World, common_things, load_world

SETS = {
    "fluent-emoji-3d": 0.9,
    "fluent-emoji-flat": 0.75,
    "fluent-emoji-high-contrast": None,
}
THINGS = 8

SHORT = replace(SIZES["tiny"], steps=2, measured=3, pool=16)
"""The tiny model, of which little is measured: what it draws is noise, whatever it is told."""

TWO = {"_STRENGTHS": (0.5, 1.0), "_SCALES": (0.0, 1.0), "_MIXES": (0.0, 1.0)}
"""Two places that each control is measured at; the first strength leaves one of the two steps."""


def drawing(number: int, size: float | None, side: int = SIDE) -> Image.Image:
    """A polygon with ``number`` + 3 corners, red; without a size a black outline."""
    image = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(image)
    shape = (side / 2, side / 2, side * (size or 0.8) / 2)
    if size is None:
        draw.regular_polygon(shape, number + 3, fill=None, outline=(0, 0, 0, 255), width=5)
    else:
        draw.regular_polygon(shape, number + 3, fill=(220, 30, 30, 255))
    return image


def _webp(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "WEBP", lossless=True)
    return data.getvalue()


def write_pack(folder: Path) -> None:
    """A pack of the first things in every set."""
    folder.mkdir()
    lines = []
    labels = list(common_things())[:THINGS]
    for name, size in SETS.items():
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            for number, label in enumerate(labels):
                archive.writestr(f"{number}.webp", _webp(drawing(number, size)))
                row = {"file": f"{name}.zip/{number}.webp", "style": name, "label": label}
                lines.append(json.dumps(row | {"tags": ["shape"], "group": "objects"}))
    (folder / "sharp").mkdir()
    for name, size in SETS.items():
        with zipfile.ZipFile(folder / "sharp" / f"{name}.zip", "w") as archive:
            archive.writestr("0.webp", _webp(drawing(0, size, SIDE * FACTOR)))
    stranger = json.dumps(json.loads(lines[0]) | {"style": "of-nobody"})
    (folder / "captions.jsonl").write_text("\n".join([*lines, lines[0], stranger]))


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack") / "artwork"
    write_pack(folder)
    return folder


@pytest.fixture(scope="session")
def world(pack: Path) -> World:
    return load_world(Options(out=pack.parent, size=SIZES["tiny"], artwork=pack))


@contextmanager
def steps_counted() -> Iterator[None]:
    """Within it a step of training takes 0.05 s by the training's clock, on whatever machine."""
    ticks = count(step=0.05)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Options, "clock", lambda _: next(ticks))
        yield


@pytest.fixture(scope="session")
def made(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Options:
    """Every stage, run for seconds."""
    torch.manual_seed(0)
    given = Options(
        out=tmp_path_factory.mktemp("made"),
        size=SHORT,
        artwork=pack,
        minutes=0.002,
    )
    prompts = tmp_path_factory.mktemp("few") / "prompts.txt"
    prompts.write_text("a red circle\na square, line art\n")
    with steps_counted(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "PROMPTS", prompts)
        patch.setattr(vae, "_WHITENED", 1)
        patch.setattr(vae, "_SHOWN", 4)
        for name, values in TWO.items():
            patch.setattr(evaluate, name, values)
        run(given)
    return given
