"""Prompt sources: where a prompt, or flags for one, may be typed; the table says which go where."""

from enum import StrEnum
from typing import Final


class PromptSource(StrEnum):
    """A place to type a prompt, by the name that people know it by."""

    IMAGINE = "/imagine"
    IMG2IMG = "/img2img"
    BLEND = "/blend"
    VARY = "V"
    REROLL = "🔄"
    ZOOM = "Custom Zoom"
    PICTURE = "pictures made from pictures"
    KEPT = "presets and preferences"


EVERY_SOURCE: Final = frozenset(PromptSource)
"""For a flag that makes a difference wherever it is typed."""

COMMANDS: Final = frozenset({PromptSource.IMAGINE, PromptSource.IMG2IMG})
"""Commands that take a prompt."""
