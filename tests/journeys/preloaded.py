"""What bots and workers import, imported once: forked processes share it, and nobody looks through
its objects for garbage again.
"""

import gc

import bot.__main__
import generation.families.easel
import generation.worker

__all__ = ["bot", "generation"]

gc.freeze()
