"""Dials: what ``/compare`` changes from picture to picture, as choices in braces.

A dial is a flag with its values, as ``--stylize 0..1000 x5`` or ``--iw 0.5, 1, 2``, or words, as
``oil painting, watercolour``. Written into the prompt it is a group of choices, so that what each
picture is drawn from is read as any other prompt.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from generation.recipe.sheet import MOST_CELLS
from prompt import sentences as said
from prompt.errors import PromptError
from prompt.flags.table import BY_NAME
from prompt.reading.permutations import expand, split_groups, unescape
from prompt.resolution.orders import MOST_ORDERS
from prompt.sentences import Sentence

T = TypeVar("T")

EXAMPLES: Final = ("--stylize 0..1000 x5", "oil painting, watercolour")
"""Dials, as help shows them."""

MOST_DIALS: Final = 2
"""A sheet has columns and rows."""

USUAL_VALUES: Final = 5
"""Values of a range where nobody says how many."""

NOTHING: Final = "–"
"""What a choice without words is called."""

_PLACE: Final = "{}"
"""Where a dial's words go; without one they go behind all other words."""

_DASHES: Final = r"(?:--|—|–)"
_FLAG: Final = re.compile(rf"{_DASHES}\s*(?P<name>[A-Za-z][\w-]*)[ =]*(?P<values>.*)", re.DOTALL)
# Without dashes only before a number: "style" and "quality" are words, too.
_BARE: Final = re.compile(r"(?P<name>[A-Za-z]+)\s+(?P<values>[-+.\d].*)", re.DOTALL)
_FIRST_FLAG: Final = re.compile(rf"(?:(?<=\s)|^){_DASHES}[A-Za-z]")
_BEFORE: Final = re.compile(rf"(?:^|\s){_DASHES}(?P<name>[A-Za-z][\w-]*)[ =]*$")
_NUMBER: Final = r"[-+]?\d{1,10}(?:\.\d{1,6})?"
_RANGE: Final = re.compile(
    rf"\s*(?P<first>{_NUMBER})\s*(?:\.{{2,3}}|…)\s*(?P<last>{_NUMBER})"
    r"(?:\s*[x×*]\s*(?P<count>\d{1,3}))?\s*"
)


@dataclass(frozen=True, slots=True)
class Axes:
    """A prompt with one or two groups of choices.

    Attributes:
        text: The prompt, in which each group stands for several.
        columns: Labels of the choices of the first group.
        rows: Labels of those of the second; empty where there is one.
    """

    text: str
    columns: tuple[str, ...]
    rows: tuple[str, ...] = ()

    def arrange(self, each: Sequence[T]) -> list[T]:
        """What stands for each prompt, in the order in which braces stand for them, row by row."""
        down = max(1, len(self.rows))
        return [each[across * down + k] for k in range(down) for across in range(len(self.columns))]


def write_dials(text: str, dials: Iterable[str]) -> str:
    """A prompt with dials in it.

    Args:
        text: The prompt; ``{}`` says where the words of a dial go.
        dials: What is changed; empty ones are left out.
    """
    for dial in filter(None, map(str.strip, dials)):
        flag = _FLAG.fullmatch(dial) or _BARE.fullmatch(dial)
        if flag and (dial[0] in "-—–" or flag["name"].lower() in BY_NAME):
            text = f"{text} --{flag['name']} {_brace(flag['values'])}"
        else:
            text = _insert(text, _brace(dial))
    return text.strip()


def read_axes(text: str) -> Axes:
    """The choices of a prompt, with ranges of numbers written out.

    Raises:
        PromptError: It has none, more than two, one that is none, or too many.
    """
    groups, rest = split_groups(text)
    parts, axes = [], []
    for before, group in groups:
        written = _write_out(group)
        choices = expand(written, MOST_ORDERS)
        flag = _BEFORE.search(before)
        lead = f"--{flag['name']} " if flag else ""
        # A choice of nothing has a name as well.
        axes.append(tuple(f"{lead}{unescape(choice)}".strip() or NOTHING for choice in choices))
        parts += [before, written]
        if len(dict.fromkeys(choices)) < 2:
            raise PromptError(Sentence(said.DIAL_STANDS, dial=lead + group))
    if not axes:
        one, other = (f"`{dial}`" for dial in EXAMPLES)
        raise PromptError(Sentence(said.NO_DIAL, one=one, other=other))
    if len(axes) > MOST_DIALS:
        raise PromptError(Sentence(said.MANY_DIALS, count=len(axes), limit=MOST_DIALS))
    found = Axes("".join([*parts, rest]), *axes)
    count = len(found.columns) * max(1, len(found.rows))
    if count > MOST_CELLS:
        raise PromptError(Sentence(said.MANY_CELLS, count=count, limit=MOST_CELLS))
    return found


def _brace(values: str) -> str:
    """Values as a group; what is one already stays as it is."""
    values = values.strip()
    return values if values.startswith("{") else f"{{{values}}}"


def _insert(text: str, group: str) -> str:
    if _PLACE in text:
        return text.replace(_PLACE, group, 1)
    flag = _FIRST_FLAG.search(text)
    words, flags = (text[: flag.start()], text[flag.start() :]) if flag else (text, "")
    words = words.strip().rstrip(",")
    return f"{words}{', ' if words else ''}{group} {flags}"


def _write_out(group: str) -> str:
    found = _RANGE.fullmatch(group[1:-1])
    return f"{{{', '.join(_list_values(found))}}}" if found else group


def _list_values(found: re.Match[str]) -> list[str]:
    """Numbers at equal distances, both ends among them; whole ones between whole ends."""
    first, last = float(found["first"]), float(found["last"])
    count = int(found["count"] or USUAL_VALUES)
    whole = first.is_integer() and last.is_integer() and "." not in found["first"] + found["last"]
    steps = range(max(2, min(count, MOST_ORDERS)))
    values = [first + (last - first) * k / (len(steps) - 1) for k in steps]
    # Each once: between 1 and 3 there are no five whole numbers.
    return list(dict.fromkeys(f"{round(v)}" if whole else f"{round(v, 4):g}" for v in values))
