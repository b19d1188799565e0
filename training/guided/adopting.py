"""Go on from an exported guide-driven model, then train on.

``python -m training.guided.adopting EXPORT --out DIR``. Optimisers start anew; the linear map, and
the towers where there are any, are taken as they are.
"""

import argparse
import shutil
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import save_file
from torch import nn

from generation.guided.checkpoint import read_networks
from training.guided import decoding, denoising, distilling

_TOWERS: Final = {"text_encoder": "text", "image_encoder": "vision"}


def adopt(source: Path, out: Path) -> None:
    """Lay an export out as if its stages had just begun another stretch.

    Args:
        source: Folder of the exported model.
        out: Folder to train in.
    """
    networks = read_networks(source)
    (out / "basis").mkdir(parents=True, exist_ok=True)
    basis = {name: part.contiguous() for name, part in networks.latents.state_dict().items()}
    save_file(basis, out / "basis" / "latents.safetensors")
    _begin(networks.decoder, out / "crisp", decoding.FILE)
    _begin(networks.denoiser, out / "denoiser", denoising.FILE)
    if networks.guidance != 1:
        distilling.mark_adopted(out)
    if networks.planner is not None:
        _begin(networks.planner, out / "planner", "planner.safetensors")
    for part, name in _TOWERS.items():
        if (source / part).exists():
            shutil.copytree(source / part, out / "towers" / name, dirs_exist_ok=True)
    marks = ["basis", *(["towers"] if networks.planner is not None else [])]
    for mark in marks:
        (out / f"{mark}.done").write_text("adopted\n")


def _begin(module: nn.Module, folder: Path, file: str) -> None:
    """A checkpoint at its beginning, and the weights as the stage leaves them."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: weight.contiguous() for name, weight in module.state_dict().items()}
    save_file(weights, folder / file)
    state = {
        "model": weights,
        "optimiser": None,
        "mean": [weight.detach().contiguous() for weight in module.parameters()],
        "step": 0,
        "spent": 0.0,
        "began": 0.0,
        "finished": False,
    }
    torch.save(state, folder / "checkpoint.pt")


def main() -> None:
    """Adopt as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    adopt(given.source, given.out)


if __name__ == "__main__":
    main()
