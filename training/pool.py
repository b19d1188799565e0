"""Stage: compose and encode the denoiser's samples ahead, which makes its steps cheap."""

from dataclasses import dataclass, fields
from typing import Final

import torch
from diffusers import AutoencoderKL
from torch import Tensor
from transformers import CLIPTextModel, CLIPVisionModelWithProjection

from training.bar import Bar
from training.device import half
from training.plan import WIDTH, WINDOW, Options, start
from training.samples import NONE, Samples, grounds_of, plan_samples
from training.tokenizer import tokenize
from training.towers import see
from training.world import World, load_world

_SEED: Final = 2


@dataclass(frozen=True, slots=True)
class Pool:
    """Encoded samples, one row each.

    Attributes:
        latents: float16 (N, 8, 16, 16).
        caption: Row of ``states`` (N,).
        style: Row of ``embeddings`` of the style reference (N,); -1 for none.
        content: Row of ``embeddings`` of the content reference (N,); -1 for none.
        second: Row of ``embeddings`` of the second content reference (N,); the first again if none.
        embeddings: float16 (2 x looks, 256): every look on white, then on other grounds.
        states: Text states (captions, 32, 256); the first is of the empty text.
    """

    latents: Tensor
    caption: Tensor
    style: Tensor
    content: Tensor
    second: Tensor
    embeddings: Tensor
    states: Tensor


@torch.no_grad()
def build_pool(given: Options) -> Pool:
    """Plan, draw and encode all samples, or read them if that was done before.

    Raises:
        StoppedError: The session ended first.
    """
    path = given.folder("pool") / "pool.pt"
    if path.exists():
        parts = torch.load(path, map_location=given.device, weights_only=True)
        return Pool(**parts)
    world = load_world(given)
    size = given.size
    samples = plan_samples(
        world,
        size.pool,
        collages=size.collages,
        references=True,
        seed=_SEED,
        core=size.core,
    )
    embeddings = _embed(world, given)
    latents = _encode(world, samples, given)
    states = read_captions(samples.captions, given)
    pool = Pool(
        latents=latents,
        caption=samples.caption,
        style=_on_some_ground(samples.style, len(world.looks)),
        content=_on_some_ground(samples.content, len(world.looks)),
        second=samples.second,
        embeddings=embeddings,
        states=states,
    )
    parts = {field.name: getattr(pool, field.name) for field in fields(Pool)}
    torch.save(parts, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)
    return pool


def _on_some_ground(rows: Tensor, looks: int) -> Tensor:
    """Rows of references, a quarter of them moved to their picture on a coloured ground."""
    moved = (torch.rand(len(rows), device=rows.device) < 0.25) & (rows != NONE)
    return rows + looks * moved


def _encode(world: World, samples: Samples, given: Options) -> Tensor:
    vae = AutoencoderKL.from_pretrained(given.out / "vae" / "model").to(given.device).eval()
    vae = vae.to(memory_format=torch.channels_last)
    at_once = 256 if given.device == "cuda" else 16
    made = []
    with Bar("pool: latents", len(samples)) as bar:
        for rows in torch.split(torch.arange(len(samples), device=given.device), at_once):
            given.session.check()
            pictures = draw_samples(world, samples, rows).to(memory_format=torch.channels_last)
            with half(given.device):
                made.append(vae.encode(pictures).latent_dist.mean.half())
            bar.update(int(rows[-1]))
    return torch.cat(made).contiguous()


def draw_samples(world: World, samples: Samples, rows: Tensor) -> Tensor:
    """Pictures (B, 3, 128, 128) in -1 to 1 of some samples."""
    grounds = grounds_of(samples.ground[rows])
    look, beside = samples.look[rows], samples.beside[rows]
    pictures = world.render(look, grounds)
    paired = beside != NONE
    if paired.any():
        pictures[paired] = world.render_pair(look[paired], beside[paired], grounds[paired])
    return pictures


def _embed(world: World, given: Options) -> Tensor:
    """Image embeddings of every look on white, then of every look on a random ground."""
    folder = given.out / "towers" / "vision"
    vision = CLIPVisionModelWithProjection.from_pretrained(folder).to(given.device).eval()
    at_once = 256 if given.device == "cuda" else 32
    made = []
    with Bar("pool: references", 2 * len(world.looks)) as bar:
        for coloured in (False, True):
            for rows in torch.split(torch.arange(len(world.looks), device=given.device), at_once):
                given.session.check()
                grounds = torch.ones(len(rows), 3, device=given.device)
                if coloured:
                    grounds = torch.rand_like(grounds)
                seen = see(world.render(rows, grounds), given.size.sight)
                with half(given.device):
                    made.append(vision(pixel_values=seen).image_embeds.half())
                bar.update(len(made) * at_once)
    return torch.cat(made)


def read_captions(captions: list[str], given: Options) -> Tensor:
    """Text states of captions, float16 (N, 32, 256)."""
    text = CLIPTextModel.from_pretrained(given.out / "towers" / "text").to(given.device).eval()
    states = torch.empty(len(captions), WINDOW, WIDTH, dtype=torch.float16, device=given.device)
    at_once = 1024 if given.device == "cuda" else 64
    with Bar("pool: captions", len(captions)) as bar:
        for start in range(0, len(captions), at_once):
            given.session.check()
            ids = tokenize(captions[start : start + at_once]).to(given.device)
            with half(given.device):
                states[start : start + at_once] = text(input_ids=ids).last_hidden_state.half()
            bar.update(start + at_once)
    return states


if __name__ == "__main__":
    start(__doc__, build_pool)
