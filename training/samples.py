"""Plans samples: which look on which ground, with which caption and which references."""

from collections import defaultdict
from dataclasses import dataclass, fields
from itertools import accumulate
from random import Random
from typing import Final

import torch
from torch import Tensor

from generation.guided.dyes import COLOUR_WORDS, COLOURS
from training.phrases import Captions
from training.plan import EVERY
from training.world import World

NONE: Final = -1
_SELDOM: Final = 0.02
_WHITE: Final = COLOUR_WORDS.index("white")
_UNSAID_STYLE: Final = "3d"
_MODES: Final = ("text", "style", "content", "both")
_WEIGHTS: Final = (0.52, 0.17, 0.24, 0.07)


@dataclass(frozen=True, slots=True)
class Samples:
    """Planned samples, one row each; rows of looks are ``NONE`` where there is nothing.

    Attributes:
        look: Row of the look to draw (N,).
        beside: Row of a second look, drawn to the right of the first (N,).
        ground: Colour word of the ground (N,).
        style: Look whose style is the reference (N,).
        content: Look whose thing is the reference (N,).
        second: Look whose thing is the second reference (N,).
        caption: Row of ``captions`` (N,).
        captions: Different captions; the first is empty.
    """

    look: Tensor
    beside: Tensor
    ground: Tensor
    style: Tensor
    content: Tensor
    second: Tensor
    caption: Tensor
    captions: list[str]

    def __len__(self) -> int:
        return len(self.look)


class Planner:
    """Draws samples at random from the looks that may be trained.

    Args:
        world: What there is to draw.
        seed: The same seed plans the same samples.
        core: How many of the commonest things are drawn often.
    """

    def __init__(self, world: World, seed: int, core: int) -> None:
        self.random = Random(seed)
        self.captions = Captions(world, self.random)
        looks = world.looks
        self.colour = looks.colour.tolist()
        self.natural = looks.natural.tolist()
        drawing = looks.drawing
        self.thing, self.style = world.thing[drawing].tolist(), world.style[drawing].tolist()
        self.by_pair: dict[tuple[int, int], list[int]] = defaultdict(list)
        self.styles_of: dict[int, set[int]] = defaultdict(set)
        for row, held in enumerate(looks.held.tolist()):
            if not held:
                self.by_pair[self.thing[row], self.style[row]].append(row)
                self.styles_of[self.thing[row]].add(self.style[row])
        self.pairs = sorted(self.by_pair)
        self.often = list(
            accumulate(1 / (1 + (thing / core) ** 4) + _SELDOM for thing, _ in self.pairs)
        )
        self.things_of: dict[int, list[int]] = defaultdict(list)
        for thing, style in self.pairs:
            self.things_of[style].append(thing)
        unsaid = _UNSAID_STYLE in world.styles
        self.unsaid = world.styles.index(_UNSAID_STYLE) if unsaid else NONE

    def look(self, pair: tuple[int, int], colour: int | None = None) -> int:
        """A look of a thing in a style; in that colour if there is one, else natural or any."""
        rows = self.by_pair[pair]
        if colour is not None:
            same = [row for row in rows if self.colour[row] == colour]
            rows = same or [row for row in rows if self.natural[row]] or rows
        elif self.random.random() < 0.4:
            rows = [row for row in rows if self.natural[row]] or rows
        return self.random.choice(rows)

    def ground(self, look: int) -> int:
        """White, or a colour that differs from the look's."""
        if self.random.random() < 0.55:
            return _WHITE
        return self.random.choice(
            [colour for colour in range(len(COLOURS)) if colour != self.colour[look]]
        )

    def words(self, look: int) -> str:
        """The thing, with its colour unless that goes without saying."""
        silent = self.natural[look] and self.random.random() < 0.7
        return self.captions.thing(self.thing[look], NONE if silent else self.colour[look])

    def caption(self, words: str, ground: int, style: int) -> str:
        """Words with the ground and the style; the usual ones of both may go without saying."""
        text = self.captions.ground(words, NONE if ground == _WHITE else ground)
        if style == NONE or (style == self.unsaid and self.random.random() < 0.5):
            return text
        return self.captions.style(text, style)

    def plan(self, collages: float, *, references: bool) -> tuple[tuple[int, ...], str]:
        """One sample: its numbers in the order of :class:`Samples`, and its caption."""
        ((thing, style),) = self.random.choices(self.pairs, cum_weights=self.often)
        look = self.look((thing, style))
        ground = self.ground(look)
        mode = self.random.choices(_MODES, _WEIGHTS)[0] if references else "text"
        if self.random.random() < collages:
            return self._collage(look, style, ground, pictured=mode in {"content", "both"})
        if mode == "text":
            caption = self.caption(self.words(look), ground, style)
            return (look, NONE, ground, NONE, NONE, NONE), caption
        if mode == "style":
            shown = self.look((self.random.choice(self.things_of[style]), style))
            return (look, NONE, ground, shown, NONE, NONE), self.caption(
                self.words(look), ground, NONE
            )
        return self._pictured(look, thing, style, ground, styled=mode == "both")

    def _pictured(
        self, look: int, thing: int, style: int, ground: int, *, styled: bool
    ) -> tuple[tuple[int, ...], str]:
        """A sample whose thing is told by a picture of it, in another style if that is told."""
        others = sorted(self.styles_of[thing] - {style}) or [style]
        plain = not styled and self.random.random() < 0.25
        shown = self.look(
            (thing, style if plain else self.random.choice(others)), self.colour[look]
        )
        if styled:
            sample = self.look((self.random.choice(self.things_of[style]), style))
            return (look, NONE, ground, sample, shown, NONE), self.caption("", ground, NONE)
        if self.colour[shown] != self.colour[look] and self.colour[look] != NONE:
            words = COLOUR_WORDS[self.colour[look]]
        else:
            words = self.words(look) if self.random.random() < 0.15 else ""
        text = self.captions.ground(words, NONE if ground == _WHITE else ground)
        caption = text if plain else self.captions.style(text, style)
        return (look, NONE, ground, NONE, shown, NONE), caption.removeprefix(", ").strip()

    def _collage(
        self, look: int, style: int, ground: int, *, pictured: bool
    ) -> tuple[tuple[int, ...], str]:
        """Two things side by side, told by words or by two pictures."""
        other = self.look((self.random.choice(self.things_of[style]), style))
        if pictured:
            caption = self.caption("", ground, style).removeprefix(", ").strip()
            return (look, other, ground, NONE, look, other), caption
        words = f"{self.words(look)} {self.random.choice(('and', 'next to'))} {self.words(other)}"
        return (look, other, ground, NONE, NONE, NONE), self.caption(words, ground, style)


def plan_samples(
    world: World,
    count: int,
    *,
    collages: float = 0.0,
    references: bool,
    seed: int,
    core: int = EVERY,
) -> Samples:
    """Plan samples.

    Args:
        world: What there is to draw.
        count: How many.
        collages: Share that shows two things.
        references: Whether some are told by reference pictures instead of words.
        seed: The same seed plans the same samples.
        core: How many of the commonest things are drawn often, the others seldom.
    """
    planner = Planner(world, seed, core)
    places = {"": 0}
    rows = []
    for _ in range(count):
        numbers, caption = planner.plan(collages, references=references)
        rows.append((*numbers, places.setdefault(caption, len(places))))
    columns = torch.tensor(rows, device=world.drawings.device).T.contiguous()
    names = [field.name for field in fields(Samples)][:-1]
    return Samples(**dict(zip(names, columns, strict=True)), captions=list(places))


def grounds_of(words: Tensor) -> Tensor:
    """Colours (N, 3) in 0 to 1 for the colour words of grounds; all but white vary a little."""
    shades = torch.tensor(list(COLOURS.values()), device=words.device)[words]
    varied = shades + 0.06 * torch.randn_like(shades)
    return torch.where((words == _WHITE)[:, None], shades, varied).clamp(0, 1)
