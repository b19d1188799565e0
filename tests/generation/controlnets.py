"""Tiny ControlNets and estimators of their published structure, with random weights."""

import inspect
import warnings
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    ControlNetModel,
    ControlNetUnionModel,
    FluxControlNetModel,
    FluxTransformer2DModel,
    UNet2DConditionModel,
    ZImageControlNetModel,
    ZImageTransformer2DModel,
)
from transformers import (
    DepthAnythingConfig,
    DepthAnythingForDepthEstimation,
    Dinov2Config,
    DPTImageProcessorPil,
    VitPoseBackboneConfig,
    VitPoseConfig,
    VitPoseForPoseEstimation,
    VitPoseImageProcessorPil,
)

from generation.catalogue.controlnets import STRUCTURES, write_sources
from generation.conditioning.line_maps import LINES


def build_controlnets(folder: Path, unet: Path) -> str:
    """A network for each kind of lines as Stable Diffusion 1.5 has them; the setting for them."""
    torch.manual_seed(3)
    denoiser = UNet2DConditionModel.from_pretrained(unet)
    for kind in LINES:
        model = ControlNetModel.from_unet(
            denoiser, conditioning_channels=3, load_weights_from_unet=True
        )
        _loosened(model).save_pretrained(folder / kind)
    return write_sources({kind: str(folder / kind) for kind in STRUCTURES if kind in LINES})


def build_union(folder: Path, unet: Path) -> str:
    """One network for all kinds as Stable Diffusion XL has it; the setting for it."""
    torch.manual_seed(4)
    denoiser = UNet2DConditionModel.from_pretrained(unet)
    known = inspect.signature(ControlNetUnionModel.__init__).parameters
    same = {name: value for name, value in denoiser.config.items() if name in known}
    width = denoiser.config.block_out_channels[0]
    model = ControlNetUnionModel(
        **same, num_trans_channel=width, num_trans_head=2, num_proj_channel=width
    )
    _loosened(model).save_pretrained(folder)
    return str(folder)


def build_z_image_control(folder: Path, transformer: Path, **different: Any) -> str:
    """A network as Z-Image's published one, of its third version; the setting for it."""
    torch.manual_seed(7)
    own = ZImageTransformer2DModel.load_config(transformer)
    config = {
        "control_layers_places": [0],
        "control_refiner_layers_places": list(range(own["n_refiner_layers"])),
        "control_in_dim": own["in_channels"] + 2,
        "add_control_noise_refiner": "control_noise_refiner",
        "dim": own["dim"],
        "n_heads": own["n_heads"],
        "n_kv_heads": own["n_kv_heads"],
        "n_refiner_layers": own["n_refiner_layers"],
    }
    model = ZImageControlNetModel(**{**config, **different})
    for name, weight in model.named_parameters():
        if "_proj." in name or "embedder" in name:
            torch.nn.init.normal_(weight, std=0.3)
    model.save_pretrained(folder)
    return write_sources(dict.fromkeys(("scribble", "canny", "depth", "pose"), str(folder)))


def build_flux_control(folder: Path, transformer: Path, modes: int | None = None) -> str:
    """A network for FLUX.1, a union that is told the kind where it has modes; the setting."""
    torch.manual_seed(8)
    own = FluxTransformer2DModel.load_config(transformer)
    known = inspect.signature(FluxControlNetModel.__init__).parameters
    same = {name: value for name, value in own.items() if name in known}
    # diffusers warns of a name that it uses itself.
    with warnings.catch_warnings(action="ignore", category=FutureWarning):
        model = FluxControlNetModel(**same, num_mode=modes)
    for name, weight in model.named_parameters():
        if "controlnet_" in name:
            torch.nn.init.normal_(weight, std=0.3)
    model.save_pretrained(folder)
    return write_sources(dict.fromkeys(("scribble", "canny", "depth", "pose"), str(folder)))


def _loosened(model: Any) -> Any:
    """A ControlNet begins with layers of zeros, through which it would say nothing."""
    for name, weight in model.named_parameters():
        if "controlnet_" in name:
            torch.nn.init.normal_(weight, std=0.2)
    return model


def build_depth(folder: Path) -> str:
    """An estimator as Depth Anything is laid out."""
    torch.manual_seed(5)
    backbone = Dinov2Config(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
        out_features=["stage1", "stage2", "stage3", "stage4"],
        reshape_hidden_states=False,
    )
    config = DepthAnythingConfig(
        backbone_config=backbone,
        reassemble_hidden_size=16,
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        head_hidden_size=8,
    )
    model = DepthAnythingForDepthEstimation(config)
    for weight in model.head.parameters():
        torch.nn.init.uniform_(weight, 0, 1)  # or next to nothing comes through its last ReLU
    model.save_pretrained(folder)
    DPTImageProcessorPil(
        size={"height": 56, "width": 56}, ensure_multiple_of=14, keep_aspect_ratio=True
    ).save_pretrained(folder)
    return str(folder)


def build_pose(folder: Path) -> str:
    """An estimator as ViTPose is laid out."""
    torch.manual_seed(6)
    backbone = VitPoseBackboneConfig(
        image_size=[64, 48],
        patch_size=[16, 16],
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
    )
    config = VitPoseConfig(backbone_config=backbone, num_labels=17, use_simple_decoder=True)
    VitPoseForPoseEstimation(config).save_pretrained(folder)
    VitPoseImageProcessorPil(size={"height": 64, "width": 48}).save_pretrained(folder)
    return str(folder)
