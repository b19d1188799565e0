"""Tiny checkpoints as one file, under the names that a model's first release gave its tensors.

Beside each lies its twin, a folder in the layout of diffusers with the very same weights.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import (
    AutoencoderKL,
    DiffusionPipeline,
    EulerDiscreteScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from generation.families.clip_words import make_tokenizer
from generation.families.layouts import LAYOUTS
from generation.families.libraries import quiet

UNET: Final = "model.diffusion_model."
VAE: Final = "first_stage_model."
ENCODER: Final = "cond_stage_model.transformer."
FIRST: Final = "conditioner.embedders.0.transformer."
SECOND: Final = "conditioner.embedders.1.model."
ROWS: Final = 1
"""Residual layers of each level of the UNet, and of the autoencoder's way down."""

Weights = dict[str, Tensor]


def build_twins(family: str, place: Path, **metadata: str) -> tuple[Path, Path]:
    """A single file of a family, sd15 or sdxl, and the folder that it is the twin of."""
    quiet()
    torch.manual_seed(15)
    folder, file = place / "folder", place / f"one-{family}.safetensors"
    pipe = _build_sd15() if family == "sd15" else _build_sdxl()
    pipe.save_pretrained(folder)
    # As it is published, without what diffusers adds as it saves.
    (folder / "scheduler" / "scheduler_config.json").write_text(
        json.dumps(LAYOUTS[family].scheduler), encoding="utf-8"
    )
    save_file(dict(list_first_names(pipe)), file, metadata)
    return file, folder


def list_first_names(pipe: DiffusionPipeline) -> Iterator[tuple[str, Tensor]]:
    """The weights of a pipeline of the Stable Diffusion kind under their first names."""
    yield from _rename(pipe.unet.state_dict(), UNET, _name_unet)
    yield from _rename(pipe.vae.state_dict(), VAE, _name_vae)
    large = hasattr(pipe, "text_encoder_2")
    lead = FIRST if large else ENCODER
    for name, tensor in pipe.text_encoder.state_dict().items():
        yield f"{lead}text_model.{name.removeprefix('text_model.')}", tensor.contiguous()
    # An old buffer that files still carry.
    yield f"{lead}text_model.embeddings.position_ids", torch.arange(77)[None]
    if large:
        yield from _name_open_clip(pipe.text_encoder_2.state_dict())


def _rename(weights: Mapping[str, Tensor], lead: str, name: Any) -> Iterator[tuple[str, Tensor]]:
    for key, tensor in weights.items():
        renamed = name(key)
        # The autoencoder's attention was one of convolutions.
        conv = lead == VAE and re.search(r"attn_1\.(q|k|v|proj_out)\.weight", renamed)
        yield lead + renamed, (tensor[:, :, None, None] if conv else tensor).contiguous()


_UNET_PARTS: Final = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
    "mid_block.resnets.0": "middle_block.0",
    "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2",
}
_LAYERS: Final = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}


def _name_unet(key: str) -> str:
    match = re.fullmatch(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.+)", key)
    if match is None:
        start = next(part for part in _UNET_PARTS if key.startswith(f"{part}."))
        rest = key.removeprefix(start)
        return _UNET_PARTS[start] + (_name_layer(rest) if "resnets" in start else rest)
    way, block, kind, row, rest = match.groups()
    # On the way up a level has a row more, and makes the picture larger in its last.
    place = int(block) * (ROWS + 1) + int(row) + (way == "down")
    lead = "input_blocks" if way == "down" else "output_blocks"
    if kind == "downsamplers":
        return f"{lead}.{place + ROWS}.0.{rest.replace('conv', 'op')}"
    if kind == "upsamplers":
        return f"{lead}.{place + ROWS}.{UPSAMPLED[int(block)]}.{rest}"
    if kind == "attentions":
        return f"{lead}.{place}.1.{rest}"
    return f"{lead}.{place}.0{_name_layer(f'.{rest}')}"


UPSAMPLED: Final = {0: 1, 1: 2}
"""Behind how many others the step up in size stands: an attention stands before it but at first."""


def _name_layer(rest: str) -> str:
    return re.sub(r"^\.(\w+)", lambda found: f".{_LAYERS[found[1]]}", rest)


def _name_vae(key: str) -> str:
    key = re.sub(r"up_blocks\.(\d)", lambda found: f"up.{3 - int(found[1])}", key)
    for new, first in (
        ("down_blocks", "down"),
        ("mid_block.attentions.0", "mid.attn_1"),
        ("mid_block.resnets.0", "mid.block_1"),
        ("mid_block.resnets.1", "mid.block_2"),
        ("resnets", "block"),
        ("downsamplers.0", "downsample"),
        ("upsamplers.0", "upsample"),
        ("conv_shortcut", "nin_shortcut"),
        ("conv_norm_out", "norm_out"),
        ("group_norm", "norm"),
        ("to_out.0", "proj_out"),
        ("to_q", "q"),
        ("to_k", "k"),
        ("to_v", "v"),
    ):
        key = key.replace(new, first)
    return key


def _name_open_clip(weights: Weights) -> Iterator[tuple[str, Tensor]]:
    yield f"{SECOND}logit_scale", torch.tensor(1.0)
    yield f"{SECOND}text_projection", weights["text_projection.weight"].T.contiguous()
    for key, tensor in weights.items():
        name = key.removeprefix("text_model.")
        for new, first in (
            ("encoder.layers", "transformer.resblocks"),
            ("embeddings.token_embedding", "token_embedding"),
            ("embeddings.position_embedding.weight", "positional_embedding"),
            ("final_layer_norm", "ln_final"),
            ("layer_norm", "ln_"),
            ("mlp.fc1", "mlp.c_fc"),
            ("mlp.fc2", "mlp.c_proj"),
            ("self_attn", "attn"),
        ):
            name = name.replace(new, first)
        if ".q_proj." in name:
            three = [weights[key.replace("q_proj", f"{one}_proj")] for one in "qkv"]
            name = name.replace(".q_proj.", ".in_proj_")
            yield SECOND + name, torch.cat(three)
        elif not re.search(r"\.[kv]_proj\.|^text_projection", name):
            yield SECOND + name, tensor.contiguous()


def _build_sd15() -> StableDiffusionPipeline:
    return StableDiffusionPipeline(
        tokenizer=make_tokenizer(),
        text_encoder=CLIPTextModel(_clip(64)),
        unet=UNet2DConditionModel(
            block_out_channels=(32, 64),
            layers_per_block=ROWS,
            attention_head_dim=8,
            cross_attention_dim=64,
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        ),
        vae=_vae(scaling_factor=0.18215, sample_size=512, force_upcast=False),
        scheduler=PNDMScheduler(steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _build_sdxl() -> StableDiffusionXLPipeline:
    return StableDiffusionXLPipeline(
        tokenizer=make_tokenizer(),
        tokenizer_2=make_tokenizer("!"),
        text_encoder=CLIPTextModel(_clip(64)),
        text_encoder_2=CLIPTextModelWithProjection(
            _clip(128, hidden_act="gelu", projection_dim=96, pad_token_id=0)
        ),
        unet=UNet2DConditionModel(
            block_out_channels=(64, 128),
            layers_per_block=ROWS,
            attention_head_dim=(1, 2),
            cross_attention_dim=192,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=(1, 2),
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=6 * 256 + 96,
        ),
        vae=_vae(scaling_factor=0.13025, sample_size=1024, force_upcast=True),
        scheduler=EulerDiscreteScheduler(),
        force_zeros_for_empty_prompt=True,
        add_watermarker=False,
    )


def _clip(width: int, **different: Any) -> CLIPTextConfig:
    known = {
        "vocab_size": 49408,
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "projection_dim": width,
        "num_hidden_layers": 3,
        "num_attention_heads": width // 64,
        "bos_token_id": 49406,
        "eos_token_id": 49407,
        "pad_token_id": 49407,
    }
    return CLIPTextConfig(**known | different)


def _vae(**different: Any) -> AutoencoderKL:
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(32, 32, 32, 64),
        layers_per_block=ROWS,
        **different,
    )


def write_transformer(family: str, folder: Path, file: Path) -> Path:
    """The transformer of a folder as one file, as programs for pictures share it."""
    weights = load_file(folder / "transformer" / "diffusion_pytorch_model.safetensors")
    names = {
        "z-image": _name_z_image,
        "flux2-klein": _name_flux2,
        "flux2-dev": _name_flux2,
    }
    named = names.get(family, dict.items)(weights)
    save_file({UNET + key: tensor.contiguous() for key, tensor in named}, file)
    return file


def _fuse(weights: Weights, key: str, three: tuple[str, str, str]) -> Tensor:
    return torch.cat([weights[key.replace(three[0], one)] for one in three])


def _name_z_image(weights: Weights) -> Iterator[tuple[str, Tensor]]:
    for key, tensor in weights.items():
        name = key.replace("all_final_layer.2-1.", "final_layer.")
        name = name.replace("all_x_embedder.2-1.", "x_embedder.")
        name = name.replace(".to_out.0.", ".out.")
        name = name.replace(".norm_k.", ".k_norm.").replace(".norm_q.", ".q_norm.")
        if ".attention.to_q." in name:
            fused = _fuse(weights, key, ("to_q", "to_k", "to_v"))
            yield name.replace("to_q", "qkv"), fused
        elif ".attention.to_" not in name:
            yield name, tensor


_FLUX2: Final = {
    "x_embedder": "img_in",
    "context_embedder": "txt_in",
    "time_guidance_embed.timestep_embedder.linear_1": "time_in.in_layer",
    "time_guidance_embed.timestep_embedder.linear_2": "time_in.out_layer",
    "time_guidance_embed.guidance_embedder.linear_1": "guidance_in.in_layer",
    "time_guidance_embed.guidance_embedder.linear_2": "guidance_in.out_layer",
    "modulation_img.linear": "modulation_img.lin",
    "modulation_txt.linear": "modulation_txt.lin",
    "modulation.linear": "modulation.lin",
    "single_transformer_blocks": "single_blocks",
    "transformer_blocks": "double_blocks",
    "attn.to_qkv_mlp_proj": "linear1",
    "attn.to_out.0": "img_attn.proj",
    "attn.to_add_out": "txt_attn.proj",
    "attn.norm_added_q.weight": "txt_attn.norm.query_norm.scale",
    "attn.norm_added_k.weight": "txt_attn.norm.key_norm.scale",
    "ff.linear_in": "img_mlp.0",
    "ff.linear_out": "img_mlp.2",
    "ff_context.linear_in": "txt_mlp.0",
    "ff_context.linear_out": "txt_mlp.2",
}


def _name_flux2(weights: Weights) -> Iterator[tuple[str, Tensor]]:
    for key, tensor in weights.items():
        name = key
        for new, first in _FLUX2.items():
            name = name.replace(new, first)
        single = name.startswith("single_blocks")
        name = name.replace("attn.to_out", "linear2") if single else name
        lead = "norm" if single else "img_attn.norm"
        name = name.replace("attn.norm_q.weight", f"{lead}.query_norm.scale")
        name = name.replace("attn.norm_k.weight", f"{lead}.key_norm.scale")
        if ".attn.to_q." in name:
            fused = _fuse(weights, key, ("to_q", "to_k", "to_v"))
            yield name.replace("attn.to_q", "img_attn.qkv"), fused
        elif ".attn.add_q_proj." in name:
            fused = _fuse(weights, key, ("add_q", "add_k", "add_v"))
            yield name.replace("attn.add_q_proj", "txt_attn.qkv"), fused
        elif name.startswith("norm_out.linear"):
            # Shift and scale, in the other order.
            swapped = torch.cat([*reversed(tensor.chunk(2))])
            yield name.replace("norm_out.linear", "final_layer.adaLN_modulation.1"), swapped
        elif name.startswith("proj_out"):
            yield name.replace("proj_out", "final_layer.linear"), tensor
        elif ".attn.to_" not in name and ".attn.add_" not in name:
            yield name, tensor


def write_header(file: Path, *names: str, **metadata: str) -> Path:
    """A file that has a header alone, of tensors such as ``conv.weight:4x3``.

    Args:
        file: Where to write it.
        names: Of tensors, with their shape behind a colon if it matters.
        metadata: Texts in the header.
    """
    entries: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    for name in names:
        key, _, shape = name.partition(":")
        sides = [int(side) for side in shape.split("x")] if shape else [1]
        entries[key] = {"dtype": "F16", "shape": sides, "data_offsets": [0, 0]}
    text = json.dumps(entries).encode()
    file.write_bytes(len(text).to_bytes(8, "little") + text)
    return file
