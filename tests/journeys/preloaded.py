"""What bots and workers import, imported once for all processes that are forked."""

from PIL import Image

import bot.__main__
import generation.families.easel
import tests.journeys.painter

__all__ = ["bot", "generation", "tests"]

Image.init()
