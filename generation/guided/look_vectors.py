"""Vectors of looks: by the words that name them, or read from pictures; of several, the mean."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from generation.catalogue.card import Card
from generation.catalogue.looks import PLAIN, find_looks
from generation.guided.checkpoint import Networks
from generation.guided.drawing import name_look, read_look
from generation.guided.latents import shrink
from generation.guided.plans import sum_by_weight
from generation.guided.sayings import Saying
from generation.recipe import Phrase
from generation.tensors.pixels import to_pixels


@dataclass(frozen=True, slots=True)
class LookVectors:
    """What tells a denoiser how a picture is to look.

    Attributes:
        networks: Its weights.
        card: Its card, which says the looks that people are offered.
    """

    networks: Networks
    card: Card

    @property
    def plain(self) -> Tensor:
        """The vector (1, told) of a photograph as it is; of no look, where that was not taught."""
        return name_look(self.networks, [PLAIN] if PLAIN in self.networks.looks else [])[None]

    def say(self, sayings: Sequence[Saying]) -> Tensor:
        """The mean vector (1, told) of what sayings name; of no look, where one names none."""
        none = name_look(self.networks, [])[None]
        named = [self.name(one.phrases) for one in sayings]
        vectors = [none if one is None else one for one in named]
        return sum_by_weight(vectors, [one.weight for one in sayings])

    def name(self, phrases: Sequence[Phrase]) -> Tensor | None:
        """The mean vector (1, told) of the looks that phrases name, each by its phrase's weight."""
        offered = frozenset((*self.card.looks, *self.card.taught, PLAIN))
        known = offered & frozenset(self.networks.looks)
        looks = [
            ([word for word in find_looks(one.text) if word in known], one.weight)
            for one in phrases
            if one.weight > 0
        ]
        named = [(words, weight) for words, weight in looks if words]
        if not named:
            return None
        vectors = [name_look(self.networks, words)[None] for words, _ in named]
        return sum_by_weight(vectors, [weight for _, weight in named])

    def read(self, pictures: Sequence[tuple[Image.Image, float]], device: torch.device) -> Tensor:
        """The mean vector (1, told) of how pictures look, each by its weight above 0."""
        vectors = []
        for picture, _ in pictures:
            # At the native size, since how coarse a texture is depends on a picture's scale.
            shown = to_pixels(shrink(picture, self.card.side)).to(device) * 2 - 1
            vectors.append(read_look(self.networks, shown))
        return sum_by_weight(vectors, [weight for _, weight in pictures])
