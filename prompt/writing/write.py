"""A prompt written for another program, and read back to see whether it is the same."""

from dataclasses import dataclass, replace

from prompt import sentences as said
from prompt.errors import PromptError
from prompt.flags.table import VERSION
from prompt.reading.grammar import Prompt, parse
from prompt.reading.limits import PROMPT_LIMIT
from prompt.sentences import Sentence
from prompt.writing.paragraphs import says_all
from prompt.writing.programs import ABILITIES, Program, find_abilities
from prompt.writing.prose import drop_leads
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


def is_templated(written: Written) -> bool:
    """Whether a template put its sentences together."""
    return Sentence(said.PLAIN_THERE) in written.lost


def put_into_prose(written: Written, prose: str, program: Program) -> Written:
    """What a template wrote in the words of a paragraph, if that says all of it; else as it was.

    Args:
        written: What is said, by a template.
        prose: The paragraph.
        program: For which it was written.
    """
    if len(written.kept.phrases) != 1:
        return written
    whole = replace(written.kept, phrases=(replace(written.kept.phrases[0], text=prose),))
    if not says_all(prose, [drop_leads(written.kept.phrases[0].text)]):
        return written
    text = WRITERS[program](whole, ABILITIES[program])
    if not _reads_back(text, whole):
        return written
    lost = tuple(note for note in written.lost if note != Sentence(said.PLAIN_THERE))
    return Written(text, whole, lost)


def _reads_back(text: str, kept: Prompt) -> bool:
    if len(text) > PROMPT_LIMIT:
        return False
    try:
        return parse(text) == kept
    except PromptError:
        return False
