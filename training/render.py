"""Stage: render every drawing that has a label to 128x128 pixels, into one zip for each set."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import resvg_py
from PIL import Image

from training.bar import Bar
from training.fetch import folder_of
from training.labels import codes_by_name, load_labels, name_key, plain_code
from training.plan import SIDE, Options, start
from training.sources import LABELS, SOURCES, Source

_QUALITY = 90
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    ' viewBox="{box}">{body}</svg>'
)


def render(given: Options) -> None:
    """Write ``artwork/<set>.zip``; a zip that is there already is whole and is kept.

    Raises:
        StoppedError: The session ended first.
    """
    given.pack.mkdir(parents=True, exist_ok=True)
    labels = folder_of(given, LABELS[0])
    wanted = load_labels(labels).keys()
    codes = codes_by_name(labels, [folder_of(given, source.package) for source in SOURCES])
    for source in SOURCES:
        path = given.pack / f"{source.name}.zip"
        if not path.exists():
            fresh = path.with_suffix(".new")
            drawings = drawings_of(source, given, codes)
            _write(fresh, source, drawings, wanted=set(wanted), given=given)
            fresh.rename(path)


def _write(
    path: Path,
    source: Source,
    drawings: list[tuple[str, bytes | str]],
    *,
    wanted: set[str],
    given: Options,
) -> None:
    with zipfile.ZipFile(path, "w") as archive, Bar(source.name, len(drawings)) as bar:
        for number, (code, drawing) in enumerate(drawings):
            given.session.check()
            if code in wanted:
                wanted.discard(code)
                archive.writestr(f"{code}.webp", picture_of(drawing, SIDE))
            bar.update(number + 1)


def picture_of(drawing: bytes | str, side: int) -> bytes:
    """A picture or an SVG as a square WebP of ``side`` pixels, with coverage."""
    if isinstance(drawing, str):
        drawing = bytes(resvg_py.svg_to_bytes(svg_string=drawing, width=side, height=side))
    with Image.open(io.BytesIO(drawing)) as image:
        picture = image.convert("RGBA")
    if picture.size != (side, side):
        picture = picture.resize((side, side), Image.Resampling.LANCZOS)
    data = io.BytesIO()
    picture.save(data, "WEBP", quality=_QUALITY)
    return data.getvalue()


def drawings_of(
    source: Source, given: Options, codes: dict[str, str]
) -> list[tuple[str, bytes | str]]:
    """Plain code and picture, or SVG, of every drawing of a set."""
    folder = folder_of(given, source.package)
    if (folder / "icons.json").exists():
        return list(_vectors(folder, codes))
    return [
        (plain_code(path.stem), path.read_bytes()) for path in sorted((folder / "assets").iterdir())
    ]


def _vectors(folder: Path, codes: dict[str, str]) -> Iterator[tuple[str, str]]:
    """SVGs of a set of icons, by plain code."""
    icons: dict[str, Any] = json.loads((folder / "icons.json").read_text())
    table = folder / "chars.json"
    own = json.loads(table.read_text()) if table.exists() else {}
    by_name = {name: plain_code(code) for code, name in own.items()}
    for name, icon in icons["icons"].items():
        code = by_name.get(name) or codes.get(name_key(name))
        if code is not None:
            width = icon.get("width", icons.get("width", 16))
            height = icon.get("height", icons.get("height", 16))
            box = f"{icon.get('left', 0)} {icon.get('top', 0)} {width} {height}"
            yield code, _SVG.format(box=box, body=icon["body"])


if __name__ == "__main__":
    start(__doc__, render)
