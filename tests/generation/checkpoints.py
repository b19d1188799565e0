"""Tiny checkpoints with the structure and the configuration files of published ones."""

import json
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLFlux2,
    AutoencoderKLQwenImage,
    ChromaPipeline,
    ChromaTransformer2DModel,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Pipeline,
    Flux2Transformer2DModel,
    FluxKontextPipeline,
    FluxPipeline,
    FluxTransformer2DModel,
    PNDMScheduler,
    QwenImageEditPlusPipeline,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
    StableDiffusionInstructPix2PixPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    Mistral3Config,
    Mistral3ForConditionalGeneration,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2TokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3Model,
    T5Config,
    T5EncoderModel,
    T5TokenizerFast,
)
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from generation.catalogue.misplaced import INDEX

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
        text_encoder=_text_encoder(words),
        unet=_unet(
            cross_attention_dim=WIDTH,
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        ),
        vae=_vae(scaling_factor=0.18215),
        scheduler=PNDMScheduler(**_NOISE, skip_prk_steps=True, set_alpha_to_one=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def build_instruct_pix2pix(folder: Path) -> Path:
    """A checkpoint as InstructPix2Pix is laid out: 1.5 with twice the input channels."""
    torch.manual_seed(16)
    words = tokenizer()
    StableDiffusionInstructPix2PixPipeline(
        tokenizer=words,
        text_encoder=_text_encoder(words),
        unet=_unet(
            in_channels=8,
            cross_attention_dim=WIDTH,
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        ),
        vae=_vae(scaling_factor=0.18215),
        scheduler=EulerAncestralDiscreteScheduler(**_NOISE),
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
        text_encoder=_text_encoder(words),
        text_encoder_2=_text_encoder(other_words, CLIPTextModelWithProjection),
        unet=_unet(
            cross_attention_dim=2 * WIDTH,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
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


def build_flux2_klein(folder: Path) -> Path:
    """A checkpoint as FLUX.2 klein is laid out: a language model, and latents in patches."""
    torch.manual_seed(2)
    Flux2KleinPipeline(
        tokenizer=chat_tokenizer(),
        text_encoder=Qwen3ForCausalLM(_language_config(layers=28)),
        **_flux2_parts(guided=False),
        is_distilled=True,
    ).save_pretrained(folder)
    return folder


def build_flux2_dev(folder: Path) -> Path:
    """A checkpoint as FLUX.2 dev is laid out: a model of language and sight, and guidance."""
    torch.manual_seed(22)
    words = chat_tokenizer()
    # Its authors' prompts are lists of parts, of which words alone are read here.
    words.chat_template = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{% for part in m.content %}"
        "{{ part.text }}{% endfor %}<|im_end|>\n{% endfor %}"
    )
    Flux2Pipeline(
        tokenizer=words,
        text_encoder=Mistral3ForConditionalGeneration(
            Mistral3Config(
                text_config={
                    "model_type": "mistral",
                    "vocab_size": 512,
                    "hidden_size": 16,
                    "intermediate_size": 32,
                    "num_hidden_layers": 31,
                    "num_attention_heads": 2,
                    "num_key_value_heads": 1,
                    "head_dim": 8,
                },
                vision_config={
                    "model_type": "pixtral",
                    "hidden_size": 16,
                    "intermediate_size": 32,
                    "num_hidden_layers": 1,
                    "num_attention_heads": 2,
                    "image_size": 28,
                    "patch_size": 14,
                },
            )
        ),
        **_flux2_parts(guided=True),
    ).save_pretrained(folder)
    _rename_part(folder, "tokenizer", "PixtralProcessor")
    return folder


def _flux2_parts(*, guided: bool) -> dict[str, Any]:
    return {
        "transformer": Flux2Transformer2DModel(
            in_channels=32,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=3 * 16,
            axes_dims_rope=(4, 4, 4, 4),
            guidance_embeds=guided,
        ),
        "vae": AutoencoderKLFlux2(
            block_out_channels=(8, 8, 16, 16),
            latent_channels=8,
            layers_per_block=1,
            norm_num_groups=4,
        ),
        "scheduler": FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
    }


def build_chroma(folder: Path) -> Path:
    """A checkpoint as Chroma is laid out: T5 alone, and no input for guidance."""
    torch.manual_seed(9)
    # diffusers warns of a name that it uses itself.
    with warnings.catch_warnings(action="ignore", category=FutureWarning):
        transformer = ChromaTransformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=16,
            axes_dims_rope=(4, 6, 6),
            approximator_num_channels=8,
            approximator_hidden_dim=32,
            approximator_layers=1,
        )
    ChromaPipeline(
        tokenizer=_piece_tokenizer(),
        text_encoder=_piece_encoder(),
        transformer=transformer,
        vae=_flow_vae(),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
    ).save_pretrained(folder)
    return folder


def build_z_image(folder: Path) -> Path:
    """A checkpoint as Z-Image Turbo is laid out: a language model, and a fixed shift."""
    torch.manual_seed(8)
    ZImagePipeline(
        tokenizer=chat_tokenizer(),
        text_encoder=Qwen3Model(_language_config(layers=3)),
        transformer=ZImageTransformer2DModel(
            in_channels=4,
            dim=32,
            n_layers=1,
            n_refiner_layers=1,
            n_heads=2,
            n_kv_heads=2,
            cap_feat_dim=16,
            axes_dims=[4, 6, 6],
            axes_lens=[1024, 64, 64],
        ),
        vae=_flow_vae(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
    ).save_pretrained(folder)
    return folder


def build_flux1_dev(folder: Path, *, guided: bool = True, pipeline: Any = FluxPipeline) -> Path:
    """A checkpoint as FLUX.1 dev is laid out: CLIP, T5, and guidance as an input.

    Without ``guided`` it is laid out as schnell is.
    """
    torch.manual_seed(1)
    words = tokenizer()
    pipeline(
        tokenizer=words,
        tokenizer_2=_piece_tokenizer(),
        text_encoder=_text_encoder(words),
        text_encoder_2=_piece_encoder(),
        transformer=FluxTransformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=16,
            pooled_projection_dim=WIDTH,
            axes_dims_rope=(4, 6, 6),
            guidance_embeds=guided,
        ),
        vae=_flow_vae(),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, shift=3.0),
    ).save_pretrained(folder)
    return folder


def build_flux1_kontext(folder: Path) -> Path:
    """A checkpoint as FLUX.1 Kontext is laid out: that of dev, under another pipeline's name."""
    return build_flux1_dev(folder, pipeline=FluxKontextPipeline)


def build_qwen_image(folder: Path) -> Path:
    """A checkpoint as Qwen-Image is laid out: as its sibling for editing, without a processor."""
    return _build_qwen(folder, QwenImagePipeline)


def build_qwen_image_edit(folder: Path) -> Path:
    """A checkpoint as Qwen-Image-Edit 2511 is laid out: a model of language and sight."""
    _build_qwen(folder, QwenImageEditPlusPipeline, {"processor": None}, zero_cond_t=True)
    Qwen2VLImageProcessorPil().save_pretrained(folder / "processor")
    _rename_part(folder, "processor", "Qwen2VLProcessor")
    return folder


def _rename_part(folder: Path, part: str, kind: str) -> None:
    """Have an index name a part as published ones do, which cannot be made here."""
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    index[part] = ["transformers", kind]
    (folder / INDEX).write_text(json.dumps(index), encoding="utf-8")


def _build_qwen(
    folder: Path, pipeline: Any, parts: dict[str, Any] | None = None, **different: Any
) -> Path:
    torch.manual_seed(25)
    words = chat_tokenizer("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
    start, end, image, film = range(len(words) - 4, len(words))
    transformer = QwenImageTransformer2DModel(
        in_channels=16,
        out_channels=4,
        num_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=16,
        axes_dims_rope=(4, 6, 6),
        **different,
    )
    with torch.no_grad():
        for weight in transformer.transformer_blocks.parameters():
            weight.mul_(4)  # drawn at random, it would hardly look at words or images
    pipeline(
        tokenizer=words,
        **(parts or {}),
        text_encoder=Qwen2_5_VLForConditionalGeneration(
            Qwen2_5_VLConfig(
                text_config={
                    "vocab_size": 512,
                    "hidden_size": 16,
                    "intermediate_size": 32,
                    "num_hidden_layers": 2,
                    "num_attention_heads": 2,
                    "num_key_value_heads": 1,
                    "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2]},
                },
                vision_config={
                    "depth": 1,
                    "hidden_size": 16,
                    "intermediate_size": 32,
                    "num_heads": 2,
                    "out_hidden_size": 16,
                    "fullatt_block_indexes": [0],
                },
                vision_start_token_id=start,
                vision_end_token_id=end,
                image_token_id=image,
                video_token_id=film,
            )
        ),
        transformer=transformer,
        vae=AutoencoderKLQwenImage(
            base_dim=8,
            z_dim=4,
            num_res_blocks=1,
            latents_mean=[0.1, -0.2, 0.3, 0.0],
            latents_std=[1.5, 0.8, 1.1, 1.0],
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(
            use_dynamic_shifting=True,
            base_shift=0.5,
            max_shift=0.9,
            max_image_seq_len=8192,
            shift_terminal=0.02,
            time_shift_type="exponential",
        ),
    ).save_pretrained(folder)
    return folder


def _piece_tokenizer() -> Any:
    """A tokenizer of single letters as T5's: pieces with their likelihoods."""
    letters = "▁abcdefghijklmnopqrstuvwxyz0123456789,.'"
    pieces = [
        ("<pad>", 0.0),
        ("</s>", 0.0),
        ("<unk>", 0.0),
        *((letter, -3.0) for letter in letters),
    ]
    return T5TokenizerFast(vocab=pieces, extra_ids=0, model_max_length=512)


def _piece_encoder() -> T5EncoderModel:
    return T5EncoderModel(
        T5Config(vocab_size=512, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    )


def chat_tokenizer(*further: str) -> Any:
    """A tokenizer of single bytes, and marks, that writes a conversation as Qwen's does."""
    marks = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
    tokens = [*sorted(ByteLevel.alphabet()), *marks, *further]
    words = Qwen2TokenizerFast(
        vocab={token: k for k, token in enumerate(tokens)}, merges=[], pad_token=marks[0]
    )
    words.add_special_tokens({"additional_special_tokens": list(further)})
    words.chat_template = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    return words


def _language_config(layers: int) -> Qwen3Config:
    return Qwen3Config(
        vocab_size=512,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        max_position_embeddings=1024,
    )


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


def _text_encoder(words: Any, kind: Any = CLIPTextModel) -> Any:
    encoder = kind(_text_config(words))
    for name, weights in encoder.named_parameters():
        if name.endswith("final_layer_norm.bias"):
            # As in those that are trained, its vectors have a mean.
            torch.nn.init.constant_(weights, 0.1)
    return encoder


def _unet(**different: Any) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        **{
            "sample_size": 8,
            "in_channels": 4,
            "out_channels": 4,
            "block_out_channels": (16, 32),
            "layers_per_block": 1,
            "attention_head_dim": (2, 4),
            "norm_num_groups": 8,
            **different,
        }
    )


def _flow_vae() -> AutoencoderKL:
    return _vae(
        scaling_factor=0.3611,
        shift_factor=0.1159,
        use_quant_conv=False,
        use_post_quant_conv=False,
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
