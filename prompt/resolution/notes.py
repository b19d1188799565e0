"""Notes: what is said of flags that make no difference, or not the one that was meant.

Nothing is ignored in silence: a flag that does not act yet has its prompt refused where the
pictures would show something quite different, and is left out with a note where they make sense.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from generation.catalogue.card import Card
from generation.catalogue.families import CARDS, VARIANTS
from prompt import sentences as said
from prompt.flags.table import (
    BY_NAME,
    CONTROL,
    DRAFT,
    EDIT,
    FAST,
    IMAGE_WEIGHT,
    MODEL,
    NIJI,
    QUALITY,
    RELAX,
    STEPS,
    STRENGTH,
    VERSION,
    Flag,
)
from prompt.reading.grammar import Prompt
from prompt.resolution.versions import Versions, find_wanted
from prompt.sentences import Sentence

_MOST_SENTENCES: Final = 2
_TITLES: Final = {card.called: card.title for card in (*CARDS, *VARIANTS)}
IDLE: Final = frozenset(name for name, row in BY_NAME.items() if row.instead)
"""Flags that do not act, or not with every value."""

_OVERRULED: Final[tuple[tuple[Flag[Any], Flag[Any]], ...]] = (
    (STRENGTH, IMAGE_WEIGHT),
    (STEPS, QUALITY),
    (STEPS, DRAFT),
    (RELAX, FAST),
    (MODEL, VERSION),
    (MODEL, NIJI),
    (NIJI, VERSION),
)


def write_notes(prompt: Prompt, card: Card, versions: Versions, *, images: int) -> Iterator[str]:
    """What was asked for and makes no difference, one sentence each.

    Args:
        prompt: The person's words.
        card: The family that will draw.
        versions: Family by version of Midjourney.
        images: How many image prompts there are.
    """
    given = prompt.flags
    yield from _note_ignored(given)
    yield from _note_other_family(given, card, versions)
    if images and not keeps_image(given) and CONTROL.name not in given:
        yield Sentence(said.IMAGE_LEFT_OUT)
    for flag in (IMAGE_WEIGHT, STRENGTH):
        if flag.name in given and not images:
            yield Sentence(said.NO_IMAGE, flag=flag.name)
    if EDIT.of(given) == () and STRENGTH.name in given:
        yield Sentence(said.OVERRULED, stronger=EDIT.name, weaker=STRENGTH.name)
    if card.distilled:
        yield from _note_fixed(given, card)
    for stronger, weaker in _OVERRULED:
        if stronger.name in given and weaker.name in given:
            yield Sentence(said.OVERRULED, stronger=stronger.name, weaker=weaker.name)


def _note_fixed(given: Mapping[str, Any], card: Card) -> Iterator[str]:
    """What is said of steps where the family knows one number of them."""
    model = Sentence(card.title)
    for flag in (STEPS, QUALITY, DRAFT):
        if flag.name in given and given[flag.name] != card.steps:
            yield Sentence(said.FIXED_STEPS, flag=flag.name, model=model, steps=card.steps)


def find_refusals(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The flags without which the pictures would be quite different, each with a sentence."""
    for name in _list_idle(given):
        if BY_NAME[name].essential(given[name]):
            yield name, Sentence(said.NOT_HERE, flag=name, instead=Sentence(BY_NAME[name].instead))


def keeps_image(given: Mapping[str, Any]) -> bool:
    """Whether anything of an image prompt is kept."""
    return STRENGTH.of(given) is not None or IMAGE_WEIGHT.of(given) != 0


def _note_ignored(given: Mapping[str, Any]) -> Iterator[str]:
    idle = [name for name in _list_idle(given) if not BY_NAME[name].essential(given[name])]
    alone = [name for name in given if _is_alone(name, given)]
    for name in alone:
        yield Sentence(said.ALONE, flag=name, partner=BY_NAME[name].partner)
    rest = [name for name in idle if name not in alone]
    # A prompt copied with six foreign flags should not bring six sentences.
    if len(rest) <= _MOST_SENTENCES:
        for name in rest:
            yield Sentence(said.IGNORED, flag=name, instead=Sentence(BY_NAME[name].instead))
        return
    yield Sentence(said.IGNORED_MANY, flags=_format_list(rest))


def _is_alone(name: str, given: Mapping[str, Any]) -> bool:
    """Whether a flag that asks for something is given without the one that it belongs to."""
    row = BY_NAME[name]
    return bool(row.partner) and row.partner not in given and given[name] != row.default


def _list_idle(given: Mapping[str, Any]) -> list[str]:
    """The flags that do not act; one whose partner does not either is told of with its partner."""
    if IDLE.isdisjoint(given):
        return []
    rows = [BY_NAME[name] for name in filter(IDLE.__contains__, given)]
    names = [row.name for row in rows if not row.acts(given[row.name])]
    return [name for name in names if BY_NAME[name].partner not in names]


def _note_other_family(given: Mapping[str, Any], card: Card, versions: Versions) -> Iterator[str]:
    """What is said where a version names a family that does not draw here."""
    asked = [flag.format(given[flag.name]) for flag in (NIJI, VERSION) if flag.name in given]
    family = find_wanted(given, versions)
    if not asked or MODEL.name in given or family == "" or (family and card.answers_to(family)):
        return
    # A version that is in no table is most likely newer than this bot.
    if family is None:
        yield Sentence(said.NO_VERSION, typed=asked[0], model=Sentence(card.title))
    else:
        wanted_title = Sentence(_TITLES.get(family, family))
        yield Sentence(
            said.OTHER_VERSION, typed=asked[0], wanted=wanted_title, model=Sentence(card.title)
        )


def _format_list(names: Sequence[str]) -> str:
    *others, last = (f"`--{name}`" for name in names)
    return Sentence(said.AND, others=", ".join(others), last=last)
