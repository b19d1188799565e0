"""Tiny classifiers with the layout and the files of published ones."""

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import ViTConfig, ViTForImageClassification


def build_vit(folder: Path, labels: Sequence[str] = ("sfw", "nsfw"), side: int = 32) -> Path:
    """One that has these labels."""
    torch.manual_seed(3)
    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=side,
        patch_size=8,
        id2label=dict(enumerate(labels)),
        label2id={label: place for place, label in enumerate(labels)},
    )
    ViTForImageClassification(config).save_pretrained(folder)
    said = {"size": {"height": side, "width": side}, "image_mean": [0.4, 0.5, 0.6]}
    (folder / "preprocessor_config.json").write_text(json.dumps(said))
    return folder
