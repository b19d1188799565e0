"""Whether a loaded model reads words.

A tokenizer of another model, or without its vocabulary, has every prompt draw the same picture.
"""

from typing import Any, Final

import torch

from generation.families.model_error import ModelError

_PROMPTS: Final = ("a red apple on a table", "two boats below the snowy mountains")
"""Prompts that have to be read as different things."""


def check_words(pipe: Any) -> None:  # noqa: ANN401 - diffusers has no types
    """Hold each tokenizer of a pipeline against its text encoder.

    Raises:
        ModelError: They do not belong together, or read two prompts alike.
    """
    for name, encoder in pipe.components.items():
        if not name.startswith("text_encoder") or encoder is None:
            continue
        said = name.replace("text_encoder", "tokenizer")
        one, other = (_read(getattr(pipe, said), prompt) for prompt in _PROMPTS)
        rows = encoder.get_input_embeddings().weight
        if max(*one, *other) >= len(rows):
            raise ModelError(
                f"the model's {said} knows more words than its {name}: they are of two models;"
                " fetch it again"
            )
        # By what the encoder has for each token, as well: all zeros would read all alike.
        if one == other or torch.equal(rows[one[: len(other)]], rows[other[: len(one)]]):
            raise ModelError(
                f"the model's {said} reads two different prompts alike, so its vocabulary is"
                " missing or damaged; fetch it again"
            )


def _read(tokenizer: Any, prompt: str) -> list[int]:  # noqa: ANN401 - transformers has no types
    ids: list[int] = tokenizer(prompt, verbose=False).input_ids
    return ids
