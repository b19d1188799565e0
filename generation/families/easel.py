"""The bundled model: Stable Diffusion's structure, drawn small."""

from dataclasses import replace
from typing import Final

from generation.families import sd15

FAMILY: Final = replace(sd15.FAMILY, id="easel")
