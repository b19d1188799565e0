"""Stage: a sheet of pictures for prompts that were never captions, made by the exported model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import torch
from diffusers import StableDiffusionImg2ImgPipeline
from torch import Tensor

from generation.catalogue.families import find_card
from generation.sampling.samplers import make_scheduler
from training.export import load_export
from training.plan import WIDTH, Options, start
from training.sheet import save_sheet, to_images

GUIDANCE: Final = 4.0
PROMPTS: Final = Path(__file__).with_name("prompts.txt")


class Draws(Protocol):
    """What is measured: something that sees references and draws prompts; see :class:`Painter`."""

    def look(self, pictures: Tensor) -> Tensor:
        """Image embeddings (N, 1, 256) of pictures in -1 to 1."""

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
        """One picture (N, 3, 128, 128) in -1 to 1 for each prompt."""


class Painter:
    """The exported model, drawing through the pipelines that the product uses.

    Args:
        folder: What the export wrote.
        device: Where to compute.
        steps: Denoising steps.
    """

    def __init__(self, folder: Path, device: str, steps: int) -> None:
        self.text: Any = load_export(folder, device)
        known = self.text.scheduler.config
        self.text.scheduler = make_scheduler(find_card("easel").sampler, known)
        self.image: Any = StableDiffusionImg2ImgPipeline.from_pipe(self.text)
        self.image.set_progress_bar_config(disable=True)
        self.device, self.steps = device, steps
        self.at_once = 64 if device == "cuda" else 8
        self.nothing = torch.zeros(1, 1, WIDTH, device=device)

    def look(self, pictures: Tensor) -> Tensor:
        """Image embeddings (N, 1, 256) of pictures in -1 to 1."""
        images = to_images(pictures)
        values = self.text.feature_extractor(images, return_tensors="pt").pixel_values
        with torch.no_grad():
            seen: Tensor = self.text.image_encoder(values.to(self.device)).image_embeds
        return seen[:, None]

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
        """Draw one picture for each prompt, all with the same references.

        Args:
            prompts: What to draw.
            seed: Picture k starts from noise of seed + k.
            style: Embeddings (1, n, 256) of style references.
            content: Embeddings (1, n, 256) of content references.
            scales: Weights of style and content.
            picture: Picture (3, 128, 128) in -1 to 1 to start from.
            strength: How far to leave it, 0 to 1.

        Returns:
            Pictures (N, 3, 128, 128) in -1 to 1, on the CPU.
        """
        used = [
            scale if part is not None else 0.0
            for scale, part in zip(scales, (style, content), strict=True)
        ]
        self.text.set_ip_adapter_scale(used)
        parts = [self.nothing if part is None else part for part in (style, content)]
        made = []
        for start_at in range(0, len(prompts), self.at_once):
            batch = list(prompts[start_at : start_at + self.at_once])
            seeds = range(seed + start_at, seed + start_at + len(batch))
            told: dict[str, Any] = {
                "prompt": batch,
                "num_inference_steps": self.steps,
                "guidance_scale": GUIDANCE,
                "generator": [torch.Generator("cpu").manual_seed(number) for number in seeds],
                "ip_adapter_image_embeds": [torch.cat([torch.zeros_like(p), p]) for p in parts],
                "output_type": "pt",
            }
            if picture is None:
                images = self.text(**told).images
            else:
                shown = picture.expand(len(batch), -1, -1, -1).to(self.device)
                images = self.image(image=(shown + 1) / 2, strength=strength, **told).images
            made.append(images.float().cpu() * 2 - 1)
        return torch.cat(made)


def sample_sheet(given: Options) -> None:
    """Write ``export.png``: a picture for every line of prompts.txt."""
    prompts = PROMPTS.read_text().splitlines()
    painter = Painter(given.out / "export", given.device, given.size.steps)
    pictures = painter.draw(prompts, seed=1)
    save_sheet(to_images(pictures), given.out / "export.png", columns=10, titles=prompts)


if __name__ == "__main__":
    start(__doc__, sample_sheet)
