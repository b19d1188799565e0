"""Go on from an exported model: ``python -m training.adopt EXPORT --out DIR``, then train on.

The optimiser starts anew; autoencoder and towers are taken as they are.
"""

import argparse
import shutil
from pathlib import Path
from typing import Final

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file

from generation.conditioning.controlnet import OWN as STRUCTURE
from generation.families.load import PREVIEW
from generation.upscaling.bundled import FILE
from training.adapters import NAMES, Denoiser
from training.export import ADAPTERS
from training.plan import SIZES, Size

_PARTS: Final = {
    "vae": "vae/model",
    "text_encoder": "towers/text",
    "image_encoder": "towers/vision",
    PREVIEW: "preview/model",
}
_DONE: Final = ("teacher", "vae", "towers", "preview")


def adopt(export: Path, out: Path, size: Size) -> None:
    """Lay an export out as if its stages had just been trained.

    Args:
        export: Folder of the exported model.
        out: Folder to train in.
        size: The size that the model was made with.
    """
    for part, target in _PARTS.items():
        shutil.copytree(export / part, out / target, dirs_exist_ok=True)
    if (export / STRUCTURE).exists():
        shutil.copytree(export / STRUCTURE, out / "sketch" / "model", dirs_exist_ok=True)
    if (export / FILE).exists():
        (out / "upscaler").mkdir(exist_ok=True)
        shutil.copy(export / FILE, out / "upscaler" / FILE)
    unet = UNet2DConditionModel.from_pretrained(export / "unet", dtype=torch.float32)
    files = {name: load_file(export / "ip_adapter" / ADAPTERS[name]) for name in NAMES}
    denoiser = Denoiser(size)
    denoiser.take(unet, files)
    state = {
        "model": denoiser.state_dict(),
        "optimiser": None,
        "mean": [w.detach() for w in denoiser.parameters() if w.requires_grad],
        "step": 0,
        "spent": 0.0,
        "began": 0.0,
        "finished": False,
    }
    (out / "unet").mkdir(parents=True, exist_ok=True)
    torch.save(state, out / "unet" / "checkpoint.pt")
    for stage in _DONE:
        (out / f"{stage}.done").write_text("adopted\n")


def main() -> None:
    """Adopt as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", choices=SIZES, default="full")
    given = parser.parse_args()
    adopt(given.export, given.out, SIZES[given.size])


if __name__ == "__main__":
    main()
