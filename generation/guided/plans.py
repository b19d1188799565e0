"""Plans: what a planner makes of words, as a picture that a diffusion model draws over.

A small diffusion model that begins at noise has to find shapes and draw them; that begins at the
mean picture of what the words can mean, it has to draw alone. Folder ``plans/`` of a checkpoint:

====================== ====================================================================
``config.json``        sizes of the planner, and its format
``latents.safetensors``, ``planner.safetensors``   as in ``generation.guided.checkpoint``
====================== ====================================================================
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import torch
from PIL import Image
from torch import Tensor, nn

from generation.catalogue.looks import DRAWN, find_looks
from generation.guided.checkpoint import load_weights, measure_planner, save_weights
from generation.guided.drawing import widen
from generation.guided.latents import PATCH, Latents
from generation.guided.planner import Planner
from generation.guided.words import Words
from generation.recipe import Phrase, Recipe
from generation.tensors.pixels import to_picture

OWN: Final = "plans"
"""Folder of a checkpoint that brings a planner."""

FORMAT: Final = "easel-plans-1"
_CONFIG: Final = "config.json"


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

    @classmethod
    def load(cls, folder: Path, words: Words) -> Self:
        """Read what :func:`write_plans` wrote.

        Raises:
            OSError: A file is missing.
            ValueError: It is another format.
            KeyError: The configuration is incomplete.
            RuntimeError: Weights are not of the sizes that the configuration says.
        """
        config = json.loads((folder / _CONFIG).read_text())
        if config.get("format") != FORMAT:
            message = f"{folder.name} holds no {FORMAT}"
            raise ValueError(message)
        latents = Latents(config["channels"])
        planner = Planner(config["channels"], **config["planner"])
        for name, module in (("latents", latents), ("planner", planner)):
            load_weights(module, folder / f"{name}.safetensors")
        device = words.device
        return cls(planner.to(device), latents.to(device), words)

    @torch.inference_mode()
    def draw(self, recipe: Recipe) -> Image.Image:
        """The mean picture of a recipe's words, in its size: a square in the middle of its ground.

        Of several phrases it is the mean by their weights; what is not wanted is left to guidance.
        """
        phrases = [one for one in recipe.conditions.phrases if one.weight > 0] or [_NOTHING]
        states, length = self.words.read([_settle_style(one.text) for one in phrases])
        nothing = states.new_zeros(len(phrases), states.shape[-1])
        made = self.planner(states, length, nothing, nothing)
        weights = made.new_tensor([one.weight for one in phrases])
        guide = torch.einsum("b,bchw->chw", weights / weights.sum(), made)[None]
        height, width = recipe.size.height // PATCH, recipe.size.width // PATCH
        whole = widen(guide, height, width, _find_ground(guide))
        return to_picture((self.latents.decode(whole) + 1) / 2)


_NOTHING: Final = Phrase(text="")
_PLAIN: Final = ", flat style"


def _settle_style(text: str) -> str:
    """Words with a style: the mean of a thing in all styles shows nothing of it."""
    named = set(find_looks(text)) & set(DRAWN)
    return text if named or not text else text + _PLAIN


def _find_ground(guide: Tensor) -> Tensor:
    """Latents (B, C) of the ground that a plan (B, C, s, s) lies on: the mean of its corners."""
    return guide[:, :, :: guide.shape[2] - 1, :: guide.shape[3] - 1].mean((2, 3))


def write_plans(folder: Path, planner: Planner, latents: Latents) -> None:
    """Write a planner beside a checkpoint, whose text model is the one that it reads.

    Args:
        folder: Made if it is not there.
        planner: Stored in float16.
        latents: Stored as they are, since every pixel goes through them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "format": FORMAT,
        "channels": latents.channels,
        "planner": measure_planner(planner),
    }
    (folder / _CONFIG).write_text(json.dumps(config, indent=2) + "\n")
    parts: tuple[tuple[str, nn.Module, torch.dtype], ...] = (
        ("latents", latents, torch.float32),
        ("planner", planner, torch.float16),
    )
    for name, module, dtype in parts:
        save_weights(module, folder / f"{name}.safetensors", dtype)
