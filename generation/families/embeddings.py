"""Embeddings: words that a model is taught afterwards (textual inversion, Gal et al. 2022)."""

from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from generation.catalogue.card import Card
from generation.families.model_error import ModelError


def learn_words(pipe: Any, card: Card) -> None:  # noqa: ANN401 - diffusers has no types
    """Teach a pipeline the words of its card: each file one, called as the file is.

    Raises:
        ModelError: A file cannot be read, or is made for another model.
    """
    for place in card.embeddings:
        name = Path(place).stem
        try:
            for vectors, number in _read_vectors(load_file(place)):
                pipe.load_textual_inversion(
                    {name.lower(): vectors},
                    token=name.lower(),
                    tokenizer=getattr(pipe, f"tokenizer{number}"),
                    text_encoder=getattr(pipe, f"text_encoder{number}"),
                )
        # What diffusers raises for vectors of another width has no type of its own.
        except (OSError, SafetensorError, ValueError, RuntimeError, AttributeError) as error:
            raise ModelError(
                f"the embedding {name} of the model's settings does not fit {card.title}; it has to"
                " be a safetensors file that was made for such models"
            ) from error


def _read_vectors(weights: dict[str, Tensor]) -> list[tuple[Tensor, str]]:
    """Vectors (tokens, width), and the number behind the name of the encoder that reads them."""
    if "clip_l" in weights:
        return [(weights["clip_l"], ""), (weights["clip_g"], "_2")]
    return [(weights.get("emb_params", next(iter(weights.values()))), "")]
