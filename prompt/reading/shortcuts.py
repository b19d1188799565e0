"""Shortcuts: flags of a person's own, such as ``--mine``, that stand for other text."""

import re
from collections.abc import Mapping
from typing import Final

from prompt.flags.table import BY_NAME

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
"""Names that shortcuts may have."""

_FLAG: Final = re.compile(r"(?<!\S)(?:--|[\u2014\u2013])([A-Za-z]\w*)(?!\S)")


def is_free(name: str) -> bool:
    """Whether a shortcut may have this name: it fits, and no flag has it."""
    return NAME.fullmatch(name) is not None and name not in BY_NAME


def may_expand(text: str) -> bool:
    """Whether there is anything in a text that could be a shortcut."""
    return any(is_free(found[1].lower()) for found in _FLAG.finditer(text))


def expand(text: str, shortcuts: Mapping[str, str]) -> str:
    """The text with every shortcut written out, once: what one stands for is not looked at again.

    Args:
        text: A prompt as typed.
        shortcuts: Text by name, in lower case.
    """
    # Once only: a shortcut that stood for another could stand for itself, without end.
    return _FLAG.sub(lambda found: shortcuts.get(found[1].lower(), found[0]), text)
