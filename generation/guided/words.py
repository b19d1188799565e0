"""Reads a text for the planner: states of its tokens, and how many there are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer


class Words:
    """The text model and its tokenizer.

    Args:
        tokenizer: The tokenizer.
        text: The text model, wherever it computes.
    """

    def __init__(self, tokenizer: CLIPTokenizer, text: CLIPTextModel) -> None:
        self.tokenizer, self.text = tokenizer, text

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Those of a guide-driven model's checkpoint; see ``generation.guided.checkpoint``."""
        tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
        text = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32)
        return cls(tokenizer, text.eval())

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        device: torch.device = self.text.device
        return device

    @torch.inference_mode()
    def read(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """States (N, tokens, 256) as far as the longest text goes, and lengths (N,), end included.

        What does not fit the window of the text model is cut off.
        """
        ids = self.tokenizer(
            list(texts), padding="max_length", truncation=True, return_tensors="pt"
        )["input_ids"]
        ids = torch.as_tensor(ids).to(self.device)
        # CLIP's tokenizer fills up with the mark of the end, so only the first of these is counted.
        length = (ids != self.tokenizer.eos_token_id).sum(1) + 1
        # Attention looks back only, so what is cut off behind the longest text changes nothing.
        states: Tensor = self.text(input_ids=ids[:, : int(length.max())]).last_hidden_state.float()
        # Parts of a model that take turns on a device wait elsewhere than where they compute.
        return states, length.to(states.device)
