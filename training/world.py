"""The world that a model learns: things, styles, colours, and which combinations it never sees."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from generation.guided.dyes import (
    ANGLES,
    BLACKENED,
    CLEAR,
    COLOUR_WORDS,
    COLOURS,
    FAINT,
    PLAIN,
    WHITENED,
    colour_shares,
    drain,
    hue_rotation,
    tint,
)
from training.artwork import Drawing, list_drawings, load_drawings
from training.plan import Options, Size
from training.recolour import compose, ink, unchanged

_HELD_OUT: Final = 0.1
_LEFT_OUT: Final = frozenset({"symbols", "flags"})


@dataclass(frozen=True, slots=True)
class Thing:
    """Something to draw.

    Attributes:
        label: Its name in the artwork.
        names: What captions call it, the usual name first.
        tags: Keywords.
    """

    label: str
    names: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Looks:
    """Every way of colouring every drawing, one row each.

    Attributes:
        drawing: Row of the drawing (M,).
        colour: Index of the colour word that it shows (M,); -1 if no colour prevails.
        maps: Affine maps of RGB (M, 3, 4).
        natural: Whether these are the drawing's own colours (M,).
        held: Whether this combination of thing, style and colour is kept for measuring (M,).
    """

    drawing: Tensor
    colour: Tensor
    maps: Tensor
    natural: Tensor
    held: Tensor

    def __len__(self) -> int:
        return len(self.drawing)


@dataclass(frozen=True)
class World:
    """Drawings with what they show and how they are drawn.

    Attributes:
        things: Things by index.
        styles: Style words by index.
        drawings: uint8 (N, 4, 128, 128).
        thing: Index of the thing of each drawing (N,).
        style: Index of the style of each drawing (N,).
    """

    things: tuple[Thing, ...]
    styles: tuple[str, ...]
    drawings: Tensor
    thing: Tensor
    style: Tensor

    @cached_property
    def looks(self) -> Looks:
        """All ways of colouring the drawings."""
        return _find_looks(self)

    def render(self, rows: Tensor, grounds: Tensor) -> Tensor:
        """Draw looks on plain grounds.

        Args:
            rows: Rows of ``looks`` (B,).
            grounds: Colours (B, 3) in 0 to 1.

        Returns:
            Pictures (B, 3, 128, 128) in -1 to 1.
        """
        rows = rows.to(self.drawings.device)
        looks = self.looks
        return compose(self.drawings[looks.drawing[rows]], looks.maps[rows], grounds)

    def render_pair(self, left: Tensor, right: Tensor, grounds: Tensor) -> Tensor:
        """Draw two looks side by side at half size; arguments and result as for :meth:`render`."""
        both = torch.cat([self.render(left, grounds), self.render(right, grounds)], -1)
        margin = (grounds * 2 - 1)[:, :, None, None].expand(
            -1, -1, both.shape[2] // 4, both.shape[2]
        )
        return torch.cat([margin, functional.avg_pool2d(both, 2), margin], 2)


def held_out(label: str, style: str, colour: str) -> bool:
    """Whether this combination is never trained. It depends on nothing but the three words."""
    return zlib.crc32(f"{label}/{style}/{colour}".encode()) % 1000 < _HELD_OUT * 1000


def common_things() -> dict[str, str]:
    """Common things, the commonest first: from label to usual name."""
    pairs = {}
    for line in Path(__file__).with_name("things.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            label, _, name = line.partition(" = ")
            pairs[label] = name or label
    return pairs


def list_things(given: Options) -> tuple[Thing, ...]:
    """The things of the world of the chosen size, the commonest first."""
    return _name_things(_choose(list_drawings(given.pack), given.size))


def load_world(given: Options) -> World:
    """The world of the chosen size, on the chosen device."""
    drawings = _choose(list_drawings(given.pack), given.size)
    things = _name_things(drawings)
    place = {thing.label: number for number, thing in enumerate(things)}
    styles = given.size.styles
    return World(
        things=things,
        styles=styles,
        drawings=load_drawings(given.pack, drawings).to(given.device),
        thing=torch.tensor([place[d.label] for d in drawings], device=given.device),
        style=torch.tensor([styles.index(d.style) for d in drawings], device=given.device),
    )


def _name_things(drawings: list[Drawing]) -> tuple[Thing, ...]:
    labels = {drawing.label: drawing for drawing in drawings}
    common = common_things()
    order = [label for label in common if label in labels]
    order += [label for label in labels if label not in common]
    return tuple(name_thing(labels[label], common.get(label)) for label in order)


def _choose(drawings: list[Drawing], size: Size) -> list[Drawing]:
    drawings = [d for d in drawings if d.style in size.styles]
    if size.things is not None:
        known = {d.label for d in drawings}
        wanted = set([label for label in common_things() if label in known][: size.things])
        return [drawing for drawing in drawings if drawing.label in wanted]
    return [
        d
        for d in drawings
        if d.group not in _LEFT_OUT
        and not d.label.startswith(("man ", "woman ", "men ", "women "))
        and ":" not in d.label
    ]


def name_thing(drawing: Drawing, usual: str | None) -> Thing:
    """What captions call a drawing: its usual name, if there is one, and its label, uncoloured."""
    words = drawing.label.lower().replace("’", "'").split()
    bare = " ".join(word for word in words if word not in COLOUR_WORDS) or drawing.label.lower()
    names = (usual, bare) if usual and usual != bare else (bare,)
    return Thing(drawing.label, names, drawing.tags)


def _shrink(drawings: Tensor) -> Tensor:
    return functional.avg_pool2d(drawings.float(), 4).round().to(torch.uint8)


def _measure(small: Tensor, maps: Tensor) -> Tensor:
    nothing = torch.zeros(len(small), 3, device=small.device)
    solid = torch.cat([small[:, :3], torch.full_like(small[:, 3:], 255)], 1)
    return colour_shares((compose(solid, maps, nothing) + 1) / 2, small[:, 3].float() / 255)


def _measure_all(small: Tensor, rows: Tensor, angle: Tensor) -> Tensor:
    parts = torch.split(rows, 512)
    return torch.cat([_measure(small[p], hue_rotation(angle.expand(len(p)))) for p in parts])


def _find_looks(world: World) -> Looks:
    device = world.drawings.device
    count = len(world.drawings)
    every = torch.arange(count, device=device)
    small = torch.cat([_shrink(part) for part in torch.split(world.drawings, 512)])
    own = torch.cat([_measure(p, unchanged(len(p), device)) for p in torch.split(small, 512)])
    top, word = own.max(1)
    word = torch.where(top >= CLEAR, word, -1)
    rows, colours, maps = [every], [word], [unchanged(count, device)]
    lined = world.style == _index(world.styles, "line art")
    faint = ~lined & (own[:, PLAIN:].sum(1) > FAINT)
    for drawing, colour, chosen in (
        _painted(every[lined], ink),
        _painted(every[faint], tint),
        _turned(small, every[~lined & ~faint], word),
        _drained(every[~lined & (word != PLAIN)], PLAIN, *BLACKENED),
        _drained(every[~lined & (word != PLAIN + 1)], PLAIN + 1, *WHITENED),
    ):
        rows.append(drawing)
        colours.append(colour)
        maps.append(chosen)
    drawing, colour = torch.cat(rows), torch.cat(colours)
    natural = torch.arange(len(drawing), device=device) < count
    held = [
        colour >= 0
        and not own_colours
        and held_out(world.things[thing].label, world.styles[style], COLOUR_WORDS[colour])
        for thing, style, colour, own_colours in zip(
            world.thing[drawing].tolist(),
            world.style[drawing].tolist(),
            colour.tolist(),
            natural.tolist(),
            strict=True,
        )
    ]
    return Looks(drawing, colour, torch.cat(maps), natural, torch.tensor(held, device=device))


def _index(words: tuple[str, ...], word: str) -> int:
    return words.index(word) if word in words else -1


def _painted(rows: Tensor, paint: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Each drawing in each colour that has a hue: rows, colours and maps."""
    shades = torch.tensor(list(COLOURS.values()), device=rows.device)
    colour = torch.arange(PLAIN, device=rows.device).repeat_interleave(len(rows))
    return rows.repeat(PLAIN), colour, paint(shades[colour])


def _turned(small: Tensor, rows: Tensor, own: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Each drawing in each other colour that a turn of its hue gives clearly enough."""
    angles = torch.tensor(ANGLES, device=rows.device, dtype=torch.float32)
    shares = torch.stack([_measure_all(small, rows, angle) for angle in angles])
    words = torch.arange(len(COLOUR_WORDS), device=rows.device)
    leads = shares.argmax(2, keepdim=True) == words
    best, at = torch.where(leads, shares, -1.0).max(0)
    best[torch.arange(len(rows)), own[rows].clamp_min(0)] = -1
    found = (best >= CLEAR).nonzero()
    which, colour = found.unbind(1)
    return rows[which], colour, hue_rotation(angles[at[which, colour]])


def _drained(rows: Tensor, colour: int, scale: float, lift: float) -> tuple[Tensor, Tensor, Tensor]:
    """Each drawing in shades of black or of white."""
    maps = drain(len(rows), scale, lift, rows.device)
    return rows, torch.full_like(rows, colour), maps
