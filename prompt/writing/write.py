"""A prompt written for another program, and read back to see whether it is the same."""

from dataclasses import dataclass

from prompt import sentences as said
from prompt.errors import PromptError
from prompt.flags.table import VERSION
from prompt.reading.grammar import Prompt, parse
from prompt.reading.limits import PROMPT_LIMIT
from prompt.sentences import Sentence
from prompt.writing.programs import Program, find_abilities
from prompt.writing.reduction import reduce_prompt
from prompt.writing.spellings import WRITERS


@dataclass(frozen=True, slots=True)
class Written:
    """A prompt as another program has it.

    Attributes:
        text: In that program's form; `parse` reads it as ``kept``.
        kept: What of the prompt it says.
        lost: What is lost or said otherwise, one sentence each.
    """

    text: str
    kept: Prompt
    lost: tuple[str, ...]


def write_prompt(prompt: Prompt, program: Program, *, split: bool = False) -> Written:
    """A prompt in another program's form.

    Whatever is not read back from it as it was is told of, so that nothing is lost in silence.

    Args:
        prompt: The neutral form.
        program: The other program.
        split: Whether words with weights become ideas of their own (``::``) where it weighs none.
    """
    able = find_abilities(program, VERSION.of(prompt.flags))
    kept, notes = reduce_prompt(prompt, program, able, split=split)
    text = WRITERS[program](kept, able)
    if not _reads_back(text, kept):
        notes.append(Sentence(said.UNSURE_THERE, program=able.title))
    return Written(text, kept, tuple(notes))


def _reads_back(text: str, kept: Prompt) -> bool:
    if len(text) > PROMPT_LIMIT:
        return False
    try:
        return parse(text) == kept
    except PromptError:
        return False
