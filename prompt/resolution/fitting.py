"""Fitting: a prompt keeps the flags that make a difference where it was typed, and says of others.

A form under pictures starts with the flags that the pictures were made with. Those that cannot be
changed there stay as they are, and only a change of them is told of.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from prompt import sentences as said
from prompt.errors import PromptError
from prompt.flags.sources import PromptSource
from prompt.flags.table import BY_NAME, FLAGS
from prompt.reading.grammar import Prompt, parse
from prompt.sentences import Sentence, join

FOREIGN: Final[Mapping[PromptSource, frozenset[str]]] = {
    source: frozenset(row.name for row in FLAGS if source not in row.sources)
    for source in PromptSource
}
"""Names of the flags that make no difference, by where they are typed."""

_NOTHING: Final[Mapping[str, Any]] = {}


def fit(prompt: Prompt, source: PromptSource, before: Mapping[str, Any] = _NOTHING) -> Prompt:
    """The prompt with the flags that make a difference, and a note for each of the others.

    Args:
        prompt: As it was typed.
        source: Where it was typed.
        before: The flags of the pictures under which it was typed, if any.
    """
    foreign = FOREIGN[source]
    if foreign.isdisjoint(prompt.flags) and foreign.isdisjoint(before):
        return prompt
    values = {name: value for name, value in prompt.flags.items() if name not in foreign}
    # What cannot be changed here stays as the pictures had it, so that it is not lost on the way.
    values |= {name: value for name, value in before.items() if name in foreign}
    notes = (*prompt.notes, *_write_notes(prompt.flags, source, before))
    return replace(prompt, flags=values, notes=notes)


def _write_notes(
    given: Mapping[str, Any], source: PromptSource, before: Mapping[str, Any]
) -> Iterator[str]:
    for name, value in given.items():
        if name in FOREIGN[source] and before.get(name) != value:
            ways = join(list_sources(name), ", ")
            yield Sentence(said.NOT_WITH, flag=name, way=Sentence(source), ways=ways)


def list_sources(name: str) -> list[Sentence]:
    """The ways in which a flag makes a difference, in their order."""
    return [Sentence(source) for source in PromptSource if source in BY_NAME[name].sources]


def parse_flags(text: str) -> Mapping[str, Any]:
    """The flags of a text that was understood once; none if it no longer is."""
    try:
        return parse(text).flags
    except PromptError:
        return _NOTHING
