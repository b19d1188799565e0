"""Options of a slash command: values beside a prompt, which count where its text says nothing."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from prompt.flags.lists import Listed
from prompt.flags.table import BY_NAME
from prompt.reading.grammar import Prompt

Options = Mapping[str, Any]
"""Value of each flag that a command has an option for, by the flag's canonical name."""

NO_OPTIONS: Final[Options] = MappingProxyType({})


def add_options(prompt: Prompt, options: Options) -> Prompt:
    """The prompt with the options: a typed flag counts before one, and a list takes in both.

    Args:
        prompt: What was typed.
        options: What was chosen beside it.
    """
    if not options:
        return prompt
    return replace(prompt, flags={**options, **_join_lists(prompt.flags, options)})


def _join_lists(flags: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """The typed flags, those that are lists with the option's items behind their own."""
    joined = dict(flags)
    for name, value in options.items():
        kind = BY_NAME[name].kind
        if name in flags and isinstance(kind, Listed):
            joined[name] = kind.join(flags[name], value)
    return joined


def write_options(options: Options) -> dict[str, str]:
    """The options as JSON-ready data."""
    return {name: BY_NAME[name].kind.format(value) for name, value in options.items()}


def read_options(data: Mapping[str, str]) -> dict[str, Any]:
    """The options that ``write_options`` wrote.

    Raises:
        ValueError: One of them is no value of its flag.
    """
    return {name: BY_NAME[name].kind.parse(word) for name, word in data.items()}
