"""A grid of four on a GPU: diffusers' own pipeline and ours, beside what the GPU could do.

Ours is measured as one picture, too, with its blocks compiled, and FLUX.2 klein with weights and
products in fp8; all else in bfloat16. The models have the shapes of the published ones and random
weights: how long denoising takes does not depend on their values, and nothing is fetched. Neither
reads a text. The floor is the grid's arithmetic at the rate that the GPU reaches in large matrix
products; on an H100 that is 790 TFLOP/s. It needs CUDA, and ends within four minutes with whatever
was measured by then:

    python -m benchmarks.gpu --rounds 3 --rate 790
"""

import argparse
import gc
import json
import os
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Event, Thread
from typing import Any, Final

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLFlux2,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)

from generation.catalogue.families import find_card
from generation.catalogue.memory_plans import WHOLE
from generation.families import flux2_klein, sdxl
from generation.families.libraries import quiet
from generation.families.load import choose_precision
from generation.recipe import Conditions, Phrase, Recipe, Sampling, Size, seed_noise
from generation.sampling.diffusion import UNetCondition
from generation.sampling.engine import Batching, Engine
from generation.sampling.flow import FlowCondition
from generation.tensors.float8 import reduce_layers

Draw = Callable[[], object]
"""Draws some pictures."""

Draws = Mapping[str, Draw]

TOKENS: Final = {"sdxl": 77, "flux2-klein": 512}
"""Tokens of text that each family's denoiser reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A model to be measured.

    Attributes:
        family: Its family's id.
        denoiser: What its configuration says of the denoiser.
        vae: What it says of the autoencoder.
        side: Of the pictures, in pixels.
        steps: How many are taken.
        teraflop: What a grid takes, the autoencoder's part included; as computed from the shapes.
    """

    family: str
    denoiser: Mapping[str, Any]
    vae: Mapping[str, Any]
    side: int
    steps: int
    teraflop: float


_XL: Final[Mapping[str, Any]] = {
    "sample_size": 128,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "block_out_channels": (320, 640, 1280),
    "attention_head_dim": (5, 10, 20),
    "transformer_layers_per_block": (1, 2, 10),
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
_XL_VAE: Final[Mapping[str, Any]] = {
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "block_out_channels": (128, 256, 512, 512),
    "layers_per_block": 2,
    "sample_size": 1024,
    "scaling_factor": 0.13025,
    "force_upcast": False,
}
_KLEIN: Final[Mapping[str, Any]] = {
    "num_layers": 5,
    "num_single_layers": 20,
    "num_attention_heads": 24,
    "attention_head_dim": 128,
    "joint_attention_dim": 7680,
    "in_channels": 128,
    "guidance_embeds": False,
}

FULL: Final = (
    Shape(family="sdxl", denoiser=_XL, vae=_XL_VAE, side=1024, steps=30, teraflop=1665),
    Shape(family="flux2-klein", denoiser=_KLEIN, vae={}, side=1024, steps=4, teraflop=599),
)
"""The published ones: 2.57 and 3.88 billion parameters."""

TINY: Final = (
    Shape(
        family="sdxl",
        denoiser={
            **_XL,
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
            "block_out_channels": (16, 32),
            "layers_per_block": 1,
            "norm_num_groups": 8,
            "attention_head_dim": (2, 4),
            "transformer_layers_per_block": (1, 1),
            "cross_attention_dim": 64,
        },
        vae={
            **_XL_VAE,
            "block_out_channels": (8, 8, 8, 8),
            "layers_per_block": 1,
            "norm_num_groups": 4,
        },
        side=64,
        steps=2,
        teraflop=0.01,
    ),
    Shape(
        family="flux2-klein",
        denoiser={
            **_KLEIN,
            "num_layers": 1,
            "num_single_layers": 1,
            "num_attention_heads": 1,
            "joint_attention_dim": 64,
        },
        vae={"block_out_channels": (8, 8, 8, 8), "norm_num_groups": 4, "layers_per_block": 1},
        side=64,
        steps=2,
        teraflop=0.01,
    ),
)
"""The same in small, to rehearse the way there without a GPU."""


def pipeline(shape: Shape, device: torch.device) -> Any:  # noqa: ANN401 - diffusers has no types
    """A pipeline of that shape with random weights, without text encoders."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(choose_precision(device))
    try:
        with torch.device(device):
            made = _sdxl(shape) if shape.family == "sdxl" else _klein(shape)
    finally:
        torch.set_default_dtype(before)
    made.set_progress_bar_config(disable=True)
    return made


def _sdxl(shape: Shape) -> Any:  # noqa: ANN401
    return StableDiffusionXLPipeline(
        vae=AutoencoderKL(**shape.vae).eval(),
        unet=UNet2DConditionModel(**shape.denoiser).eval(),
        scheduler=EulerDiscreteScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            steps_offset=1,
            timestep_spacing="leading",
        ),
        text_encoder=None,
        text_encoder_2=None,
        tokenizer=None,
        tokenizer_2=None,
        add_watermarker=False,
    )


def _klein(shape: Shape) -> Any:  # noqa: ANN401
    return Flux2KleinPipeline(
        vae=AutoencoderKLFlux2(**shape.vae).eval(),
        transformer=Flux2Transformer2DModel(**shape.denoiser).eval(),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        text_encoder=None,
        tokenizer=None,
        is_distilled=True,
    )


def text(shape: Shape, device: torch.device) -> torch.Tensor:
    """Random tokens, (1, tokens, width)."""
    width = shape.denoiser[f"{'cross' if shape.family == 'sdxl' else 'joint'}_attention_dim"]
    return torch.randn(
        1, TOKENS[shape.family], width, device=device, dtype=choose_precision(device)
    )


_POOLED: Final = 1280


def plain(shape: Shape, pipe: Any) -> Draw:  # noqa: ANN401
    """A grid by diffusers' own call, as one batch."""
    tokens, given = text(shape, pipe.device), dict[str, Any]()
    if shape.family == "sdxl":
        pooled = torch.randn(1, _POOLED, device=pipe.device, dtype=tokens.dtype)
        given = {
            "negative_prompt_embeds": tokens,
            "pooled_prompt_embeds": pooled,
            "negative_pooled_prompt_embeds": pooled,
        }
    return lambda: pipe(
        prompt_embeds=tokens,
        **given,
        num_images_per_prompt=4,
        width=shape.side,
        height=shape.side,
        num_inference_steps=shape.steps,
        guidance_scale=find_card(shape.family).guidance,
        generator=[torch.Generator().manual_seed(seed) for seed in range(4)],
    )


_EULER: Final = Sampling(steps=1, guidance=1.0, sampler="Euler")


def ours(shape: Shape, pipe: Any, count: int = 4, *, float8: bool = False) -> Draw:  # noqa: ANN401
    """So many pictures by our engine, as ``generation.families.load.load`` sets it up on a GPU."""
    tokens, known = text(shape, pipe.device), find_card(shape.family)
    family: Any = replace(flux2_klein.FAMILY, embed=lambda *_: FlowCondition(tokens))
    if shape.family == "sdxl":
        pipe.unet.to(memory_format=torch.channels_last)
        size = torch.tensor([[shape.side, shape.side, 0, 0, shape.side, shape.side]] * 2)
        pooled = torch.randn(2, _POOLED, device=pipe.device, dtype=tokens.dtype)
        extra = {"text_embeds": pooled, "time_ids": size.to(pooled)}
        condition = UNetCondition(torch.cat([tokens, tokens]), extra)
        family = replace(sdxl.FAMILY, encode=lambda *_: condition)
    batching, memory = Batching(4), replace(WHOLE, multiplied=float8)
    engine = Engine(
        card=known, family=family, pipe=pipe, batching=batching, preview=lambda _: [], memory=memory
    )
    recipe = Recipe(
        family=known.id,
        model="random",
        prompt="",
        size=Size(width=shape.side, height=shape.side),
        noise=seed_noise(0, count),
        sampling=replace(_EULER, steps=shape.steps, guidance=known.guidance, float8=float8),
        conditions=Conditions(phrases=(Phrase(text="an apple"),)),
    )
    return lambda: engine.draw(recipe, None, lambda *_: None)


STAGES: Final = (
    ("sdxl", "plain"),
    ("flux2-klein", "plain"),
    ("sdxl", "compiled"),
    ("flux2-klein", "compiled"),
    ("flux2-klein", "fp8"),
)
"""Families, and what is measured of each: what is surest first, since time may run out."""


@dataclass(slots=True)
class Figures:
    """What was measured of a shape so far.

    Attributes:
        seconds: Median of each contestant.
        memory: The most of each, in GiB.
        failed: What did not come to an end, and why.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def summarize(self, shape: Shape, rate: float) -> dict[str, Any]:
        """All of it for people, with what follows from it."""
        # Copies, since it may be asked while they are written.
        known, floor = dict(self.seconds), shape.teraflop / rate
        told: dict[str, Any] = {
            "seconds": {name: round(one, 3) for name, one in known.items()},
            "peak memory, GiB": {name: round(one, 2) for name, one in dict(self.memory).items()},
            "floor, seconds": round(floor, 3),
        }
        for name, over, under in (
            ("ours, times the floor", known.get("ours"), floor),
            ("one picture, of a grid", known.get("ours, one"), known.get("ours")),
            ("ours, times faster", known.get("plain"), known.get("ours")),
        ):
            if over and under:
                told[name] = round(over / under, 2)
        return told | ({"failed": self.failed} if self.failed else {})


def measure(shape: Shape, stage: str, device: torch.device, rounds: int, figures: Figures) -> None:
    """Measure one stage: seconds and memory of each contestant, or why there are none."""
    # What the stage before left, which the graphics card needs back.
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    try:
        pipe = pipeline(shape, device)
        denoiser = pipe.unet if hasattr(pipe, "unet") else pipe.transformer
        # On a CPU it is the way there alone that is rehearsed, which takes no compiler.
        backend = "inductor" if device.type == "cuda" else "eager"
        if stage == "plain":
            contestants = {
                "plain": plain(shape, pipe),
                "ours": ours(shape, pipe),
                "ours, one": ours(shape, pipe, 1),
            }
            _take_turns(contestants, device, rounds, figures)
            return
        if stage == "fp8":
            reduce_layers(denoiser)
            grid = ours(shape, pipe, float8=True)
            _take_turns({"ours, fp8": grid}, device, rounds, figures)
        else:
            grid = ours(shape, pipe)
        denoiser.compile_repeated_blocks(backend=backend)
        name = "ours, fp8, compiled" if stage == "fp8" else "ours, compiled"
        _take_turns({name: grid}, device, rounds, figures)
    # Whatever it is, what was measured before is told, and the next stage is tried.
    except Exception as error:  # noqa: BLE001
        figures.failed[stage] = f"{type(error).__name__}: {str(error).partition(chr(10))[0][:160]}"


def _take_turns(each: Draws, device: torch.device, rounds: int, figures: Figures) -> None:
    """Note seconds and GiB of each, by turns, after a round that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in each}
    for warm in [False, *[True] * rounds]:
        for name, action in each.items():
            taken, figures.memory[name] = _run(action, device)
            times[name] += [taken] * warm
            if warm:
                figures.seconds[name] = statistics.median(times[name])


def _run(action: Draw, device: torch.device) -> tuple[float, float]:
    """Seconds, and the peak of memory in GiB; on the CPU that of the process so far."""
    if gpu := device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        torch.cuda.synchronize(device)
    began = time.perf_counter()
    action()
    if gpu:
        torch.cuda.synchronize(device)
        return time.perf_counter() - began, torch.cuda.max_memory_allocated(device) / 2**30
    return time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main(arguments: list[str] | None = None) -> None:
    """Print the measurements as JSON; without CUDA, say so and that is all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=790.0, help="TFLOP/s that the GPU reaches")
    parser.add_argument("--seconds", type=float, default=225.0, help="after which it ends")
    parser.add_argument("--rehearse", action="store_true", help="tiny shapes on the CPU")
    chosen = parser.parse_args(arguments)
    if not (chosen.rehearse or torch.cuda.is_available()):
        print("benchmarks.gpu needs CUDA; --rehearse goes the same way in small on the CPU.")
        return
    quiet()
    device = torch.device("cpu" if chosen.rehearse else "cuda")
    shapes = {one.family: one for one in (TINY if chosen.rehearse else FULL)}
    figures = {family: Figures() for family in shapes}
    ended = Event()

    def tell() -> None:
        name = "cpu" if chosen.rehearse else torch.cuda.get_device_name(device)
        found = {key: one.summarize(shapes[key], chosen.rate) for key, one in figures.items()}
        print(json.dumps({"device": name, "whole": ended.is_set(), **found}, indent=2), flush=True)

    def end_in_time() -> None:
        # A compiler cannot be asked to stop, so the process ends with what there is.
        if not ended.wait(chosen.seconds):
            tell()
            os._exit(0)

    Thread(target=end_in_time, name="clock", daemon=True).start()
    for family, stage in STAGES:
        measure(shapes[family], stage, device, chosen.rounds, figures[family])
    ended.set()
    tell()


if __name__ == "__main__":
    main()
