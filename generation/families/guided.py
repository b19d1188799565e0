"""The guide-driven model: a folder of its own layout, without diffusers."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import torch

from generation.catalogue.card import Card
from generation.derive import GRID
from generation.guided.checkpoint import quicken, read_networks
from generation.guided.guided_engine import GuidedEngine
from generation.sampling.engine import Batching
from generation.sampling.parallel import share_cores

ID: Final = "easel2"
"""Id of its card."""


def load(card: Card, folder: Path, device: torch.device) -> GuidedEngine:
    """Load a guide-driven model, to be drawn with in bfloat16 where that is quick.

    Raises:
        OSError: A file is missing.
        ValueError: It is another format.
        KeyError: Its configuration is incomplete.
        RuntimeError: Weights are not of the sizes that the configuration says.
    """
    networks = quicken(read_networks(folder), device.type)
    # Not the planner: nothing here draws from words yet.
    for network in (networks.latents, networks.decoder, networks.denoiser):
        network.to(device)
    # On a CPU one at a time, since picture k alone has to be its quarter of the grid.
    batching = Batching(1 if device.type == "cpu" else GRID)
    engine = GuidedEngine(card=card, networks=networks, device=device, batching=batching)
    return replace(engine, batching=replace(batching, parallel=share_cores(engine)))
