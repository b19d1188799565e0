"""Telling: tags put into sentences by the language model that a drawing model reads prompts with.

It lies in memory already. Where only its body does, as in Z-Image, its word embeddings are its head
as well: they were tied when it was taught.
"""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

from generation.answering.sight import write_conversation
from generation.answering.speaker import Speaker, name_cache
from generation.questions.question import PROSE_LIMIT, drop_half_sentence
from generation.sampling.engine import Engine

INSTRUCTION: Final = (
    "Write one paragraph of plain English, in full sentences, from which a painter could make a"
    " picture. Say all that follows, in its own words, and nothing else. Numbers, and what stands"
    " in quotes, stay as they are. Write the paragraph alone, on one line.\n\n"
)

_LINE: Final = "\n"
_MOST: Final = 320
"""Tokens of a paragraph at most."""


@dataclass(frozen=True, slots=True, eq=False)
class TiedModel:
    """A language model without its head, for which its word embeddings stand.

    Attributes:
        body: From tokens to what the head reads.
        cache_name: What it calls its cache.
    """

    body: Any
    cache_name: str

    @property
    def config(self) -> Any:  # noqa: ANN401 - transformers has no types
        """The body's."""
        return self.body.config

    @property
    def device(self) -> torch.device:
        """Where tokens are to be."""
        device: torch.device = self.body.device
        return device

    def forward(
        self,
        input_ids: Tensor,
        cache: Any = None,  # noqa: ANN401
        *,
        use_cache: bool = True,
    ) -> SimpleNamespace:
        """The logits of what follows the last of some tokens, (1, 1, vocabulary)."""
        kept = {self.cache_name: cache}
        made = self.body(input_ids=input_ids, use_cache=use_cache, **kept)
        last = made.last_hidden_state[:, -1:]
        # Memory plans may have the words lie elsewhere than what was computed from them.
        words = self.body.get_input_embeddings().weight.to(last.device)
        return SimpleNamespace(logits=functional.linear(last, words))

    __call__ = forward


def borrow_speaker(engine: Engine) -> Speaker:
    """A loaded model's text encoder, which is a language model, to be spoken with."""
    encoder = engine.pipe.text_encoder
    whole = encoder.get_output_embeddings() is not None
    model = encoder if whole else TiedModel(encoder, name_cache(encoder))
    return Speaker(model, engine.pipe.tokenizer)


def tell(engine: Engine, text: str) -> str:
    """A paragraph that says what a text says; the same text gives the same words.

    Args:
        engine: The model whose text encoder is asked.
        text: What is to be said.
    """
    words = engine.pipe.tokenizer
    asked = write_conversation(words, INSTRUCTION + text)
    ids = words(asked, return_tensors="pt", add_special_tokens=False).input_ids
    speaker = borrow_speaker(engine)
    speaker.begin({"input_ids": ids.to(engine.pipe.text_encoder.device)})
    told = " ".join(speaker.write(_LINE, _MOST).split())[:PROSE_LIMIT]
    return drop_half_sentence(told)
