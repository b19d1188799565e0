"""A language model that goes on with a text, greedily: the same text, the same words.

What it has read stays in its cache, so that a form is filled in piece by piece and read once.
"""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor
from transformers import DynamicCache

_CACHES: Final = ("cache", "past_key_values")
"""What releases of transformers call the cache, the newer name first."""

_LINE: Final = "\n"


class Speaker:
    """A loaded language model with its tokenizer, and what it has read so far.

    Args:
        model: It reads ``input_ids`` and gives logits; it may read images besides.
        tokenizer: Its own.
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:  # noqa: ANN401 - transformers has no types
        self._model, self._tokenizer = model, tokenizer
        taken = inspect.signature(model.forward).parameters
        self._options: dict[str, Any] = {"use_cache": True}
        # Of a long text all logits would take hundreds of megabytes, and one is asked for.
        self._options |= {"logits_to_keep": 1} if "logits_to_keep" in taken else {}
        self._cache_name = name_cache(model)
        self._cache: Any = None
        self._logits = torch.empty(0)
        self._ends = _list_ends(model, tokenizer)

    @torch.inference_mode()
    def begin(self, read: Mapping[str, Tensor]) -> None:
        """Forgets everything, and reads what comes first.

        Args:
            read: ``input_ids`` (1, N), and what belongs to images in it.
        """
        self._cache = DynamicCache(config=self._model.config.get_text_config(decoder=True))
        self._read(read)

    def feed(self, text: str) -> None:
        """Reads on; nothing happens for an empty text."""
        ids = self._tokenizer(text, add_special_tokens=False).input_ids
        if ids:
            self._read_ids(ids)

    def write(self, stop: str, most: int) -> str:
        """What the model goes on with until a sign, a line's end, its own end or so many tokens.

        The sign is neither given nor read.
        """
        ids: list[int] = []
        before = ""
        while len(ids) < most:
            best = int(self._logits.argmax())
            if best in self._ends:
                return before
            text = self._decode([*ids, best])
            if found := [at for at in (text.find(stop), text.find(_LINE)) if at >= 0]:
                whole = text[: min(found)]
                # A token may hold the end of a word and the sign.
                self.feed(whole[len(before) :] if whole.startswith(before) else "")
                return whole
            self._read_ids([best])
            ids.append(best)
            before = text
        return before

    def choose(self, options: Sequence[str], stop: str) -> tuple[str, float]:
        """The one of some texts that the model would go on with, and its share among them.

        Args:
            options: The texts; none twice.
            stop: What follows each; it is not read.
        """
        (end, *_) = self._encode(stop)
        left = {option: [*self._encode(option), end] for option in options}
        share, place = 1.0, 0
        while True:
            following = {ids[place] for ids in left.values()}
            if len(following) > 1:
                allowed = sorted(following)
                shares = self._logits[allowed].float().softmax(0)
                at = int(shares.argmax())
                best, share = allowed[at], share * float(shares[at])
            else:
                (best,) = following
            left = {option: ids for option, ids in left.items() if ids[place] == best}
            place += 1
            if best == end and any(len(ids) == place for ids in left.values()):
                return next(option for option, ids in left.items() if len(ids) == place), share
            self._read_ids([best])

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False).input_ids
        return ids

    def _decode(self, ids: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text

    @torch.inference_mode()
    def _read_ids(self, ids: Sequence[int]) -> None:
        self._read({"input_ids": torch.tensor([list(ids)], device=self._model.device)})

    def _read(self, read: Mapping[str, Tensor]) -> None:
        made = self._model(**read, **self._options, **{self._cache_name: self._cache})
        self._logits = made.logits[0, -1]


def name_cache(model: Any) -> str:  # noqa: ANN401
    """What a model calls the cache of what it has read."""
    taken = inspect.signature(model.forward).parameters
    return next(name for name in _CACHES if name in taken)


def _list_ends(model: Any, tokenizer: Any) -> frozenset[int]:  # noqa: ANN401
    """Tokens by which a model says that it is done."""
    stated = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    several = stated if isinstance(stated, list) else [stated]
    return frozenset(one for one in (*several, tokenizer.eos_token_id) if one is not None)
