"""Looks that a drawing is asked to show, and whether the judge sees them in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from PIL import Image
from torch import Tensor

from benchmarks.controls.bench import Bench
from generation.catalogue.lexicon import GROUND
from generation.guided.dyes import COLOUR_WORDS
from generation.guided.told_colours import choose_article

HEADINGS: Final = "thing | thing among five | style | colour"
"""Of what :meth:`Verdict.tell` says."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a drawing is asked to show."""

    thing: str
    style: str
    colour: str
    ground: str = ""

    def say(self) -> str:
        """A prompt for it; a ground of "" is the usual one."""
        said = f"{self.colour} {self.thing}"
        behind = f" on {choose_article(self.ground)} {self.ground} {GROUND}" if self.ground else ""
        return f"{choose_article(said)} {said}{behind}, {self.style} style"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of each picture, whether it shows what it was asked for: boolean tensors (N,)."""

    thing: Tensor
    among: Tensor
    style: Tensor
    colour: Tensor

    def tell(self, of: Tensor | None = None) -> str:
        """Shares of right pictures, of all or of those that ``of`` (N,) is true of, as cells."""
        each = (self.thing, self.among, self.style, self.colour)
        chosen = each if of is None else tuple(one[of] for one in each)
        return " | ".join(f"{100 * one.float().mean().item():.1f} %" for one in chosen)


def judge_looks(bench: Bench, pictures: Sequence[Image.Image], looks: Sequence[Look]) -> Verdict:
    """What the judge says of pictures of 128 pixels squared."""
    styles, things, colours = bench.judged(pictures)
    thing, style, colour = (
        torch.tensor([names.index(getattr(look, kind)) for look in looks])
        for kind, names in (
            ("thing", bench.things),
            ("style", bench.styles),
            ("colour", COLOUR_WORDS),
        )
    )
    among = things.topk(5).indices == thing[:, None]
    return Verdict(
        among[:, 0], among.any(1), styles.argmax(1) == style, colours.argmax(1) == colour
    )
