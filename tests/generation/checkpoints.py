"""Tiny checkpoints with the structure and the configuration files of published ones."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

WIDTH = 32
_NOISE = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}
_START: Final = "<|startoftext|>"
_END: Final = "<|endoftext|>"
_WORDS: Final = (
    "a an the and of in on at with by from for to no not is its very old new big small tiny "
    "red green blue yellow orange purple pink black white grey gold silver brown dark bright "
    "apple tree flower forest mountain river lake sea ocean sky sun moon star cloud rain snow "
    "cat dog bird fish horse fox owl lion dragon robot knight king queen woman man girl boy "
    "child face portrait city street house castle tower bridge ship boat car train garden "
    "photo photograph painting drawing sketch watercolor oil ink pencil poster logo icon "
    "pixel art style abstract pattern texture light shadow sunset night morning winter summer "
    "space planet future ancient magic fantasy detailed soft sharp colorful minimal cinematic"
)


def tokenizer() -> Any:
    """A CLIP tokenizer: single bytes, and merges that join the words people use most."""
    letters = sorted(ByteLevel.alphabet())
    merges = list(dict.fromkeys(pair for word in _WORDS.split() for pair in _merges(word)))
    tokens = [*letters, *(letter + "</w>" for letter in letters), *map("".join, merges)]
    vocabulary = {token: k for k, token in enumerate([*dict.fromkeys(tokens), _START, _END])}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=77)


def _merges(word: str) -> Iterable[tuple[str, str]]:
    """The pairs that build ``word`` from its letters, from left to right."""
    letters = [*word[:-1], word[-1] + "</w>"]
    for k in range(1, len(letters)):
        yield "".join(letters[:k]), letters[k]


def build_sd15(folder: Path) -> Path:
    """A checkpoint as Stable Diffusion 1.5 is laid out: PNDM in its config, noise prediction."""
    torch.manual_seed(15)
    words = tokenizer()
    StableDiffusionPipeline(
        tokenizer=words,
        text_encoder=CLIPTextModel(_text_config(words)),
        unet=_unet(cross_attention_dim=WIDTH),
        vae=_vae(scaling_factor=0.18215),
        scheduler=PNDMScheduler(**_NOISE, skip_prk_steps=True, set_alpha_to_one=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def build_sdxl(folder: Path) -> Path:
    """A checkpoint as Stable Diffusion XL is laid out: two text encoders, sizes as an input."""
    torch.manual_seed(42)
    words, other_words = tokenizer(), tokenizer()
    other_words.pad_token = "!"
    StableDiffusionXLPipeline(
        tokenizer=words,
        tokenizer_2=other_words,
        text_encoder=CLIPTextModel(_text_config(words)),
        text_encoder_2=CLIPTextModelWithProjection(_text_config(other_words)),
        unet=_unet(
            cross_attention_dim=2 * WIDTH,
            transformer_layers_per_block=(1, 2),
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=6 * 8 + WIDTH,
        ),
        vae=_vae(scaling_factor=0.13025, force_upcast=True),
        scheduler=EulerDiscreteScheduler(**_NOISE, timestep_spacing="leading"),
        force_zeros_for_empty_prompt=True,
        add_watermarker=False,
    ).save_pretrained(folder)
    return folder


def _text_config(words: Any) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        projection_dim=WIDTH,
        num_hidden_layers=3,
        num_attention_heads=2,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )


def _unet(**different: Any) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(16, 32),
        layers_per_block=1,
        attention_head_dim=(2, 4),
        norm_num_groups=8,
        **different,
    )


def _vae(**different: Any) -> AutoencoderKL:
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 16, 16),
        layers_per_block=1,
        norm_num_groups=4,
        sample_size=64,
        **different,
    )
