"""Plans: what a planner makes of words, as a guide to draw by.

A small diffusion model that begins at noise has to find shapes and draw them; guided by the mean
picture of what the words can mean it has to draw alone. Folder ``plans/`` of a checkpoint is a
guide-driven model (``generation.guided.checkpoint``) whose planner reads the checkpoint's own text
model.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from generation.catalogue.lexicon import GROUND
from generation.catalogue.looks import DRAWN, find_looks
from generation.guided.drawing import widen
from generation.guided.dyes import dye, find_corners, lay
from generation.guided.latents import PATCH, Latents
from generation.guided.planner import Planner
from generation.guided.sayings import Saying
from generation.guided.told_colours import list_things, take_colours
from generation.guided.words import Words
from generation.recipe import Phrase, Size

OWN: Final = "plans"
"""Folder of a checkpoint that brings a planner."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What words can mean.

    Attributes:
        guide: The mean latents (1, C, h, w).
        words: Embedding of the text (1, 256).
        drawn: 1 where it shows more than plain ground, else 0 (1, 1, h, w); None if no part of it
            is plain.
    """

    guide: Tensor
    words: Tensor
    drawn: Tensor | None


@dataclass(frozen=True, slots=True)
class Plans:
    """A planner, and what it reads and writes with.

    Attributes:
        planner: From text states to mean latents.
        latents: The linear map from them to pixels.
        words: The text model that it was trained with.
    """

    planner: Planner
    latents: Latents
    words: Words

    def make(self, phrases: Sequence[Phrase], size: Size) -> Plan:
        """The mean of what phrases mean, by their weights, in a size.

        Args:
            phrases: What is said; of what is not wanted there is no plan.
            size: Of the picture; the plan is a square in the middle of its ground.
        """
        said = [one for one in phrases if one.weight > 0] or [_NOTHING]
        states, length = self.words.read([one.text for one in said])
        made = torch.cat([self._plan(one.text) for one in said])
        weights = made.new_tensor([one.weight for one in said])
        guide = torch.einsum("b,bchw->chw", weights / weights.sum(), made)[None]
        # Attention looks back only, so the state of the end has read all of the text.
        ends = states[torch.arange(len(said), device=states.device), length - 1]
        laid = self._lay(guide, size)
        # Beside the square there is plain ground of any plan.
        drawn = None if find_drawn(guide).all() else find_drawn(laid)
        return Plan(laid, (weights / weights.sum() @ ends)[None], drawn)

    def make_mean(self, sayings: Sequence[Saying], size: Size) -> Plan:
        """The mean of what sayings mean, by their weights, in a size."""
        made = [self.make(one.phrases, size) for one in sayings]
        if len(made) == 1:
            return made[0]
        weights = [one.weight for one in sayings]
        words = sum_by_weight([one.words for one in made], weights)
        return mix_plans([one.guide for one in made], weights, words)

    def _plan(self, text: str) -> Tensor:
        """The mean latents (1, C, s, s) of a text, in its colours where they can be given."""
        told = take_colours(text)
        if told is None:
            return self._group(text)
        lines, ground = _find_styles(told.bare) == {_LINES}, told.ground or "white"
        dyed = None
        if told.colour:
            shown = self._show(told.bare, lines=lines)
            dyed = dye(shown, told.colour, ground, lines=lines)
        if dyed is None:
            # Where no rule gives the colour the planner has to.
            dyed = lay(self._show(told.groundless, lines=lines), ground, lines=lines)
        return self.latents.encode(dyed[None] * 2 - 1)

    def _show(self, text: str, *, lines: bool) -> Tensor:
        """A planned thing on white, and on other grounds unless it is drawn in lines."""
        grounds = () if lines else tuple(f", {one} {GROUND}" for one in _GROUNDS)
        made = self._read(*(f"{text}{ground}" for ground in ("", *grounds)))
        return (self.latents.decode(made).clamp(-1, 1) + 1) / 2

    def _group(self, text: str) -> Tensor:
        """The mean latents (1, C, s, s) of a text of several things, each planned by itself.

        The planner saw pairs seldom, and plans them as two clouds.
        """
        things, styles = list_things(text), _find_styles(text)
        if not 2 <= len(things) <= _MOST or len(styles) > 1:
            return self._read(text)
        style = "".join(f", {one} style" for one in styles)
        shown = [self.latents.decode(self._plan(one + style)) for one in things]
        side = shown[0].shape[-1]
        half = side // 2
        small = [_scale(one, half) for one in shown]
        rows = [row for row in (small[:2], small[2:]) if row]
        # On the ground of the first, each row in the middle.
        whole = shown[0][..., :1, :1].expand(-1, -1, side, side).clone()
        for down, row in enumerate(rows):
            top = (side - half * len(rows)) // 2 + half * down
            for across, one in enumerate(row):
                left = (side - half * len(row)) // 2 + half * across
                whole[..., top : top + half, left : left + half] = one
        return self.latents.encode(whole)

    def _read(self, *texts: str) -> Tensor:
        """What the planner makes of texts (N, C, s, s)."""
        states, length = self.words.read(texts)
        nothing = states.new_zeros(len(texts), states.shape[-1])
        made: Tensor = self.planner(states, length, nothing, nothing)
        return made

    def _lay(self, guide: Tensor, size: Size) -> Tensor:
        height, width = size.height // PATCH, size.width // PATCH
        least, ground = min(height, width), _find_ground(guide)
        if least != guide.shape[-1]:
            # As a picture: the finer components of a latent mean nothing at another scale.
            guide = self.latents.encode(_scale(self.latents.decode(guide), least * PATCH))
        return widen(guide, height, width, ground)


def sum_by_weight(parts: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """The mean of tensors of one shape, each by its weight above 0."""
    total = sum(weights)
    shares = [part * (weight / total) for part, weight in zip(parts, weights, strict=True)]
    return torch.stack(shares).sum(0)


def mix_plans(guides: Sequence[Tensor], weights: Sequence[float], words: Tensor) -> Plan:
    """The mean of several plans, each by its weight: in the middle of two, both can still be told.

    Args:
        guides: Latents (1, C, h, w).
        weights: Above 0.
        words: Embedding of what is said (1, 256).
    """
    guide = sum_by_weight(guides, weights)
    drawn = find_drawn(guide)
    return Plan(guide, words, None if drawn.all() else drawn)


_GROUNDS: Final = ("black", "red", "yellow", "green", "blue")
"""Those that a thing is planned on besides white: unlike each other, and often in the artwork."""

_MOST: Final = 4
"""Things that are laid beside each other."""

_NOTHING: Final = Phrase(text="")
_USUAL: Final = ", flat style"
_PIXELS: Final = "pixel art"
_LINES: Final = "line art"

_APART: Final = 1e-3
"""Difference of latents from which they are not of one colour, beyond rounding."""


def settle_styles(phrases: Sequence[Phrase]) -> tuple[Phrase, ...]:
    """Phrases with a style each: the mean of a thing in all styles shows nothing of it."""
    return tuple(replace(one, text=_settle_style(one.text)) for one in phrases)


def is_pixel_art(phrases: Sequence[Phrase]) -> bool:
    """Whether every phrase that is drawn names that style, and no other of drawings."""
    styles = [_find_styles(one.text) for one in phrases if one.weight > 0]
    return bool(styles) and all(named == {_PIXELS} for named in styles)


def _settle_style(text: str) -> str:
    return text if _find_styles(text) or not text else text + _USUAL


def _find_styles(text: str) -> set[str]:
    return set(find_looks(text)) & set(DRAWN)


def find_drawn(guide: Tensor) -> Tensor:
    """1 where a plan (B, C, h, w) shows more than the ground it lies on, else 0 (B, 1, h, w)."""
    apart = guide - _find_ground(guide)[:, :, None, None]
    return (apart.abs().amax(1, keepdim=True) > _APART).float()


def _find_ground(guide: Tensor) -> Tensor:
    """Latents (B, C) of the ground that a plan (B, C, s, s) lies on: the mean of its corners."""
    return find_corners(guide).mean((2, 3))


def _scale(shown: Tensor, side: int) -> Tensor:
    """Pictures (B, 3, s, s) of another side."""
    return functional.interpolate(shown, (side, side), mode="bilinear", antialias=True)
