"""What is said of a prompt that was written for another program."""

from collections.abc import Iterable
from typing import Final

from bot.text import messages, sentences
from bot.text.languages import retell, say
from prompt.reading.grammar import Prompt
from prompt.writing.programs import ABILITIES, Program
from prompt.writing.write import Written

_PROMPT_FILE: Final = "prompt.txt"
_NOTES_FILE: Final = "notes.txt"

Texts = list[tuple[str, str]]
"""What comes in files of its own: each one's name and text."""


def write_translation(
    prompt: Prompt, written: Written, program: Program, teller: str = ""
) -> tuple[str, Texts]:
    """A prompt in another program's form, with what is told of it.

    Args:
        prompt: As it was read.
        written: As it is written there.
        program: For which program.
        teller: The model that put it into sentences; empty for none.
    """
    lead = say(sentences.WRITTEN_FOR, program=ABILITIES[program].title)
    told = [say(sentences.TOLD_BY, model=teller)] if teller else []
    return write_to_copy(lead, written.text, [*told, *map(retell, (*prompt.notes, *written.lost))])


def write_to_copy(lead: str, text: str, notes: Iterable[str]) -> tuple[str, Texts]:
    """A prompt to copy with notes below it; what does not fit into a message comes as a file."""
    below = "".join(f"\n- {note}" for note in notes)
    whole = f"{lead}\n{messages.fence(text)}{below}"
    # A fence has another sign for back quotes, which would be wrong where they are meant.
    if "`" not in text and len(whole) <= messages.CONTENT_LIMIT:
        return whole, []
    files = [(_PROMPT_FILE, text)]
    if len(lead) + len(below) <= messages.CONTENT_LIMIT:
        return lead + below, files
    return lead, [*files, (_NOTES_FILE, below.strip())]
