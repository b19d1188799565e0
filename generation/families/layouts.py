"""Layouts: the configuration of each part of a single file, read off its tensors.

Shapes say nearly all of it. What they do not say (heads, activations, scales, the noise schedule)
is the same in every model of a family, and stands here as its authors published it (Rombach et al.
2022, arXiv 2112.10752; Podell et al. 2023, arXiv 2307.01952).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from generation.catalogue.misplaced import INDEX
from generation.catalogue.signatures import CLIP, CLIP_XL, OPEN_CLIP_XL, UNET, VAE

Shapes = Mapping[str, tuple[int, ...]]
Config = dict[str, Any]

_NOISE: Final = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "clip_sample": False,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
}

_HEAD: Final = 64
"""Width of an attention head in CLIP, and in XL's UNet."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a family's shapes do not say.

    Attributes:
        pipeline: Name of the diffusers pipeline class.
        encoders: Prefix of each text encoder's tensors, by the part's name.
        scale: Factor by which latents are scaled to about unit variance.
        scheduler: Configuration of the noise schedule.
        heads: How many heads the UNet's attentions have at every level; 0 for heads of one width.
        upcast: Whether the autoencoder overflows in float16.
        conditioned: Whether the UNet reads sizes and a summary of the text.
    """

    pipeline: str
    encoders: Mapping[str, str]
    scale: float
    scheduler: Mapping[str, object]
    heads: int = 0
    upcast: bool = False
    conditioned: bool = False


LAYOUTS: Final = {
    "sd15": Layout(
        pipeline="StableDiffusionPipeline",
        encoders={"text_encoder": CLIP},
        scale=0.18215,
        scheduler={"_class_name": "PNDMScheduler", **_NOISE},
        heads=8,
    ),
    "instruct-pix2pix": Layout(
        pipeline="StableDiffusionInstructPix2PixPipeline",
        encoders={"text_encoder": CLIP},
        scale=0.18215,
        scheduler={"_class_name": "EulerAncestralDiscreteScheduler", **_NOISE},
        heads=8,
    ),
    "sdxl": Layout(
        pipeline="StableDiffusionXLPipeline",
        encoders={"text_encoder": CLIP_XL, "text_encoder_2": OPEN_CLIP_XL},
        scale=0.13025,
        scheduler={
            "_class_name": "EulerDiscreteScheduler",
            **_NOISE,
            "interpolation_type": "linear",
            "prediction_type": "epsilon",
            "timestep_spacing": "leading",
            "use_karras_sigmas": False,
        },
        upcast=True,
        conditioned=True,
    ),
}
"""By family."""


def write_configs(shapes: Shapes, family: str, folder: Path, *, autoencoder: bool) -> None:
    """Write the configuration files of a folder in the layout of diffusers, without weights.

    Args:
        shapes: Of the single file's tensors, by their first names.
        family: Id of its family.
        folder: An empty folder.
        autoencoder: Whether it has an autoencoder.

    Raises:
        KeyError: A tensor is missing that tells a size; likewise StopIteration.
    """
    layout = LAYOUTS[family]
    parts = {
        "unet": _read_unet(shapes, layout),
        "scheduler": dict(layout.scheduler),
        **({"vae": read_autoencoder(shapes, family, VAE)} if autoencoder else {}),
        **{name: _read_encoder(shapes, lead) for name, lead in layout.encoders.items()},
    }
    classes = {"unet": "UNet2DConditionModel", "vae": "AutoencoderKL"}
    index: Config = {"_class_name": layout.pipeline}
    for name, config in parts.items():
        known = config.get("_class_name") or config.get("architectures", [""])[0]
        library = "transformers" if name in layout.encoders else "diffusers"
        index[name] = [library, classes.get(name, known)]
        (folder / name).mkdir()
        file = "scheduler_config.json" if name == "scheduler" else "config.json"
        (folder / name / file).write_text(json.dumps(config), encoding="utf-8")
    for name in layout.encoders:
        index[name.replace("text_encoder", "tokenizer")] = ["transformers", "CLIPTokenizer"]
    if layout.conditioned:
        index["force_zeros_for_empty_prompt"] = True
    (folder / INDEX).write_text(json.dumps(index), encoding="utf-8")


def _read_unet(shapes: Shapes, layout: Layout) -> Config:
    """Walks down the UNet: rows of one width, a step down in size behind each but the last."""
    widths: list[int] = []
    depths: list[int] = []
    rows, place, lead = 0, 1, f"{UNET}input_blocks."
    down = True
    while any(key.startswith(f"{lead}{place}.") for key in shapes):
        wide = shapes.get(f"{lead}{place}.0.in_layers.2.weight")
        if wide is None:
            down = True
        else:
            if down:
                widths.append(wide[0])
                depths.append(_count(shapes, f"{lead}{place}.1.transformer_blocks."))
            down = False
            rows += 1
        place += 1
    attends = [depth > 0 for depth in depths]
    projects = next(shape for key, shape in shapes.items() if key.endswith(".1.proj_in.weight"))
    reads = next(shape[1] for key, shape in shapes.items() if key.endswith("attn2.to_k.weight"))
    config: Config = {
        "in_channels": shapes[f"{lead}0.0.weight"][1],
        "out_channels": shapes[f"{UNET}out.2.weight"][0],
        "sample_size": 128 if layout.conditioned else 64,
        "block_out_channels": widths,
        "layers_per_block": rows // len(widths),
        "down_block_types": ["CrossAttnDownBlock2D" if a else "DownBlock2D" for a in attends],
        "up_block_types": ["CrossAttnUpBlock2D" if a else "UpBlock2D" for a in attends[::-1]],
        "transformer_layers_per_block": [depth or 1 for depth in depths],
        "attention_head_dim": layout.heads or [width // _HEAD for width in widths],
        "cross_attention_dim": reads,
        # Convolutions of one pixel, in the earlier models, have four dimensions.
        "use_linear_projection": len(projects) == 2,
    }
    if layout.conditioned:
        config |= {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": shapes[f"{UNET}label_emb.0.0.weight"][1],
        }
    return config


def read_autoencoder(shapes: Shapes, family: str, lead: str) -> Config:
    """Configuration of an autoencoder in first names behind ``lead``, or in those of diffusers.

    Raises:
        KeyError: It is in neither.
    """
    new = f"{lead}encoder.down_blocks.0.resnets.0.conv1.weight" in shapes
    levels, rows = ("down_blocks", "resnets") if new else ("down", "block")
    first, layout = f"{lead}encoder.{levels}.", LAYOUTS[family]
    count = _count(shapes, first)
    return {
        "block_out_channels": [
            shapes[f"{first}{level}.{rows}.0.conv1.weight"][0] for level in range(count)
        ],
        "down_block_types": ["DownEncoderBlock2D"] * count,
        "up_block_types": ["UpDecoderBlock2D"] * count,
        "layers_per_block": _count(shapes, f"{first}0.{rows}."),
        "latent_channels": shapes[f"{lead}decoder.conv_in.weight"][1],
        "scaling_factor": layout.scale,
        "sample_size": 1024 if layout.conditioned else 512,
        "force_upcast": layout.upcast,
    }


def _read_encoder(shapes: Shapes, lead: str) -> Config:
    """Configuration of a CLIP text encoder, in transformers' names or in OpenCLIP's."""
    if lead == OPEN_CLIP_XL:
        places, words = shapes[f"{lead}positional_embedding"], f"{lead}token_embedding.weight"
        layers, inner = f"{lead}transformer.resblocks.", "0.mlp.c_fc.weight"
        projects = shapes[f"{lead}text_projection"][1]
    else:
        places = shapes[f"{lead}text_model.embeddings.position_embedding.weight"]
        words = f"{lead}text_model.embeddings.token_embedding.weight"
        layers, inner = f"{lead}text_model.encoder.layers.", "0.mlp.fc1.weight"
        projects = places[1]
    vocabulary = shapes[words][0]
    return {
        "architectures": [
            "CLIPTextModelWithProjection" if lead == OPEN_CLIP_XL else "CLIPTextModel"
        ],
        "model_type": "clip_text_model",
        "vocab_size": vocabulary,
        "hidden_size": places[1],
        "intermediate_size": shapes[f"{layers}{inner}"][0],
        "num_hidden_layers": _count(shapes, layers),
        "num_attention_heads": places[1] // _HEAD,
        "max_position_embeddings": places[0],
        "projection_dim": projects,
        "hidden_act": "gelu" if lead == OPEN_CLIP_XL else "quick_gelu",
        # Start and end are the last two of CLIP's vocabulary.
        "bos_token_id": vocabulary - 2,
        "eos_token_id": vocabulary - 1,
        "pad_token_id": 0 if lead == OPEN_CLIP_XL else vocabulary - 1,
    }


def _count(shapes: Shapes, lead: str) -> int:
    """How many there are of what is numbered behind ``lead``."""
    return len({key[len(lead) :].split(".")[0] for key in shapes if key.startswith(lead)})
