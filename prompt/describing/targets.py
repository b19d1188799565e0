"""For whom prompts are written: this server's models, or another program."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from generation.catalogue.card import Card
from generation.questions.description import Aspect, Description
from generation.recipe import Phrase
from prompt.describing.in_sentences import write_sentences
from prompt.describing.intents import keep_known, split_items, write_intents
from prompt.flags.table import RATIO
from prompt.reading.grammar import Prompt
from prompt.writing.paragraphs import says_all
from prompt.writing.programs import ABILITIES, Program
from prompt.writing.prose import say_ratio
from prompt.writing.write import write_prompt

HERE: Final = "here"
"""Those that draw on this server."""

_FILES: Final = frozenset({Program.COMFYUI, Program.NOVELAI, Program.INVOKEAI})
"""Programs whose form is a file for themselves, not a text for people."""

TARGETS: Final[Mapping[str, str]] = {
    program.value: ABILITIES[program].title for program in Program if program not in _FILES
}
"""Titles of the other programs, by the names that custom ids hold."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One of the prompts of a description.

    Attributes:
        prompt: What is drawn here.
        text: How the target writes it.
        lost: What cannot be said there, one sentence each.
    """

    prompt: Prompt
    text: str
    lost: tuple[str, ...] = ()


def write_offers(
    description: Description, target: str, card: Card, turn: int = 0
) -> Sequence[Offer]:
    """The four prompts of a description for a target.

    Args:
        description: What is known of the picture.
        target: ``HERE``, or one of ``TARGETS``; any other counts as ``HERE``.
        card: What draws here.
        turn: How often others were asked for.
    """
    whole_prompts = write_intents(description, turn)
    prompts = _fit(whole_prompts, description, card)
    if target not in TARGETS:
        return [Offer(one, one.spelling) for one in prompts]
    program, offers = Program(target), []
    # Of what is known to be the prompt the words are given; of all else sentences are written.
    tells = ABILITIES[program].prose and not description.exact
    said = list(write_sentences(description, turn)) if tells else []
    if tells:
        said[0] = find_prose(description) or said[0]
    for number, (here, whole) in enumerate(zip(prompts, whole_prompts, strict=True)):
        written = write_prompt(_tell(whole, said[number], program) if tells else whole, program)
        offers.append(Offer(here, written.text, written.lost))
    return offers


def _fit(prompts: Sequence[Prompt], description: Description, card: Card) -> list[Prompt]:
    """The prompts in what the model knows, as far as they stay as many as they are."""
    # Without a thing nothing can be drawn yet, and what was measured is for people.
    if description.lacks_subject:
        return [*prompts]
    # What is known to be the prompt is given as it is, whatever draws here makes of it.
    fitted = [
        one if description.exact and number == 0 else keep_known(one, card)
        for number, one in enumerate(prompts)
    ]
    while same := _find_same(fitted):
        for number in same:
            if fitted[number] != prompts[number]:
                fitted[number] = prompts[number]
                break
        else:
            break
    return fitted


def _find_same(prompts: Sequence[Prompt]) -> list[int]:
    """Numbers of several that say the same, the last first; none where all differ."""
    said: dict[frozenset[str], list[int]] = {}
    for number, one in enumerate(prompts):
        said.setdefault(frozenset(split_items(one.text)), []).insert(0, number)
    return next((numbers for numbers in said.values() if len(numbers) > 1), [])


def _tell(prompt: Prompt, text: str, program: Program) -> Prompt:
    """A prompt in sentences, with its ratio among them where the program takes no other."""
    flags = dict(prompt.flags)
    if RATIO.name not in ABILITIES[program].flags:
        ratio = RATIO.of(flags)
        flags.pop(RATIO.name, None)
        text = f"{text} {say_ratio(ratio)}." if ratio else text
    return Prompt(phrases=(Phrase(text=text),), flags=flags)


def find_prose(description: Description) -> str:
    """The paragraph that a model wrote of a picture, if it says what is known of it; else nothing.

    What is known to be the prompt goes before any paragraph.
    """
    known = (*description.find(Aspect.SUBJECT), *description.find(Aspect.WORDS))
    fits = not description.exact and says_all(description.prose, known)
    return description.prose if fits else ""
