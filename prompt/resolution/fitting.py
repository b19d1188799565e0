"""Fitting: a prompt keeps the flags that make a difference where it was typed, and says of others.

A form under pictures starts with the flags that the pictures were made with. Those that cannot be
changed there stay as they are, and only a change of them is told of.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from prompt import sentences as said
from prompt.errors import PromptError
from prompt.flags.table import BY_NAME, PARAMETERS
from prompt.flags.ways import Way
from prompt.reading.grammar import Prompt, parse
from prompt.sentences import Sentence, joined

FOREIGN: Final[Mapping[Way, frozenset[str]]] = {
    way: frozenset(row.name for row in PARAMETERS if way not in row.ways) for way in Way
}
"""Names of the flags that make no difference, by where they are typed."""

_NOTHING: Final[Mapping[str, Any]] = {}


def fitted(prompt: Prompt, way: Way, before: Mapping[str, Any] = _NOTHING) -> Prompt:
    """The prompt with the flags that make a difference, and a note for each of the others.

    Args:
        prompt: As it was typed.
        way: Where it was typed.
        before: The flags of the pictures under which it was typed, if any.
    """
    foreign = FOREIGN[way]
    if foreign.isdisjoint(prompt.parameters) and foreign.isdisjoint(before):
        return prompt
    values = {name: value for name, value in prompt.parameters.items() if name not in foreign}
    values |= {name: value for name, value in before.items() if name in foreign}
    notes = (*prompt.notes, *_notes(prompt.parameters, way, before))
    return replace(prompt, parameters=values, notes=notes)


def _notes(given: Mapping[str, Any], way: Way, before: Mapping[str, Any]) -> Iterator[str]:
    for name, value in given.items():
        if name in FOREIGN[way] and before.get(name) != value:
            ways = joined(works_with(name), ", ")
            yield Sentence(said.NOT_WITH, flag=name, way=Sentence(way), ways=ways)


def works_with(name: str) -> list[Sentence]:
    """The ways in which a flag makes a difference, in their order."""
    return [Sentence(way) for way in Way if way in BY_NAME[name].ways]


def flags_of(text: str) -> Mapping[str, Any]:
    """The flags of a text that was understood once; none if it no longer is."""
    try:
        return parse(text).parameters
    except PromptError:
        return _NOTHING
