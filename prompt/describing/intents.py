"""Four prompts with four intents from one description; each says only what is known."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain
from typing import Final

from generation.catalogue.card import Card
from generation.catalogue.lexicon import Lexicon, load_lexicon, load_looks
from generation.catalogue.looks import PLAIN
from generation.questions.colours import NAMES
from generation.questions.description import Aspect, Description
from prompt.describing.subject import Subject
from prompt.errors import PromptError
from prompt.flags.table import RATIO
from prompt.reading.grammar import Prompt, parse
from prompt.resolution.meaning import read_meaning
from prompt.writing.prose import enumerate_words
from prompt.writing.quality import is_talk

INTENTS: Final = 4
"""Faithful, by its style, by light and place, and as short as it can be."""

_LARGEST: Final = 64
"""Whole numbers of a ratio up to which it is written."""

_WORDINGS: Final[Mapping[str, Sequence[str]]] = {
    "photo": ("photograph", "photography"),
    "painting": ("painting", "painted"),
    "collage": ("collage", "collage art"),
    "3d": ("3d render", "3d style"),
    "flat": ("flat illustration", "flat style"),
    "line art": ("line art", "line art drawing"),
    "pixel art": ("pixel art", "pixel art style"),
    "high key": ("high-key lighting", "bright light throughout"),
    "low key": ("low-key lighting", "dark throughout"),
    "strong contrast": ("strong contrast", "high contrast"),
    "soft contrast": ("soft contrast", "low contrast"),
    "brighter left": ("brighter towards the left", "darker towards the right"),
    "brighter right": ("brighter towards the right", "darker towards the left"),
    "brighter top": ("brighter towards the top", "darker towards the bottom"),
    "brighter bottom": ("brighter towards the bottom", "darker towards the top"),
    "warm": ("warm tones", "warm colours"),
    "cool": ("cool tones", "cool colours"),
    "vivid": ("vivid colours", "saturated colours"),
    "muted": ("muted colours", "desaturated colours"),
    "colourless": ("black and white", "monochrome"),
    "centred": ("centred composition", "centred in the frame"),
    "left": ("on the left side of the frame", "placed on the left"),
    "right": ("on the right side of the frame", "placed on the right"),
    "top": ("in the upper part of the frame", "placed high in the frame"),
    "bottom": ("in the lower part of the frame", "placed low in the frame"),
    "symmetrical": ("symmetrical composition", "mirror symmetry"),
}
"""Each name of a description in words of a prompt; 🔄 takes the next ones."""

_GROUNDS: Final = ("plain {} background", "on a plain {} background")
_PALETTES: Final = ("palette of {}", "in {}")
_MAIN: Final = ("mostly {}", "{} above all")
_NO_KEY: Final = ("mid-key lighting", "medium brightness")
"""What is neither bright nor dark throughout."""

_SHAPES: Final[Mapping[str, Sequence[str]]] = {
    "square": ("square format", "square frame"),
    "wide": ("wide format", "horizontal frame"),
    "tall": ("tall format", "vertical frame"),
}
_COLOURS: Final = rf"(?:{'|'.join(sorted(NAMES, key=len, reverse=True))})"
_ITEM: Final = re.compile(
    rf"(?:\b(?:palette of|in) {_COLOURS}(?:, {_COLOURS})* and {_COLOURS}(?=,|\Z)|[^,])+"
)

_LETTERINGS: Final = ('with the words "{}"', 'that reads "{}"')


def write_intents(description: Description, turn: int = 0) -> tuple[Prompt, ...]:
    """Four prompts, each with the picture's own ratio, no two of which say the same.

    Where it is not known what the picture shows, each says something else that was measured.

    Args:
        description: What is known.
        turn: How often others were asked for: the same is said in other words.
    """
    said = _Wording(description, turn)
    known = _read(description.exact) if description.exact else None
    texts = _list_known(known, said) if known else _list_described(said)
    return tuple(
        _write(parts, description, known if number == 0 else None)
        for number, parts in enumerate(texts)
    )


def _list_known(known: Prompt, said: "_Wording") -> list[tuple[str, ...]]:
    """What a prompt that is known says, with more about the picture, and its beginning."""
    # More words would join the last of several ideas; without weights they belong to all.
    ideas = [phrase.text for phrase in known.phrases if phrase.weight > 0]
    words = ", ".join(ideas) or known.text
    items = [item for item in split_items(words) if item and not is_talk(item.lower())]
    first = items[0] if items else words
    return [
        (known.text,),
        (words, *said.style),
        (words, *said.lit, *said.shot),
        # What cannot be shorter says a little more than it did.
        (first, *(said.trait if len(items) < 2 else [])),
    ]


def _list_described(said: "_Wording") -> list[tuple[str, ...]]:
    """What is known of a picture, by four intents."""
    if not said.subject:
        return [
            (*said.medium, *said.manner, *said.setting, *said.lit, *said.mood, *said.palette,
             *said.shot, *said.shape, *said.lettering),
            (*said.medium, *said.manner, *said.palette, *said.mood),
            (*said.lit, *said.shot, *said.setting, *said.shape),
            tuple(said.trait),
        ]  # fmt: skip
    return [
        (said.scene, *said.medium, *said.manner, *said.setting, *said.light, *said.mood,
         *said.palette, *said.shot, *said.lettering),
        (*said.style, said.of_subject),
        (*said.lit, *said.mood, said.scene, *said.shot, *said.setting),
        (said.subject, *(said.medium or said.manner)),
    ]  # fmt: skip


def write_style(description: Description) -> str:
    """How the picture is made, without what it shows."""
    return ", ".join(_Wording(description, 0).style)


def keep_known(prompt: Prompt, card: Card) -> Prompt:
    """The prompt without items that a model of few words does nothing with.

    Args:
        prompt: As ``write_intents`` writes it.
        card: What is to draw it; one that reads sentences gets all of it.
    """
    if not (card.taught or card.looks):
        return prompt
    lexicon, styles = (
        (load_lexicon(), card.taught) if card.taught else (load_looks(), (*card.looks, PLAIN))
    )
    kept = [
        item
        for number, item in enumerate(split_items(prompt.text))
        # The subject stays: what is not known of it is told when it is drawn.
        if number == 0 or _is_told(item, card, lexicon, styles)
    ]
    return _read(", ".join(kept), prompt)


def _is_told(item: str, card: Card, lexicon: Lexicon, styles: Sequence[str]) -> bool:
    """Whether a model does something with an item of a prompt."""
    read = read_meaning(item, lexicon, styles)
    # Each thing that it was taught had one colour: in two it draws neither.
    return not read.unknown and not (card.taught and len(read.colours) > 1)


def split_items(text: str) -> list[str]:
    """What stands between two commas of a prompt; those of a palette are its own."""
    return [item.strip() for item in _ITEM.findall(text)]


class _Wording:
    """A description's values in words."""

    def __init__(self, description: Description, turn: int) -> None:
        self._known, self._turn = description, turn
        find, shown = description.find, Subject.of(description)
        self.subject = shown.whole
        self.of_subject = f"of {shown.bare}" if shown.bare else ""
        self.scene = " ".join(filter(None, [self.subject, *find(Aspect.ACTION)]))
        self.medium = self._say(Aspect.MEDIUM)
        self.manner = self._say(Aspect.STYLE)
        grounds = [self._choose(_GROUNDS).format(name) for name in find(Aspect.GROUND)]
        self.setting = [*self._say(Aspect.SETTING), *grounds]
        self.light = self._say(Aspect.LIGHT)
        unlit = [self._choose(_NO_KEY)] if description.is_mid_key else []
        self.lit = [*unlit, *self.light]
        self.mood = self._say(Aspect.MOOD)
        self.shot = self._say(Aspect.SHOT)
        self.lettering = [self._choose(_LETTERINGS).format(one) for one in find(Aspect.WORDS)]
        colours = find(Aspect.PALETTE)[:3]
        self.palette = [self._choose(_PALETTES).format(enumerate_words(colours))] if colours else []
        main = [self._choose(_MAIN).format(colours[0])] if colours else []
        self.trait = (self.medium or self.manner or self.mood or main)[:1]
        across, down = reduce_ratio(description.width, description.height)
        shape = "square" if across == down else "wide" if across > down else "tall"
        self.shape = [self._choose(_SHAPES[shape])]

    @property
    def style(self) -> list[str]:
        """All that says how the picture is made."""
        return [*self.medium, *self.manner, *self.palette, *self.mood, *self.light]

    def _say(self, aspect: Aspect) -> list[str]:
        return [
            name if value.worded else self._choose(_WORDINGS[name])
            for value in self._known.find_values(aspect)
            for name in value.names
        ]

    def _choose(self, wordings: Sequence[str]) -> str:
        return wordings[self._turn % len(wordings)]


def _write(parts: Iterable[str], description: Description, known: Prompt | None = None) -> Prompt:
    """A prompt of some words with the picture's ratio, and the flags of a known one."""
    ratio = reduce_ratio(description.width, description.height)
    flags = {RATIO.name: ratio, **(known.flags if known else {})}
    return _read(", ".join(filter(None, parts)), Prompt(flags=flags))


def reduce_ratio(width: int, height: int) -> tuple[int, int]:
    """Width to height in small whole numbers, as near as these come."""
    short, long = sorted((width, height))
    near = Fraction(short, long).limit_denominator(_LARGEST)
    # What is longer than all of them is as long as they can say.
    ends = (near.denominator, near.numerator) if near else (_LARGEST, 1)
    return ends if width >= height else ends[::-1]


def _read(text: str, settings: Prompt | None = None) -> Prompt:
    """A prompt of words alone, with another one's flags."""
    try:
        prompt = parse(text)
    except PromptError:
        # What a file says may be no prompt here; its words are.
        prompt = parse(" ".join(_strip(text)))
    flags = {**prompt.flags, **(settings.flags if settings else {})}
    return Prompt(phrases=prompt.phrases, flags=flags)


def _strip(text: str) -> Iterator[str]:
    words = chain.from_iterable(part.split() for part in text.split("--")[:1])
    return (word for word in words if "::" not in word)
