"""Stage: measure what the guide-driven model draws from words and from references, with the judge.

The same prompts, the same held-out combinations and the same judge as for the bundled model.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch
from torch import Tensor
from transformers import CLIPVisionModelWithProjection

from generation.catalogue.looks import DRAWN
from generation.guided.checkpoint import Networks, quicken, read_networks
from generation.guided.drawing import (
    Walk,
    draw_pictures,
    make_noise,
    mix_guides,
    name_look,
    place_strength,
    plan_request,
)
from generation.guided.words import Words
from generation.judge import WEIGHTS
from training.evaluate import measure
from training.guided.exporting import EXPORT
from training.pictures import Draws
from training.plan import Options, start
from training.publish import JUDGE
from training.sheet import save_sheet, to_images
from training.towers import see

PROMPTS: Final = Path(__file__).parents[1] / "prompts.txt"
_AT_ONCE: Final = 16


class GuidedPainter:
    """The exported model, as what measures drawings wants it; see ``training.pictures.Draws``.

    Args:
        folder: What the export wrote.
        side: Side in pixels of what the vision model sees.
        walk: How to draw.
    """

    def __init__(self, folder: Path, side: int, walk: Walk = Walk(steps=4, guidance=1.0)) -> None:  # noqa: B008 - it never changes
        self.networks: Networks = quicken(read_networks(folder))
        self.words = Words.load(folder)
        self.vision = CLIPVisionModelWithProjection.from_pretrained(
            folder / "image_encoder", dtype=torch.float32
        ).eval()
        self.side, self.walk = side, walk

    @torch.inference_mode()
    def look(self, pictures: Tensor) -> Tensor:
        """Image embeddings (N, 1, 256) of pictures in -1 to 1."""
        seen: Tensor = self.vision(pixel_values=see(pictures, self.side)).image_embeds
        return seen[:, None]

    @torch.inference_mode()
    def draw(
        self,
        prompts: Sequence[str],
        *,
        seed: int = 0,
        style: Tensor | None = None,
        content: Tensor | None = None,
        scales: tuple[float, float] = (1.0, 1.0),
        picture: Tensor | None = None,
        strength: float = 1.0,
    ) -> Tensor:
        """One picture (N, 3, 128, 128) in -1 to 1 for each prompt; arguments as of ``Painter``."""
        told = [
            None if part is None else scale * part.mean(1)
            for part, scale in zip((style, content), scales, strict=True)
        ]
        made = []
        for first in range(0, len(prompts), _AT_ONCE):
            batch = prompts[first : first + _AT_ONCE]
            states, length = self.words.read(batch)
            manner, thing = (None if part is None else part.expand(len(batch), -1) for part in told)
            request = plan_request(
                self.networks,
                states,
                length,
                torch.stack([self._name(prompt) for prompt in batch]),
                content=thing,
                style=manner,
            )
            if picture is not None:
                shown = self.networks.latents.encode(picture[None])
                request = replace(
                    request,
                    guide=mix_guides(shown, request.guide, strength),
                    begin=place_strength(strength)[0],
                )
            _, channels, height, width = request.guide.shape
            seeds = range(seed + first, seed + first + len(batch))
            noise = make_noise(seeds, (channels, height, width))
            made.append(draw_pictures(self.networks, request, noise, self.walk))
        return torch.cat(made)

    def _name(self, prompt: str) -> Tensor:
        """The vector of the style that a prompt names, if it does."""
        words = [word for word in DRAWN if word in prompt]
        return name_look(self.networks, words[:1])


def measure_drawings(given: Options) -> None:
    """Write ``wording/``: report.json, a plot for each control, sheets.

    Raises:
        StoppedError: The session ended first.
    """
    folder = given.folder("wording")
    painter: Draws = GuidedPainter(given.out / EXPORT, given.size.sight)
    prompts = PROMPTS.read_text().splitlines()
    pictures = painter.draw(prompts, seed=1)
    save_sheet(to_images(pictures), folder / "prompts.png", columns=10, titles=prompts)
    own = given.out / "judges"
    measure(given, painter, own if (own / WEIGHTS).exists() else JUDGE, folder)


if __name__ == "__main__":
    start(__doc__, measure_drawings)
