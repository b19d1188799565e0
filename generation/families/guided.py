"""The guide-driven model: a folder of its own layout, without diffusers."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import torch

from generation.catalogue.card import Card
from generation.guided.checkpoint import quicken, read_networks
from generation.guided.guided_engine import GuidedEngine
from generation.guided.plans import Plans
from generation.guided.words import Words
from generation.sampling.engine import Batching, Upscalers
from generation.sampling.parallel import share_cores
from generation.upscaling.bundled import FILE, load_compact

ID: Final = "easel2"
"""Id of its card."""


def load(
    card: Card,
    folder: Path,
    device: torch.device,
    *,
    words: Words | None = None,
    exact: bool = False,
) -> GuidedEngine:
    """Load a guide-driven model, to be drawn with in bfloat16 where that is quick.

    Args:
        card: Its card.
        folder: Where it lies.
        device: Where to compute.
        words: The text model that its planner reads; None to draw from images alone.
        exact: Whether a picture alone has to be its quarter of the grid to the bit on a GPU, too.

    Raises:
        OSError: A file is missing.
        ValueError: It is another format.
        KeyError: Its configuration is incomplete.
        RuntimeError: Weights are not of the sizes that the configuration says.
    """
    networks = quicken(read_networks(folder), device)
    for network in (networks.latents, networks.decoder, networks.denoiser, networks.planner):
        if network is not None:
            network.to(device)
    plans = None
    if words is not None and networks.planner is not None:
        plans = Plans(networks.planner, networks.latents, words)
    # So small that to be exact one at a time costs less than to fill batches up.
    batching = Batching(1) if exact else Batching.choose(device)
    file = folder / FILE
    engine = GuidedEngine(
        card=card,
        networks=networks,
        device=device,
        batching=batching,
        plans=plans,
        upscalers=Upscalers(own=load_compact(file).to(device) if file.is_file() else None),
    )
    return replace(engine, batching=replace(batching, parallel=share_cores(engine)))
