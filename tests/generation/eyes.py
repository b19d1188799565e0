"""Tiny eyes with the structure, the tokenizer's layout and the files of published ones."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    BartTokenizerFast,
    Florence2Config,
    Florence2ForConditionalGeneration,
    MiniCPMV4_6Config,
    MiniCPMV4_6ForConditionalGeneration,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen3_5Config,
    Qwen3_5ForConditionalGeneration,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.minicpmv4_6.image_processing_pil_minicpmv4_6 import (
    MiniCPMV4_6ImageProcessorPil,
)
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from tests.generation.checkpoints import chat_tokenizer

MARKS = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
TEXT = {
    "vocab_size": 512,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 32,
    "max_position_embeddings": 8192,
}
SIGHT = {"depth": 1, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2}


def build_qwen25_vl(folder: Path) -> Path:
    sections = {"rope_type": "default", "mrope_section": [4, 2, 2]}
    text = {**TEXT, "rope_parameters": sections}
    del text["head_dim"]
    sight = {**SIGHT, "out_hidden_size": 32, "fullatt_block_indexes": [0]}
    return _save_qwen(folder, Qwen2_5_VLForConditionalGeneration, Qwen2_5_VLConfig, text, sight)


def build_qwen3_vl(folder: Path) -> Path:
    rope = {"rope_type": "default", "mrope_section": [8, 4, 4], "mrope_interleaved": True}
    sight = {
        **SIGHT,
        "out_hidden_size": 32,
        "deepstack_visual_indexes": [0],
        "num_position_embeddings": 64,
    }
    text = {**TEXT, "rope_parameters": rope}
    return _save_qwen(
        folder, Qwen3VLForConditionalGeneration, Qwen3VLConfig, text, sight, patch_size=16
    )


def build_qwen35(folder: Path) -> Path:
    """Three of four of its layers keep a state instead of what they have read."""
    sight = {**SIGHT, "out_hidden_size": 32, "num_position_embeddings": 64}
    return _save_qwen(
        folder, Qwen3_5ForConditionalGeneration, Qwen3_5Config, _hybrid(), sight, patch_size=16
    )


def _hybrid() -> dict[str, Any]:
    return {
        **TEXT,
        "layer_types": ["linear_attention", "full_attention"],
        "linear_key_head_dim": 8,
        "linear_value_head_dim": 8,
        "linear_num_key_heads": 2,
        "linear_num_value_heads": 4,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10000.0,
            "partial_rotary_factor": 0.25,
            "mrope_section": [2, 1, 1],
            "mrope_interleaved": True,
        },
    }


def _save_qwen(
    folder: Path,
    model: Any,
    config: Any,
    text: dict[str, Any],
    sight: dict[str, Any],
    **images: Any,
) -> Path:
    torch.manual_seed(35)
    words = chat_tokenizer(*MARKS)
    start, end, image, film = range(len(words) - 4, len(words))
    made = config(
        text_config=text,
        vision_config={**sight, **images},
        vision_start_token_id=start,
        vision_end_token_id=end,
        image_token_id=image,
        video_token_id=film,
    )
    return _save(folder, model(made), words, Qwen2VLImageProcessorPil(**images))


def build_minicpm(folder: Path) -> Path:
    torch.manual_seed(46)
    named = {
        "image_token": "<|image_pad|>",
        "video_token": "<|video_pad|>",
        "image_start_token": "<image>",
        "image_end_token": "</image>",
        "slice_start_token": "<slice>",
        "slice_end_token": "</slice>",
        "image_id_start_token": "<image_id>",
        "image_id_end_token": "</image_id>",
    }
    words = chat_tokenizer(*named.values())
    for name, mark in named.items():
        words.init_kwargs[name] = mark
        words._special_tokens_map[name] = mark
    config = MiniCPMV4_6Config(
        text_config={**_hybrid(), "model_type": "qwen3_5_text"},
        vision_config={
            "hidden_size": 16,
            "intermediate_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 112,
            "patch_size": 14,
        },
        insert_layer_id=0,
        image_token_id=words.convert_tokens_to_ids(named["image_token"]),
        video_token_id=words.convert_tokens_to_ids(named["video_token"]),
    )
    model = MiniCPMV4_6ForConditionalGeneration(config)
    return _save(folder, model, words, MiniCPMV4_6ImageProcessorPil(scale_resolution=112))


def build_florence(folder: Path) -> Path:
    torch.manual_seed(20)
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *sorted(ByteLevel.alphabet()), "<mask>", "<image>"]
    words = BartTokenizerFast(vocab={token: k for k, token in enumerate(tokens)}, merges=[])
    config = Florence2Config(
        vision_config={
            "depths": [1, 1],
            "embed_dim": [8, 16],
            "num_heads": [2, 2],
            "num_groups": [2, 2],
            "patch_size": [7, 3],
            "patch_stride": [4, 2],
            "patch_padding": [3, 1],
            "patch_prenorm": [False, True],
            "window_size": 4,
            "projection_dim": 16,
        },
        text_config={
            "model_type": "bart",
            "vocab_size": len(tokens),
            "d_model": 16,
            "encoder_layers": 1,
            "decoder_layers": 1,
            "encoder_ffn_dim": 32,
            "decoder_ffn_dim": 32,
            "encoder_attention_heads": 2,
            "decoder_attention_heads": 2,
            "bos_token_id": 0,
            "pad_token_id": 1,
            "eos_token_id": 2,
            "decoder_start_token_id": 2,
        },
        image_token_id=len(tokens) - 1,
    )
    # 8 x 8 patches, and one for all of them.
    images = CLIPImageProcessorPil(size={"height": 64, "width": 64}, do_center_crop=False)
    place = _save(folder, Florence2ForConditionalGeneration(config), words, images)
    settings = place / "preprocessor_config.json"
    stated = json.loads(settings.read_text(encoding="utf-8")) | {"image_seq_length": 65}
    settings.write_text(json.dumps(stated), encoding="utf-8")
    return place


def _save(folder: Path, model: Any, words: Any, images: Any) -> Path:
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    images.save_pretrained(folder)
    # As published files have it: the class that wants torchvision.
    settings = folder / "preprocessor_config.json"
    stated = json.loads(settings.read_text(encoding="utf-8"))
    stated["image_processor_type"] = type(images).__name__.removesuffix("Pil") + "Fast"
    settings.write_text(json.dumps(stated), encoding="utf-8")
    return folder


EYES: dict[str, Callable[[Path], Path]] = {
    "qwen2.5-vl": build_qwen25_vl,
    "qwen3-vl": build_qwen3_vl,
    "qwen3.5": build_qwen35,
    "minicpm-v": build_minicpm,
    "florence-2": build_florence,
}
