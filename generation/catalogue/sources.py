"""Weights that whoever runs the bot names: one safetensors file, so that it stays the same one."""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from faults import HostError

# Other formats are pickled, and may run code as they are loaded.
_KIND: Final = ".safetensors"
_HUB: Final = re.compile(r"[\w.-]+/[\w.-]+")


class SourceError(HostError, ValueError):
    """A setting that names no weights; its text is one sentence about what would work."""


@dataclass(frozen=True, slots=True)
class Source:
    """One safetensors file.

    Attributes:
        place: The folder that it lies in, or a hub id.
        file: Its name there, with folders if need be.
        revision: The hub's revision; empty for a folder.
    """

    place: str
    file: str
    revision: str = ""

    @property
    def version(self) -> str:
        """What tells this file from others of its name: the revision, or the SHA-256 of its bytes.

        Empty for a file that is not on this machine.
        """
        if self.revision:
            return self.revision
        path = Path(self.place) / self.file
        # By its time of change, so that gigabytes are read once and a new file is noticed.
        return _hash_file(path, path.stat().st_mtime_ns) if path.is_file() else ""

    def find(self) -> Path:
        """The file on this machine, where a command fetched it if it is of the hub.

        Raises:
            OSError: It is not here.
        """
        if not self.revision:
            path = Path(self.place) / self.file
            if not path.is_file():
                raise FileNotFoundError(self.file)
            return path
        from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415 - only a worker has it

        found = try_to_load_from_cache(self.place, self.file, revision=self.revision)
        if not isinstance(found, str):
            raise FileNotFoundError(self.file)
        return Path(found)


def read_source(text: str) -> Source:
    """The file that a text names: ``folder/file``, ``folder#file`` or ``owner/name@revision#file``.

    Raises:
        SourceError: It names none, or one that may change behind its name.
    """
    place, mark, file = text.strip().partition("#")
    if not mark:
        path = Path(place)
        place, file = str(path.parent), path.name
    # Nor any way out of the folder that was named.
    if Path(file).suffix != _KIND or ".." in Path(file).parts:
        raise SourceError(f"a file ending in {_KIND} is wanted, as in folder#name{_KIND}")
    hub, at, revision = place.partition("@")
    # A folder may have an @ in its name, and one that is here is meant.
    if at and _HUB.fullmatch(hub) and not Path(place).is_dir():
        return Source(hub, file, revision)
    if mark and _HUB.fullmatch(place) and not Path(place).is_dir():
        # Without one the file behind a name could change under the recipes that name it.
        raise SourceError(f"a hub id wants a revision, as in {place}@main#{file}")
    return Source(place, file)


def split_revision(source: str) -> tuple[str, dict[str, Any]]:
    """A folder or hub id as ``from_pretrained`` of diffusers and transformers takes it.

    Args:
        source: Folder or hub id, with ``@`` and a revision behind it if wanted.

    Returns:
        The folder or the bare hub id, and the options that go with it.
    """
    # Nothing is fetched unasked: `easel models fetch` does that, and shows licences first.
    options = {"local_files_only": True, "revision": None}
    if Path(source).is_dir():
        return source, options
    name, _, revision = source.partition("@")
    return name, options | {"revision": revision or None}


@lru_cache(maxsize=256)
def _hash_file(path: Path, changed: int) -> str:  # noqa: ARG001 - a changed file is another one
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
