"""Stage: write the guide-driven model, with its credits; see ``generation.guided.checkpoint``.

It reads checkpoints, so that it also writes a model that is still training. As long as there is no
planner it writes a model of photographs alone.
"""

import json
import shutil
from pathlib import Path
from typing import Any, Final

from transformers import CLIPTextModel, CLIPVisionModelWithProjection, PreTrainedModel

from generation.catalogue.looks import LOOKS
from generation.guided.checkpoint import Networks, write_networks
from generation.guided.latents import Decoder
from training.guided.basis import CHANNELS, load_basis
from training.guided.crediting import write_card
from training.guided.denoising import new_denoiser
from training.guided.distilling import DISTILLED, GUIDANCE, holds_guidance, is_distilled
from training.guided.planning import new_planner
from training.loop import load_mean
from training.plan import Options, start
from training.tokenizer import load_tokenizer

EXPORT: Final = "guided"
"""Folder of the exported model."""


def gather(given: Options) -> tuple[Networks, dict[str, Any]]:
    """The networks as far as they are trained, and how long each was."""
    decoder, denoiser, planner = Decoder(CHANNELS), new_denoiser(given), None
    trained = {
        "decoder": load_mean(given, "crisp", decoder),
        "denoiser": load_mean(given, "denoiser", denoiser),
    }
    distilled = is_distilled(given)
    if distilled:
        trained[DISTILLED] = load_mean(given, DISTILLED, denoiser)
    if (given.out / "planner" / "planner.safetensors").exists():
        planner = new_planner()
        trained["planner"] = load_mean(given, "planner", planner)
    adopted = holds_guidance(given, trained["denoiser"]["steps"])
    guidance = GUIDANCE if distilled or adopted else 1.0
    return Networks(load_basis(given), decoder, denoiser, LOOKS, planner, guidance), trained


def export(given: Options) -> Path:
    """Write ``guided/`` and return it. An older one is replaced when the new one is whole."""
    networks, trained = gather(given)
    fresh, folder = given.out / f"{EXPORT}.new", given.out / EXPORT
    shutil.rmtree(fresh, ignore_errors=True)
    write_networks(fresh, networks, {"licence": "CC-BY-4.0", "trained": trained})
    if networks.planner is not None:
        towers = given.out / "towers"
        text = CLIPTextModel.from_pretrained(towers / "text")
        _save_tower(text, fresh / "text_encoder")
        vision = CLIPVisionModelWithProjection.from_pretrained(towers / "vision")
        _save_tower(vision, fresh / "image_encoder")
        load_tokenizer().save_pretrained(fresh / "tokenizer")
    write_card(given, fresh)
    for path in fresh.rglob("*.safetensors"):
        path.chmod(0o644)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    return folder


def _save_tower(tower: PreTrainedModel, folder: Path) -> None:
    """In float16, which is loaded as float32 unless told otherwise."""
    tower.half().save_pretrained(folder)
    path = folder / "config.json"
    config = json.loads(path.read_text()) | {"dtype": "float32"}
    config.pop("_name_or_path", None)
    path.write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    start(__doc__, export)
