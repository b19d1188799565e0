"""Plans: what a planner makes of words, as a guide to draw by.

A small diffusion model that begins at noise has to find shapes and draw them; guided by the mean
picture of what the words can mean it has to draw alone. Folder ``plans/`` of a checkpoint is a
guide-driven model (``generation.guided.checkpoint``) whose planner reads the checkpoint's own text
model.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from generation.catalogue.looks import DRAWN, find_looks
from generation.guided.drawing import widen
from generation.guided.latents import PATCH, Latents
from generation.guided.planner import Planner
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
    """

    guide: Tensor
    words: Tensor


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
        nothing = states.new_zeros(len(said), states.shape[-1])
        made = self.planner(states, length, nothing, nothing)
        weights = made.new_tensor([one.weight for one in said])
        guide = torch.einsum("b,bchw->chw", weights / weights.sum(), made)[None]
        # Attention looks back only, so the state of the end has read all of the text.
        ends = states[torch.arange(len(said), device=states.device), length - 1]
        return Plan(self._lay(guide, size), (weights / weights.sum() @ ends)[None])

    def _lay(self, guide: Tensor, size: Size) -> Tensor:
        height, width = size.height // PATCH, size.width // PATCH
        least, ground = min(height, width), _find_ground(guide)
        if least != guide.shape[-1]:
            # As a picture: the finer components of a latent mean nothing at another scale.
            shown = functional.interpolate(
                self.latents.decode(guide),
                (least * PATCH, least * PATCH),
                mode="bilinear",
                antialias=True,
            )
            guide = self.latents.encode(shown)
        return widen(guide, height, width, ground)


_NOTHING: Final = Phrase(text="")
_USUAL: Final = ", flat style"
_PIXELS: Final = "pixel art"


def settle_styles(phrases: Sequence[Phrase]) -> tuple[Phrase, ...]:
    """Phrases with a style each: the mean of a thing in all styles shows nothing of it."""
    return tuple(replace(one, text=_settle_style(one.text)) for one in phrases)


def names_only(phrases: Sequence[Phrase], wanted: Collection[str]) -> bool:
    """Whether every phrase that is drawn names a style among some, and no other of drawings.

    Args:
        phrases: What is said; there is one at least that is drawn, or it names none.
        wanted: The styles, as in ``DRAWN``.
    """
    styles = [_find_styles(one.text) for one in phrases if one.weight > 0]
    return bool(styles) and all(named and named <= set(wanted) for named in styles)


def is_pixel_art(phrases: Sequence[Phrase]) -> bool:
    """Whether every phrase that is drawn names that style, and no other of drawings."""
    return names_only(phrases, (_PIXELS,))


def _settle_style(text: str) -> str:
    return text if _find_styles(text) or not text else text + _USUAL


def _find_styles(text: str) -> set[str]:
    return set(find_looks(text)) & set(DRAWN)


def _find_ground(guide: Tensor) -> Tensor:
    """Latents (B, C) of the ground that a plan (B, C, s, s) lies on: the mean of its corners."""
    return guide[:, :, :: guide.shape[2] - 1, :: guide.shape[3] - 1].mean((2, 3))
