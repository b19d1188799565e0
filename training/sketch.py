"""Stage: an adapter that has the denoiser keep to lines; the denoiser stays as it is.

It is diffusers' T2I-Adapter in the shape that fits a denoiser whose outermost level has no
attention. It learns from drawings that are moved and stretched, so that it is the lines that say
where things are. Half of its lines are what a pen would draw of them: the outline and some of the
inner edges, in a shaky hand; the others are line maps as the product makes them.

Source: T2I-Adapter (arXiv 2302.08453).
"""

from dataclasses import dataclass, fields
from random import Random
from typing import Any, Final

import cv2
import numpy as np
import torch
from diffusers import AutoencoderKL, T2IAdapter
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from generation.conditioning.line_maps import LINES, draw_line_map
from training.bar import Bar
from training.device import half
from training.export import load_denoiser
from training.loop import Course, Training
from training.plan import SIDE, Options, Size, start
from training.pool import read_captions
from training.samples import Samples, grounds_of, plan_samples
from training.sheet import to_images
from training.unet import build_scheduler, velocity_loss
from training.world import World, load_world

_SEED: Final = 5
_SHARE_OF_POOL: Final = 0.15
_SHARE_OF_BATCH: Final = 0.4
"""An adapter this small learns more from many steps than from large ones."""

_TOLD_NOTHING: Final = 0.12
_RATE: Final = 2e-3
_LEAN: Final = 3.0
_SMALLEST: Final = 0.55
_STRETCH: Final = 1.35
_SHAKE: Final = 1.6
"""Pixels by which a shaky hand misses, about."""


@dataclass(frozen=True, slots=True)
class Sketches:
    """Encoded samples, one row each.

    Attributes:
        latents: float16 (N, 8, 16, 16).
        lines: uint8 (N, 1, 128, 128), 255 on a line.
        caption: Row of ``states`` (N,).
        states: Text states (captions, 32, 256); the first is of the empty text.
    """

    latents: Tensor
    lines: Tensor
    caption: Tensor
    states: Tensor


def build_adapter(size: Size) -> T2IAdapter:
    """A fresh adapter of line maps (B, 1, H, W) in 0 to 1 for the denoiser of that size."""
    return T2IAdapter(
        in_channels=1,
        channels=list(size.unet),
        num_res_blocks=2,
        downscale_factor=16,
        adapter_type="full_adapter_xl",
    )


class Guided(nn.Module):
    """A denoiser that stays as it is, with an adapter that learns.

    Args:
        unet: The denoiser, without image adapters.
        adapter: What reads the lines.
    """

    def __init__(self, unet: Any, adapter: T2IAdapter) -> None:  # noqa: ANN401 - no types
        super().__init__()
        self.unet, self.adapter = unet.eval().requires_grad_(requires_grad=False), adapter

    def forward(self, noisy: Tensor, times: Tensor, states: Tensor, lines: Tensor) -> Tensor:
        """Predict the velocity; ``lines`` are (B, 1, 128, 128) in 0 to 1."""
        made: Tensor = self.unet(
            noisy,
            times,
            states,
            down_intrablock_additional_residuals=self.adapter(lines),
            return_dict=False,
        )[0]
        return made


@torch.no_grad()
def build_sketches(given: Options) -> Sketches:
    """Plan, draw and encode all samples, or read them if that was done before.

    Raises:
        StoppedError: The session ended first.
    """
    path = given.folder("sketch") / "sketches.pt"
    if path.exists():
        return Sketches(**torch.load(path, map_location=given.device, weights_only=True))
    torch.manual_seed(_SEED)
    world, size = load_world(given), given.size
    count = max(1, round(size.pool * _SHARE_OF_POOL))
    samples = plan_samples(world, count, references=False, seed=_SEED, core=size.core)
    latents, lines = _draw(world, samples, given)
    states = read_captions(samples.captions, given)
    sketches = Sketches(latents, lines, samples.caption, states)
    parts = {field.name: getattr(sketches, field.name) for field in fields(Sketches)}
    torch.save(parts, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)
    return sketches


def _draw(world: World, samples: Samples, given: Options) -> tuple[Tensor, Tensor]:
    """Latents and lines of samples."""
    vae = AutoencoderKL.from_pretrained(given.out / "vae" / "model").to(given.device).eval()
    vae = vae.to(memory_format=torch.channels_last)
    at_once, random = 256 if given.device == "cuda" else 16, Random(_SEED)
    latents, lines = [], []
    with Bar("sketch: samples", len(samples)) as bar:
        for rows in torch.split(torch.arange(len(samples), device=given.device), at_once):
            given.session.check()
            pictures, cover = moved(world, samples, rows)
            with half(given.device):
                latents.append(vae.encode(pictures).latent_dist.mean.half())
            drawn = [
                lined(picture, shape, random)
                for picture, shape in zip(to_images(pictures), cover.cpu().numpy(), strict=True)
            ]
            lines.append(torch.from_numpy(np.stack(drawn))[:, None])
            bar.update(int(rows[-1]))
    return torch.cat(latents), torch.cat(lines).to(given.device)


def moved(world: World, samples: Samples, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Pictures (B, 3, 128, 128) in -1 to 1 of some samples, and what their things cover.

    Each is made smaller, stretched, moved and perhaps mirrored, on more of its plain ground.
    What is covered is (B, 128, 128) in 0 to 1.
    """
    grounds = grounds_of(samples.ground[rows])
    pictures = world.render(samples.look[rows], grounds)
    cover = world.drawings[world.looks.drawing[samples.look[rows]], 3:].float() / 255
    plain = (grounds * 2 - 1)[:, :, None, None]
    both = _warped(torch.cat([pictures - plain, cover], 1))
    return both[:, :3] + plain, both[:, 3]


def _warped(layers: Tensor) -> Tensor:
    count, device = len(layers), layers.device
    size = _SMALLEST + (1 - _SMALLEST) * torch.rand(count, device=device)
    stretch = _STRETCH ** (torch.rand(count, device=device) - 0.5)
    wide, tall = size * stretch, size / stretch
    mirror = torch.where(torch.rand(count, device=device) < 0.5, -1.0, 1.0)
    room = [
        (1 - one).clamp_min(0) * (torch.rand(count, device=device) * 2 - 1) for one in (wide, tall)
    ]
    zero = torch.zeros(count, device=device)
    across = torch.stack([mirror / wide, zero, -mirror * room[0] / wide], 1)
    down = torch.stack([zero, 1 / tall, -room[1] / tall], 1)
    grid = functional.affine_grid(
        torch.stack([across, down], 1), list(layers.shape), align_corners=False
    )
    return functional.grid_sample(layers, grid, align_corners=False)


def lined(picture: Image.Image, cover: NDArray[np.float32], random: Random) -> NDArray[np.uint8]:
    """Lines of a picture (128, 128): of a shaky hand, or as the product finds them.

    Args:
        picture: 128x128.
        cover: Where the thing is, 0 to 1.
        random: Decides which.
    """
    kinds = list(LINES)
    if random.random() < 0.5:
        return np.asarray(draw_line_map(random.choice(kinds), picture, picture.size))
    outline = _outline(cover)
    if random.random() < 0.5:
        outline = np.maximum(outline, np.asarray(draw_line_map("scribble", picture, picture.size)))
    return _shaken(outline, random)


def _outline(cover: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The outline of what is covered, as wide as the product's scribbles are."""
    inside = (cover > 0.5).astype(np.uint8)
    found, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    drawn = np.zeros_like(inside)
    cv2.drawContours(drawn, found, -1, 255, 1)
    return cv2.dilate(drawn, np.ones((2, 2), np.uint8)).astype(np.uint8)


def _shaken(lines: NDArray[np.uint8], random: Random) -> NDArray[np.uint8]:
    """The same lines, missing their places smoothly by a pixel or two."""
    made = np.random.default_rng(random.getrandbits(32))
    reach = _SHAKE * random.random()
    misses = [
        cv2.resize(made.normal(0, reach, (9, 9)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        for _ in range(2)
    ]
    down, across = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    places = [
        (at + miss).astype(np.float32) for at, miss in zip((across, down), misses, strict=True)
    ]
    return cv2.remap(lines, places[0], places[1], cv2.INTER_LINEAR).astype(np.uint8)


def train_sketch(given: Options, minutes: float) -> None:
    """Train for some minutes and write ``sketch/model``."""
    size, device = given.size, given.device
    sketches = build_sketches(given)
    kept = build_scheduler().alphas_cumprod.to(device)
    guided = Guided(load_denoiser(given).plain_unet(size), build_adapter(size)).to(device)
    course = Course.of(given, "sketch", minutes, rate=_RATE, decay=0.99)
    training = Training(course, guided.adapter)
    batch = round(size.batches["unet"] * _SHARE_OF_BATCH) // given.abreast or 1

    def step(share: float) -> dict[str, Tensor]:
        del share
        rows = torch.randint(len(sketches.latents), (batch,), device=device)
        silent = torch.rand(batch, device=device) < _TOLD_NOTHING
        states = sketches.states[torch.where(silent, 0, sketches.caption[rows])].float()
        lines = sketches.lines[rows].float() / 255
        with half(device):
            latents = sketches.latents[rows].float()
            return {"loss": velocity_loss(guided, latents, (states, lines), kept, _LEAN)}

    training.run(step)
    guided.adapter.save_pretrained(course.folder / "model")


if __name__ == "__main__":
    start(__doc__, lambda given: train_sketch(given, given.minutes))
