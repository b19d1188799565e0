"""FLUX.2 dev: klein's layers, eight times as many, with guidance as an input of its transformer."""

from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from transformers import AutoTokenizer

from generation.families.flux2_klein import embed, look, predict_once, read, shift, show
from generation.sampling.flow import FlowCondition, FlowFamily


def predict(pipe: Any, latents: Tensor, level: Tensor, condition: FlowCondition) -> Tensor:  # noqa: ANN401
    """The velocity, noise minus picture, of the latents' shape."""
    scale = latents.new_full((len(latents),), condition.guidance, dtype=torch.float32)
    return predict_once(pipe, latents, level, condition, guidance=scale)


def prepare(pipe: Any) -> None:  # noqa: ANN401 - diffusers has no types
    """Give the pipeline a tokenizer alone: its processor wants torchvision, for images as well."""
    place = Path(pipe.name_or_path) / "tokenizer"
    pipe.tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=True)


FAMILY: Final = FlowFamily(
    id="flux2-dev",
    pipeline="Flux2Pipeline",
    grain=16,
    channels=lambda pipe: int(pipe.transformer.config.in_channels),
    embed=embed,
    predict=predict,
    read=read,
    show=show,
    shift=shift,
    # Not loaded; prepare puts another in its place.
    options={"tokenizer": None},
    look=look,
    prepare=prepare,
)
