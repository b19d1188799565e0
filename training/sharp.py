"""Stage: render some drawings four times as large, for the upscaler to learn sharp edges from."""

import io
import zipfile
from pathlib import Path
from typing import Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from training.artwork import PIXEL_ART, pixelate
from training.bar import Bar
from training.fetch import folder_of
from training.labels import codes_by_name
from training.plan import SIDE, Options, start
from training.render import drawings_of, picture_of
from training.sources import LABELS, SOURCES

FACTOR: Final = 4
"""How much larger than the model's pictures."""

_EACH: Final = 200


def render_sharp(given: Options) -> None:
    """Write ``sharp/<set>.zip`` into the pack: up to 200 drawings of each set.

    Raises:
        StoppedError: The session ended first.
    """
    folder = given.pack / "sharp"
    folder.mkdir(parents=True, exist_ok=True)
    labels = folder_of(given, LABELS[0])
    codes = codes_by_name(labels, [folder_of(given, source.package) for source in SOURCES])
    wanted = set(given.size.styles) | ({"flat"} if PIXEL_ART in given.size.styles else set())
    for source in SOURCES:
        path = folder / f"{source.name}.zip"
        if source.style not in wanted or path.exists():
            continue
        drawings = drawings_of(source, given, codes)
        chosen = drawings[:: -(-len(drawings) // _EACH)]
        fresh = path.with_suffix(".new")
        bar = Bar(f"sharp {source.name}", len(chosen))
        with zipfile.ZipFile(fresh, "w") as archive, bar:
            for number, (code, drawing) in enumerate(chosen):
                given.session.check()
                archive.writestr(f"{code}.webp", picture_of(drawing, SIDE * FACTOR))
                bar.update(number + 1)
        fresh.rename(path)


def load_sharp(pack: Path) -> dict[str, Tensor]:
    """Sharp drawings by style as uint8 (N, 4, 512, 512), the flat ones again as pixel art.

    Raises:
        FileNotFoundError: The pack has none.
    """
    styles = {source.name: source.style for source in SOURCES}
    pictures: dict[str, list[Image.Image]] = {}
    for path in sorted((pack / "sharp").glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                with Image.open(io.BytesIO(archive.read(name))) as image:
                    picture = image.convert("RGBA")
                pictures.setdefault(styles[path.stem], []).append(picture)
                if "flat" in path.stem:
                    pictures.setdefault(PIXEL_ART, []).append(pixelate(picture))
    if not pictures:
        raise FileNotFoundError("the pack has no sharp drawings")
    return {style: _stack(drawn) for style, drawn in pictures.items()}


def _stack(pictures: list[Image.Image]) -> Tensor:
    stacked = np.stack([np.asarray(picture) for picture in pictures])
    return torch.from_numpy(stacked).permute(0, 3, 1, 2).contiguous()


if __name__ == "__main__":
    start(__doc__, render_sharp)
