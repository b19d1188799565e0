"""Completion: how the flag that stands at the end of a half-typed prompt may go on."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from prompt.flags.sources import PromptSource
from prompt.flags.table import BY_NAME, FLAGS, LORA, MODEL, PRESET, Flag
from prompt.reading.separators import DASHES

LONGEST: Final = 100
"""Most characters in a choice (Discord's limit)."""

_START: Final = re.compile(rf"(?:^|(?<=\s))[{DASHES}]+")


def complete(
    text: str,
    limit: int = 25,
    presets: Sequence[str] = (),
    source: PromptSource | None = None,
    loras: Sequence[str] = (),
    *,
    models: Sequence[str] = MODEL.examples,
) -> list[str]:
    """The whole text with the flag at its end written out, one for every way to go on.

    Args:
        text: A prompt up to the cursor.
        limit: Most ways.
        presets: Names that ``--preset`` may have.
        source: Where it is typed; only flags that make a difference there are offered.
        loras: Names that ``--lora`` may have.
        models: Names that ``--model`` may have.

    Returns:
        Texts of at most `LONGEST` characters, the likeliest first; none where the text does not
        end in a flag.
    """
    start = deque(_START.finditer(text), maxlen=1)
    if not start:
        return []
    name, gap, value = text[start[0].end() :].partition(" ")
    if gap:
        value = value[value.rfind(" ") + 1 :] if BY_NAME.get(name.lower()) is LORA else value
        named = {PRESET.name: presets, LORA.name: loras, MODEL.name: models}
        head, ends = text[: len(text) - len(value)], _find_values(name, value, named, source)
    else:
        head, ends = text[: start[0].start()], (f"--{known}" for known in _find_names(name, source))
    return [whole for whole in (head + end for end in ends) if len(whole) <= LONGEST][:limit]


def list_names(start: str) -> list[str]:
    """Names that begin with ``start``, flags that act before those that do not."""
    return list(_find_names(start.lstrip(DASHES)))


def _find_names(start: str, source: PromptSource | None = None) -> Iterator[str]:
    low = start.lower()
    rows = [row for row in FLAGS if source is None or source in row.sources]
    for row in sorted(rows, key=lambda row: bool(row.instead)):
        names = (row.name, *row.aliases)
        fitting = [name for name in names if name.startswith(low)]
        yield from fitting[:1]


def _find_values(
    name: str, start: str, named: Mapping[str, Sequence[str]], source: PromptSource | None
) -> Iterable[str]:
    row: Flag[Any] | None = BY_NAME.get(name.lower())
    if row is None or not (source is None or source in row.sources):
        return ()
    values = named.get(row.name, row.examples)
    return (value for value in values if value.lower().startswith(start.lower()))
