"""Real photographs for tests, all free to use, from the installed scikit-image package.

Nothing is downloaded and nothing is copied into the repository: each file ships inside the
scikit-image wheel, whose documentation names these sources and licences.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import skimage.data


@dataclass(frozen=True, slots=True)
class Photograph:
    """A photograph, where it comes from and why it may be used."""

    file: str
    shows: str
    width: int
    height: int
    source: str
    licence: str

    @property
    def path(self) -> Path:
        """The file inside the installed package."""
        return Path(skimage.data.__file__).parent / self.file

    def read(self) -> bytes:
        """The file's bytes."""
        return self.path.read_bytes()


ASTRONAUT: Final = Photograph(
    "astronaut.png",
    "Eileen Collins in her space suit",
    512,
    512,
    "NASA Great Images database",
    "public domain (NASA)",
)
COFFEE: Final = Photograph(
    "coffee.png", "a cup of coffee on wood", 600, 400, "Rachel Michetti, Pikolo Espresso Bar", "CC0"
)
CHELSEA: Final = Photograph("chelsea.png", "a cat's face", 451, 300, "Stefan van der Walt", "CC0")
ROCKET: Final = Photograph(
    "rocket.jpg",
    "the launch of DSCOVR on a Falcon 9",
    640,
    427,
    "SpaceX Photos",
    "public domain (released by SpaceX)",
)

PHOTOGRAPHS: Final = (ASTRONAUT, COFFEE, CHELSEA, ROCKET)
