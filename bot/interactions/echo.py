"""What a person typed: shown again where it is refused, so that nobody types it twice."""

import io
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

import discord

from bot.interactions.submitted import read_answers
from bot.text import messages, sentences
from bot.text.languages import say
from prompt.errors import PromptError

_NAMES: Final = frozenset({"prompt", "text", "value", "new_value"})
"""Options and fields that people type at length into."""

_FILE: Final = "prompt.txt"


def read_typed(interaction: discord.Interaction[Any]) -> str:
    """The text that came with a command or a form; empty where there was none."""
    data = cast("dict[str, Any]", interaction.data)
    given = [*read_answers(interaction), *_walk_options(data.get("options") or ())]
    return next((value for name, value in given if name in _NAMES), "")


def _walk_options(options: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Names and values of a command's options, and of those of its subcommands."""
    for option in options:
        if "value" in option:
            yield str(option["name"]), str(option["value"])
        yield from _walk_options(option.get("options") or ())


def echo_prompt(error: BaseException, said: str, before: str) -> tuple[str, discord.File | None]:
    """A refusal with the prompt put right or, where that takes a person, as it was typed.

    Args:
        error: Why it was refused.
        said: The same in sentences.
        before: The prompt as it was typed; may be empty.

    Returns:
        The message, and a file for a prompt that does not fit into it.
    """
    # discord.py wraps what a command raises.
    error = getattr(error, "original", error)
    right = error.suggestion if isinstance(error, PromptError) else None
    text, lead = (before, sentences.TYPED) if right is None else (right, sentences.WORKS)
    if not text:
        return said, None
    block = f"\n{say(lead)}\n{messages.fence(text)}"
    if len(said) + len(block) <= messages.CONTENT_LIMIT:
        return said + block, None
    room = messages.CONTENT_LIMIT - len(say(lead)) - 1
    return f"{said[:room]}\n{say(lead)}", discord.File(io.BytesIO(text.encode()), _FILE)
