"""Stage: write the model in the plain layout of diffusers, in float16, with its credits.

It reads the denoiser's checkpoint, so it can also show a model that is still training.
"""

import json
import shutil
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, StableDiffusionPipeline, T2IAdapter
from safetensors.torch import load_file, save_file
from transformers import CLIPImageProcessorPil, CLIPTextModel, CLIPVisionModelWithProjection

from generation.conditioning.controlnet import OWN as STRUCTURE
from generation.families.load import PREVIEW
from generation.upscaling.bundled import FILE
from training.adapters import NAMES, Denoiser
from training.credits import write_credits
from training.plan import Options, start
from training.tokenizer import load_tokenizer
from training.unet import build_scheduler

ADAPTERS: Final = {name: f"ip_adapter_{name}.safetensors" for name in NAMES}
"""File of each adapter, in the folder ``ip_adapter``."""

_SHARD: Final = "15MB"


def load_denoiser(given: Options) -> Denoiser:
    """The denoiser with the running mean of its weights, on the CPU."""
    state: dict[str, Any] = torch.load(
        given.out / "unet" / "checkpoint.pt", map_location="cpu", weights_only=True
    )
    denoiser = Denoiser(given.size)
    denoiser.load_state_dict(state["model"])
    weights = [w for w in denoiser.parameters() if w.requires_grad]
    with torch.no_grad():
        torch._foreach_copy_(list[torch.Tensor](weights), state["mean"])
    return denoiser


def export(given: Options) -> Path:
    """Write ``export/`` and return it. An older export is replaced when the new one is whole."""
    denoiser = load_denoiser(given)
    text = CLIPTextModel.from_pretrained(given.out / "towers" / "text")
    vision = CLIPVisionModelWithProjection.from_pretrained(given.out / "towers" / "vision")
    side = given.size.sight
    pipeline = StableDiffusionPipeline(
        vae=AutoencoderKL.from_pretrained(given.out / "vae" / "model"),
        text_encoder=text,
        tokenizer=load_tokenizer(),
        unet=denoiser.plain_unet(given.size),
        scheduler=build_scheduler(),
        safety_checker=None,
        feature_extractor=CLIPImageProcessorPil(
            size={"shortest_edge": side},
            crop_size={"height": side, "width": side},
            image_mean=[0.5] * 3,
            image_std=[0.5] * 3,
        ),
        image_encoder=vision,
        requires_safety_checker=False,
    ).to(dtype=torch.float16)
    fresh, folder = given.out / "export.new", given.out / "export"
    shutil.rmtree(fresh, ignore_errors=True)
    pipeline.save_pretrained(fresh, max_shard_size=_SHARD)
    (fresh / "ip_adapter").mkdir()
    for name, file in ADAPTERS.items():
        weights = {key: value.half() for key, value in denoiser.adapter(name).items()}
        save_file(weights, fresh / "ip_adapter" / file)
    _add_pixels(given, fresh)
    write_credits(fresh, _facts(given))
    for part in ("text_encoder", "image_encoder"):
        _say_float32(fresh / part / "config.json")
    for config in fresh.glob("*/config.json"):
        _leave_out(config, "_name_or_path")
    for weights_file in fresh.rglob("*.safetensors"):
        weights_file.chmod(0o644)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    return folder


def _add_pixels(given: Options, folder: Path) -> None:
    """The decoder for previews, the upscaler and what keeps to lines, where they were trained."""
    tiny = given.out / "preview" / "model"
    if tiny.exists():
        AutoencoderTiny.from_pretrained(tiny).half().save_pretrained(folder / PREVIEW)
        _leave_out(folder / PREVIEW / "config.json", "block_out_channels")
    sketch = given.out / "sketch" / "model"
    if sketch.exists():
        T2IAdapter.from_pretrained(sketch).half().save_pretrained(folder / STRUCTURE)
    upscaler = given.out / "upscaler" / FILE
    if upscaler.exists():
        weights = {key: value.half() for key, value in load_file(upscaler).items()}
        save_file(weights, folder / FILE)


def _leave_out(path: Path, name: str) -> None:
    """Take out of a configuration what nobody needs: a folder's name here, or an unknown field."""
    config = json.loads(path.read_text())
    config.pop(name, None)
    path.write_text(json.dumps(config, indent=2) + "\n")


def _say_float32(path: Path) -> None:
    """Have transformers load a float16 file in float32 unless told otherwise, as diffusers does."""
    config = json.loads(path.read_text())
    config["dtype"] = "float32"
    path.write_text(json.dumps(config, indent=2) + "\n")


def write_card(given: Options) -> None:
    """Write the model card again, with the figures that were measured since."""
    write_credits(given.out / "export", _facts(given))


def load_export(folder: Path, device: str = "cpu") -> StableDiffusionPipeline:
    """The exported model with both adapters, silent until their scales are set.

    Args:
        folder: What :func:`export` wrote.
        device: Where to compute; in float32 on a CPU.
    """
    pipeline: Any = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32)
    pipeline.load_ip_adapter(
        [str(folder)] * 2,
        subfolder=["ip_adapter"] * 2,
        weight_name=list(ADAPTERS.values()),
        image_encoder_folder=None,
    )
    pipeline.set_ip_adapter_scale([0.0, 0.0])
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)


def _facts(given: Options) -> dict[str, str]:
    """What the model card tells of this training."""
    facts = {"styles": ", ".join(given.size.styles)}
    psnr = given.out / "vae" / "psnr.txt"
    if psnr.exists():
        facts["autoencoder"] = psnr.read_text().strip()
    report = given.out / "evaluate" / "report.json"
    if report.exists():
        for name, value in json.loads(report.read_text())["text"].items():
            facts[name] = json.dumps(value).strip("{}").replace('"', "")
    return facts


if __name__ == "__main__":
    start(__doc__, export)
