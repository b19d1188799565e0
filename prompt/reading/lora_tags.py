"""LoRA tags of other programs, ``<lora:ink:0.8>``, read as the flag ``--lora``."""

import re
from typing import Final

from prompt.flags.table import LORA
from prompt.reading.separators import GONE, close_gaps

_OPENING: Final = "<lora:"
_TAG: Final = re.compile(r"<lora:([^<>:\s]+)(?::([^<>:\s]*))?(?::[^<>]*)?>", re.IGNORECASE)


def move_lora_tags(text: str) -> str:
    """The text with a flag at its end for the LoRAs that tags in it call.

    Args:
        text: A prompt as typed.
    """
    if _OPENING not in text.lower() or not (called := _TAG.findall(text)):
        return text
    items = tuple(f"{name}:{weight}" if weight else name for name, weight in called)
    return f"{close_gaps(_TAG.sub(GONE, text))} {LORA.format(items)}"
