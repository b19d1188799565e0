"""Tiny checkpoints, of random weights, of what finds things in pictures by words."""

from pathlib import Path

import torch
from transformers import (
    BertTokenizerFast,
    CLIPSegConfig,
    CLIPSegForImageSegmentation,
    GroundingDinoConfig,
    GroundingDinoForObjectDetection,
    GroundingDinoImageProcessorPil,
    SamConfig,
    SamImageProcessorPil,
    SamModel,
    SwinConfig,
    ViTImageProcessorPil,
)

from tests.generation.checkpoints import tokenizer


def save_clipseg(folder: Path) -> Path:
    """A CLIPSeg."""
    torch.manual_seed(0)
    words = tokenizer()
    small = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2}
    config = CLIPSegConfig(
        text_config={
            **small,
            "num_hidden_layers": 2,
            "vocab_size": len(words),
            "bos_token_id": words.bos_token_id,
            "eos_token_id": words.eos_token_id,
        },
        vision_config={**small, "num_hidden_layers": 3, "image_size": 32, "patch_size": 8},
        projection_dim=16,
        reduce_dim=16,
        extract_layers=[0, 1, 2],
        decoder_num_attention_heads=2,
        decoder_intermediate_size=16,
    )
    CLIPSegForImageSegmentation(config).save_pretrained(folder)
    words.save_pretrained(folder)
    ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def save_grounding_dino(folder: Path) -> Path:
    """A Grounding DINO."""
    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    known = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", "a", "red", "dog", "lamp"]
    (folder / "vocab.txt").write_text("\n".join(known))
    words = BertTokenizerFast(vocab=str(folder / "vocab.txt"), model_max_length=64)
    config = GroundingDinoConfig(
        backbone_config=SwinConfig(
            image_size=64,
            embed_dim=8,
            depths=[1, 1, 1, 1],
            num_heads=[1, 1, 1, 1],
            window_size=4,
            out_features=["stage2", "stage3", "stage4"],
        ),
        text_config={
            "model_type": "bert",
            "vocab_size": len(known),
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 32,
        },
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        num_queries=8,
        max_text_len=64,
    )
    GroundingDinoForObjectDetection(config).save_pretrained(folder)
    words.save_pretrained(folder)
    size = {"shortest_edge": 64, "longest_edge": 96}
    GroundingDinoImageProcessorPil(size=size).save_pretrained(folder)
    return folder


def save_sam(folder: Path) -> Path:
    """A SAM."""
    torch.manual_seed(0)
    config = SamConfig(
        vision_config={
            "hidden_size": 16,
            "output_channels": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "image_size": 64,
            "patch_size": 16,
            "mlp_dim": 16,
            "window_size": 2,
            "global_attn_indexes": [0],
            "num_pos_feats": 8,
        },
        prompt_encoder_config={
            "hidden_size": 16,
            "image_size": 64,
            "patch_size": 16,
            "mask_input_channels": 4,
        },
        mask_decoder_config={
            "hidden_size": 16,
            "mlp_dim": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "iou_head_hidden_dim": 16,
        },
    )
    SamModel(config).save_pretrained(folder)
    size = {"longest_edge": 64}
    SamImageProcessorPil(size=size, pad_size={"height": 64, "width": 64}).save_pretrained(folder)
    return folder
