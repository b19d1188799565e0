"""InstructPix2Pix: Stable Diffusion 1.5 that sees an image beside its noise.

Brooks et al. 2023, arXiv 2211.09800.
"""

from dataclasses import replace
from typing import Final

from generation.conditioning.image_adapters import Adapters
from generation.families import sd15

FAMILY: Final = replace(
    sd15.FAMILY,
    id="instruct-pix2pix",
    pipeline="StableDiffusionInstructPix2PixPipeline",
    adapters=Adapters(each=()),
    edits=True,
)
