"""Conditioning: from weighted phrases to the embeddings that a diffusion model reads.

Text longer than an encoder's window is cut into windows, each encoded for itself, and their
embeddings are laid end to end. Unweighted text of one window gives the very embeddings that the
diffusers pipelines make of it.

Token weights, ``(word:1.2)``, act on a window's embedding after it is encoded, by either of two
conventions. AUTOMATIC1111's (``modules/sd_emphasis.py``, "Original") multiplies each token's vector
by its weight and then the window by one factor, so that its mean stays as it was. ComfyUI's
(``comfy/sd1_clip.py``) moves each token's vector from the one that an empty text has at its place,
so that a weight of 0 is as if the word were not there. The summary of the whole text, which models
of the XL kind read besides, is weighted by neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count, takewhile
from typing import Any, Final

import torch
from torch import Tensor

from generation.conditioning.cache import TextCache
from generation.recipe import Phrase, Weighting

FULL_PUSH: Final = 0.5
"""Weight, as a share of the wanted phrases', at which an unwanted phrase is wholly the negative
prompt: Midjourney documents ``--no x`` as ``x::-0.5``."""

Window = tuple[tuple[int, float], ...]
"""Tokens of one window between its marks of start and end, each with its weight."""

_ROUNDING: Final = 1e-6
"""Share of the values' own size below which a mean is nothing but the error of float32."""

_EMPTY: Final = Phrase(text="")


@dataclass(frozen=True, slots=True)
class Tower:
    """One text encoder with its tokenizer.

    Attributes:
        tokenizer: A CLIP tokenizer.
        encoder: A CLIP text model, with or without projection.
        layer: Which hidden layer to read, counted from the end; None for the normed last one.
        normed: Whether that layer is normed as the last one is.
        texts: What the encoder made of the latest texts.
    """

    tokenizer: Any
    encoder: Any
    layer: int | None = None
    normed: bool = False
    texts: TextCache = field(default_factory=TextCache)


@dataclass(frozen=True, slots=True)
class Embedding:
    """A text as a model reads it.

    Attributes:
        tokens: One vector per token, (1, windows × window, width).
        pooled: One vector for the whole, (1, width), from encoders with a projection.
    """

    tokens: Tensor
    pooled: Tensor | None = None

    def __add__(self, other: "Embedding") -> "Embedding":
        if self.pooled is None or other.pooled is None:
            return Embedding(self.tokens + other.tokens)
        return Embedding(self.tokens + other.tokens, self.pooled + other.pooled)

    def __mul__(self, factor: float) -> "Embedding":
        pooled = None if self.pooled is None else self.pooled * factor
        return Embedding(self.tokens * factor, pooled)


def embed(
    towers: Sequence[Tower],
    phrases: Sequence[Phrase],
    negative: Phrase = _EMPTY,
    *,
    weighting: Weighting = "a1111",
    zeros_for_empty: bool = False,
) -> tuple[Embedding, Embedding]:
    """What the pictures should show and what they should not, as embeddings of equal length.

    Phrases are concepts of their own: each is encoded apart, and those of positive weight are
    averaged. One of negative weight pulls the negative embedding from the empty text's towards its
    own, all the way at ``FULL_PUSH`` times the positive weights' sum.

    Args:
        towers: The model's text encoders; their vectors are laid side by side.
        phrases: Weighted phrases.
        negative: What should not be shown.
        weighting: Whose arithmetic weighs tokens.
        zeros_for_empty: Whether nothing unwanted means zeros rather than the empty text.

    Returns:
        The wanted and the unwanted embedding.
    """
    # Nothing but unwanted phrases is allowed: then the empty text is what is shown.
    wanted = [(_drop_weight(p), p.weight) for p in phrases if p.weight > 0] or [(_EMPTY, 1.0)]
    total = sum(weight for _, weight in wanted)
    full = total * FULL_PUSH
    pushes = [(_drop_weight(p), -p.weight) for p in phrases if p.weight < 0]
    pushes += [(negative, full)] if negative.text else []
    texts = dict.fromkeys([*(text for text, _ in wanted), *(text for text, _ in pushes), _EMPTY])
    # As many for every text: both sides of the guidance pass through the denoiser as one batch.
    windows = max(len(_cut_windows(tower, text)) for tower in towers for text in texts)
    read = {text: _encode(towers, text, windows, weighting) for text in texts}
    positive = _sum([read[text] * (weight / total) for text, weight in wanted])
    if not pushes:
        # Times 0, which keeps the shape, the type and the device.
        return positive, read[_EMPTY] * (0.0 if zeros_for_empty else 1.0)
    return positive, _push(read[_EMPTY], [(read[text], weight) for text, weight in pushes], full)


def _drop_weight(phrase: Phrase) -> Phrase:
    """The phrase without its weight beside others, so that equal texts are encoded once."""
    return replace(phrase, weight=1.0)


def _push(empty: Embedding, pushes: Sequence[tuple[Embedding, float]], full: float) -> Embedding:
    """From ``empty`` towards each embedding by its weight, all the way at ``full`` of them."""
    if len(pushes) == 1 and pushes[0][1] >= full:
        return pushes[0][0]
    # More pushes than one whole share the way, or the sum would overshoot all of them.
    scale = max(full, sum(weight for _, weight in pushes))
    shares = [(embedding, weight / scale) for embedding, weight in pushes]
    rest = 1 - sum(share for _, share in shares)
    return _sum([empty * rest, *(embedding * share for embedding, share in shares)])


def _sum(parts: Sequence[Embedding]) -> Embedding:
    total = parts[0]
    for part in parts[1:]:
        total += part
    return total


def _measure_window(tower: Tower) -> int:
    return int(tower.encoder.config.max_position_embeddings)


def _cut_windows(tower: Tower, phrase: Phrase) -> list[Window]:
    """The text's tokens, cut to what fits between the marks of start and end; one at least.

    Stretches of different weight are tokens of their own, as in the programs whose weights these
    are; every break begins a new window.
    """
    room = _measure_window(tower) - 2
    windows: list[Window] = []
    for chunk in phrase.chunks:
        tokens = [(token, weight) for text, weight in chunk for token in _tokenize(tower, text)]
        starts = range(0, max(1, len(tokens)), room)
        windows += [tuple(tokens[start : start + room]) for start in starts]
    return windows


def _tokenize(tower: Tower, text: str) -> list[int]:
    # Text longer than a window is meant here; the tokenizer would cut it, or warn of it.
    read = tower.tokenizer(text, add_special_tokens=False, truncation=False, verbose=False)
    ids: list[int] = read.input_ids
    return _spell_out(tower.tokenizer, ids)


def _spell_out(tokenizer: Any, ids: list[int]) -> list[int]:  # noqa: ANN401
    """Token ids in which a word that was learnt as several is all of these, by diffusers names."""
    learnt = tokenizer.get_added_vocab()
    names = {place: name for name, place in learnt.items() if f"{name}_1" in learnt}
    if not names:
        return ids
    spelt: list[int] = []
    for one in ids:
        spelt.append(one)
        if one in names:
            further = (learnt.get(f"{names[one]}_{place}") for place in count(1))
            spelt += takewhile(lambda found: found is not None, further)
    return spelt


def _encode(
    towers: Sequence[Tower], phrase: Phrase, windows: int, weighting: Weighting
) -> Embedding:
    """A text through every tower, filled with empty windows up to ``windows``."""
    tokens, pooled = [], None
    for tower in towers:
        bodies = _cut_windows(tower, phrase)
        rows = [
            _weigh(tower, body, weighting) for body in [*bodies, *[()] * (windows - len(bodies))]
        ]
        tokens.append(torch.cat([row.tokens for row in rows], dim=1))
        # Of the first window, as in the programs whose weights these are: one window was trained.
        pooled = rows[0].pooled if rows[0].pooled is not None else pooled
    return Embedding(torch.cat(tokens, dim=-1), pooled)


def _weigh(tower: Tower, body: Window, weighting: Weighting) -> Embedding:
    """One window through one encoder, its tokens weighted by one of the two conventions."""
    plain = _run(tower, [token for token, _ in body])
    if all(weight == 1.0 for _, weight in body):
        return plain
    # The marks of start and end, and what fills the window up, weigh 1.
    factors = torch.ones(1, _measure_window(tower), 1, dtype=plain.tokens.dtype)
    factors[0, 1 : len(body) + 1, 0] = torch.tensor([weight for _, weight in body])
    factors = factors.to(plain.tokens.device)
    if weighting == "comfyui":
        empty = _run(tower, []).tokens
        return replace(plain, tokens=empty + (plain.tokens - empty) * factors)
    weighted = plain.tokens * factors
    means = torch.stack([plain.tokens.mean(), weighted.mean()])
    # Vectors that were normed without weights of their own have means of rounding errors alone.
    told = (means.abs() > _ROUNDING * weighted.abs().mean()).all()
    return replace(plain, tokens=torch.where(told, weighted * (means[0] / means[1]), weighted))


def _run(tower: Tower, body: Sequence[int]) -> Embedding:
    """One window through one encoder, unless that read it lately."""
    made: Embedding = tower.texts.get(
        tower.encoder, (tower.layer, tower.normed, tuple(body)), lambda: _read(tower, body)
    )
    return made


def _read(tower: Tower, body: Sequence[int]) -> Embedding:
    """One window through one encoder."""
    words = tower.tokenizer
    row = [words.bos_token_id, *body, words.eos_token_id]
    # By the tokenizer's own token: XL's second encoder was trained with another than the first.
    row += [words.pad_token_id] * (_measure_window(tower) - len(row))
    ids = torch.tensor([row], device=tower.encoder.device)
    # Without a mask for the padding, as these models were trained.
    read = tower.encoder(ids, output_hidden_states=tower.layer is not None)
    tokens = read.last_hidden_state if tower.layer is None else read.hidden_states[tower.layer]
    if tower.normed:
        tokens = tower.encoder.final_layer_norm(tokens)
    return Embedding(tokens, getattr(read, "text_embeds", None))
