"""A thousand prompts as people paste them, each with its right reading: ``thousand.txt``.

A line is a prompt, with ``␤`` for each line break in it. Below it stands, indented, what it means
in canonical spelling (``=``), one line for each prompt that it stands for; or part of the sentence
that refuses it (``!``), with what is suggested instead (``>``). ``?`` is for ``=`` where the
reading is right and not reached.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prompt.errors import PromptError
from prompt.resolution.orders import read_orders

FILE: Final = Path(__file__).with_name("thousand.txt")


@dataclass(frozen=True, slots=True)
class Pasted:
    """A prompt and its right reading.

    Attributes:
        section: Where it comes from.
        typed: The text.
        meant: The right readings, or a refusal with its suggestion.
        reached: Whether it is expected to be read so.
    """

    section: str
    typed: str
    meant: tuple[str, ...]
    reached: bool

    def is_read_right(self) -> bool:
        """Whether it is read as it is meant."""
        try:
            got = tuple(f"= {order.prompt.spelling}" for order in read_orders(self.typed))
        except PromptError as error:
            sentence, *suggested = self.meant
            told = sentence.startswith("! ") and sentence[2:] in error.sentence
            return told and suggested == ([f"> {error.suggestion}"] if error.suggestion else [])
        return got == self.meant


def read_thousand() -> Iterator[Pasted]:
    """Every prompt of the file, in its order."""
    section, typed, meant = "", "", list[str]()
    for line in (*FILE.read_text("utf-8").splitlines(), "## "):
        if line.startswith("    "):
            meant.append(line[4:])
            continue
        if typed:
            reached = meant[0][0] != "?"
            readings = tuple(f"= {one[2:]}" if one[0] == "?" else one for one in meant)
            yield Pasted(section, typed.replace("␤", "\n"), readings, reached)
        typed, meant = "", []
        if line.startswith("## "):
            section = line[3:]
        elif not line.startswith("# "):
            typed = line
