"""The guide-driven model: a folder of its own layout, without diffusers."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import torch

from generation.catalogue.card import Card
from generation.guided.checkpoint import quicken, read_networks
from generation.guided.guided_engine import GuidedEngine
from generation.sampling.engine import Batching
from generation.sampling.parallel import share_cores

ID: Final = "easel2"
"""Id of its card."""


def load(card: Card, folder: Path, device: torch.device, *, exact: bool = False) -> GuidedEngine:
    """Load a guide-driven model, to be drawn with in bfloat16 where that is quick.

    Args:
        card: Its card.
        folder: Where it lies.
        device: Where to compute.
        exact: Whether a picture alone has to be its quarter of the grid to the bit on a GPU, too.

    Raises:
        OSError: A file is missing.
        ValueError: It is another format.
        KeyError: Its configuration is incomplete.
        RuntimeError: Weights are not of the sizes that the configuration says.
    """
    networks = quicken(read_networks(folder), device)
    # Not the planner: nothing here draws from words yet.
    for network in (networks.latents, networks.decoder, networks.denoiser):
        network.to(device)
    # So small that to be exact one at a time costs less than to fill batches up.
    batching = Batching(1) if exact else Batching.choose(device)
    engine = GuidedEngine(card=card, networks=networks, device=device, batching=batching)
    return replace(engine, batching=replace(batching, parallel=share_cores(engine)))
